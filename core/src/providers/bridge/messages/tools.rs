//! Tools as functions. A search of the web that the provider runs is asked for in OpenAI's way; other tools that only
//! Anthropic runs pass as they are, for providers of its models, and others refuse them.

use super::marks::Marks;
use crate::api::members::Members;
use crate::api::messages::tool::{Tool, ToolChoice};
use crate::providers::bridge::member::{note, read, set};
use crate::providers::provider::TransformError;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Serialize)]
#[serde(untagged)]
enum Offered<'t> {
    Function(FunctionTool<'t>),
    Whole(&'t RawValue),
}

#[derive(Serialize)]
struct FunctionTool<'t> {
    r#type: &'static str,
    function: Function<'t>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'t RawValue>,
}

#[derive(Serialize)]
struct Function<'t> {
    name: &'t str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'t RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'t str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

#[derive(Serialize)]
struct Search<'t> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_location: Option<Location<'t>>,
}

/// OpenAI names a place a level deeper.
#[derive(Serialize)]
struct Location<'t> {
    r#type: &'static str,
    approximate: &'t RawValue,
}

#[derive(Serialize)]
struct Named<'t> {
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
    (marks, dropped): (Marks, &mut Vec<Cow<'static, str>>),
) -> Result<(), TransformError> {
    if let Some(tools) = members.take("tools") {
        let list: Vec<&RawValue> = read("tools", &tools)?;
        let tools = list.into_iter().map(|whole| Ok((read::<Tool<'_>>("tools", whole)?, whole)));
        let tools = tools.collect::<Result<Vec<_>, TransformError>>()?;
        if let Some((search, _)) = tools.iter().find(|(tool, _)| tool.is_web_search()) {
            let user_location = search.user_location.map(|approximate| Location { r#type: "approximate", approximate });
            set(chat, "web_search_options", &Search { user_location })?;
            note(dropped, "tools.web_search.limits");
        }
        let offered: Vec<_> =
            tools.iter().filter(|(tool, _)| !tool.is_web_search()).map(|tool| offered(tool, marks)).collect();
        if !offered.is_empty() {
            set(chat, "tools", &offered)?;
        }
    }
    let Some(choice) = members.take("tool_choice") else { return Ok(()) };
    let choice: ToolChoice<'_> = read("tool_choice", &choice)?;
    if choice.disable_parallel_tool_use == Some(true) {
        set(chat, "parallel_tool_calls", &false)?;
    }
    match (&*choice.kind, &choice.name) {
        ("any", _) => set(chat, "tool_choice", "required"),
        ("tool", Some(name)) => set(chat, "tool_choice", &Named { r#type: "function", function: Name { name } }),
        (kind, _) => set(chat, "tool_choice", kind),
    }
}

fn offered<'t>((tool, whole): &'t (Tool<'_>, &'t RawValue), marks: Marks) -> Offered<'t> {
    if !tool.is_clients() {
        return Offered::Whole(whole);
    }
    let function = Function {
        name: tool.name.as_deref().unwrap_or_default(),
        parameters: tool.input_schema,
        description: tool.description.as_deref(),
        strict: tool.strict,
    };
    Offered::Function(FunctionTool { r#type: "function", function, cache_control: marks.kept(tool.cache_control) })
}
