//! Tools as functions. A search of the web is asked for in a chat's way; other tools that Google runs are refused by name.

use super::fields::Fields;
use super::schema::in_json_schema;
use crate::api::chat::text::Text;
use crate::api::members::Members;
use crate::providers::bridge::member::{note, set};
use crate::providers::provider::TransformError;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;

const CONFIG: &str = "toolConfig.functionCallingConfig";
/// Tools that search the web.
const SEARCHES: [&str; 3] = ["googleSearch", "googleSearchRetrieval", "enterpriseWebSearch"];

#[derive(Debug, Serialize)]
struct Offered<'t> {
    r#type: &'static str,
    function: Function<'t>,
}

#[derive(Debug, Serialize)]
struct Function<'t> {
    name: Cow<'t, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Cow<'t, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Value>,
}

/// Which functions are to be called.
#[derive(Debug, Default)]
struct Choice<'t> {
    mode: Option<Cow<'t, str>>,
    names: Vec<String>,
}

/// Says which tools there are, and which are to be used.
pub(super) fn say_tools(
    (tools, config): (Option<&RawValue>, Option<&RawValue>),
    chat: &mut Members<'_>,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<(), TransformError> {
    let choice = config.map(|config| choice(config, dropped)).transpose()?.unwrap_or_default();
    let mut offered = Vec::new();
    for tool in tools.map(|tools| Fields::read_list("tools", tools)).transpose()?.unwrap_or_default() {
        offer(tool, (&mut offered, chat), dropped)?;
    }
    if !choice.names.is_empty() {
        // Nobody else can be told a choice of several: what may not be called is not offered.
        offered.retain(|tool| choice.names.iter().any(|name| *name == tool.function.name));
    }
    if offered.is_empty() {
        return Ok(());
    }
    set(chat, "tools", &offered)?;
    match (choice.mode.as_deref(), choice.names.as_slice()) {
        (Some("ANY"), [name]) => set(chat, "tool_choice", &json!({"type": "function", "function": {"name": name}})),
        (Some("ANY"), _) => set(chat, "tool_choice", "required"),
        (Some("NONE"), _) => set(chat, "tool_choice", "none"),
        (Some("AUTO"), _) => set(chat, "tool_choice", "auto"),
        (Some("VALIDATED"), _) => {
            note(dropped, format!("{CONFIG}.mode"));
            set(chat, "tool_choice", "auto")
        }
        _ => Ok(()),
    }
}

/// One entry: functions, and what Google runs.
fn offer<'t>(
    mut tool: Fields<'t>,
    (offered, chat): (&mut Vec<Offered<'t>>, &mut Members<'_>),
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<(), TransformError> {
    if let Some(functions) = tool.raw("functionDeclarations") {
        for function in Fields::read_list("tools.functionDeclarations", functions)? {
            offered.push(Offered { r#type: "function", function: declared(function, dropped)? });
        }
    }
    for name in SEARCHES {
        let Some(search) = tool.raw(name) else { continue };
        if search.get().trim_ascii() != "{}" {
            note(dropped, format!("tools.{name}"));
        }
        set(chat, "web_search_options", &json!({}))?;
    }
    match tool.names().next() {
        Some(name) => Err(tool.unfit(&format!("`{name}` is a tool that Google runs, which this model does not have."))),
        None => Ok(()),
    }
}

fn declared<'t>(
    mut function: Fields<'t>,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<Function<'t>, TransformError> {
    let Some(name) = function.take::<Text<'t>>("name")? else {
        return Err(function.unfit("A function in 'tools' has no name."));
    };
    let description = function.take::<Text<'t>>("description")?.map(|text| text.0);
    let own = function.take::<Value>("parameters")?.map(|schema| in_json_schema(&schema));
    let parameters = match function.take::<Value>("parametersJsonSchema")? {
        Some(schema) => Some(schema),
        None => own,
    };
    function.leave_out(dropped);
    Ok(Function { name: name.0, description, parameters })
}

fn choice<'t>(config: &'t RawValue, dropped: &mut Vec<Cow<'static, str>>) -> Result<Choice<'t>, TransformError> {
    let mut config = Fields::read("toolConfig", config)?;
    let calling = config.object("functionCallingConfig", CONFIG)?;
    config.leave_out(dropped);
    let Some(mut calling) = calling else { return Ok(Choice::default()) };
    let mode = calling.take::<Text<'t>>("mode")?.map(|mode| mode.0);
    let names = calling.take::<Vec<String>>("allowedFunctionNames")?.unwrap_or_default();
    calling.leave_out(dropped);
    Ok(Choice { mode, names })
}
