//! Tools as functions. A search of the web is asked for in a chat's way; other tools that OpenAI runs are refused.

use crate::api::chat::text::Text;
use crate::api::members::Members;
use crate::api::responses::tool::{NamedChoice, Tool};
use crate::providers::bridge::member::{note, read, set, unfit};
use crate::providers::operation::Operation;
use crate::providers::parameters::profile::Profile;
use crate::providers::provider::TransformError;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Serialize)]
struct Offered<'t> {
    r#type: &'static str,
    function: Function<'t>,
}

#[derive(Serialize)]
struct Function<'t> {
    name: &'t str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'t str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'t RawValue>,
    strict: bool,
}

#[derive(Serialize)]
struct Search<'t> {
    #[serde(skip_serializing_if = "Option::is_none")]
    search_context_size: Option<&'t str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_location: Option<Location<'t>>,
}

/// A chat names a place a level deeper.
#[derive(Serialize)]
struct Location<'t> {
    r#type: &'static str,
    approximate: Place<'t>,
}

#[derive(Deserialize, Serialize)]
struct Place<'t> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    city: Option<Text<'t>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    country: Option<Text<'t>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    region: Option<Text<'t>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    timezone: Option<Text<'t>>,
}

#[derive(Serialize)]
struct Chosen<'t> {
    r#type: &'static str,
    function: Name<'t>,
}

#[derive(Serialize)]
struct Name<'t> {
    name: &'t str,
}

/// Says which tools there are, and which are to be used.
pub(super) fn say_tools(
    members: &mut Members<'_>,
    chat: &mut Members<'_>,
    profile: &Profile,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<(), TransformError> {
    if let Some(tools) = members.take("tools") {
        let tools: Vec<Tool<'_>> = read("tools", &tools)?;
        let (searches, functions): (Vec<_>, Vec<_>) = tools.iter().partition(|tool| tool.is_web_search());
        if let Some(search) = searches.first() {
            say_search(search, chat, profile, dropped)?;
        }
        let functions = functions.into_iter().map(offered).collect::<Result<Vec<_>, _>>()?;
        if !functions.is_empty() {
            set(chat, "tools", &functions)?;
        }
    }
    let Some(choice) = members.take("tool_choice") else { return Ok(()) };
    if choice.get().starts_with('"') {
        chat.set("tool_choice", choice.into_owned());
        return Ok(());
    }
    let choice: NamedChoice<'_> = read("tool_choice", &choice)?;
    match (&*choice.kind, &choice.name) {
        ("function", Some(name)) => set(chat, "tool_choice", &Chosen { r#type: "function", function: Name { name } }),
        (kind, _) => {
            Err(unfit("tool_choice", &format!("'tool_choice' of type `{kind}` cannot be said to this model.")))
        }
    }
}

fn offered<'t>(tool: &'t Tool<'_>) -> Result<Offered<'t>, TransformError> {
    if &*tool.kind != "function" {
        let reason = format!(
            "'tools' holds a tool that OpenAI runs: `{}`. This model's provider has none such; leave it out.",
            &*tool.kind
        );
        return Err(unfit("tools", &reason));
    }
    let name = tool.name.as_deref().ok_or_else(|| unfit("tools", "'tools' holds a function without `name`."))?;
    let (description, parameters) = (tool.description.as_deref(), tool.parameters);
    let function = Function { name, description, parameters, strict: tool.strict.unwrap_or(false) };
    Ok(Offered { r#type: "function", function })
}

/// A model that cannot search answers without, and the client is told so.
fn say_search(
    search: &Tool<'_>,
    chat: &mut Members<'_>,
    profile: &Profile,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<(), TransformError> {
    if !profile.takes(Operation::Chat).takes("web_search_options") {
        note(dropped, "tools.web_search");
        return Ok(());
    }
    let place = search.user_location.map(|place| read::<Option<Place<'_>>>("tools", place)).transpose()?.flatten();
    let user_location = place.map(|approximate| Location { r#type: "approximate", approximate });
    set(
        chat,
        "web_search_options",
        &Search { search_context_size: search.search_context_size.as_deref(), user_location },
    )
}
