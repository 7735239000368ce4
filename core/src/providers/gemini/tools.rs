//! What the model may call, and how it must choose.
//!
//! Wire format: <https://ai.google.dev/api/caching#Tool>

use super::schema;
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::request::ChatRequest;
use crate::api::chat::tool::{Function, ToolChoice};
use crate::providers::schema_references::ReferenceBudget;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::error::Error;

/// An entry of `tools`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ToolEntry<'a> {
    Functions {
        function_declarations: Vec<Declaration<'a>>,
    },
    Search {
        #[serde(rename = "googleSearch")]
        google_search: Nothing,
    },
    CodeExecution {
        #[serde(rename = "codeExecution")]
        code_execution: Nothing,
    },
    /// Google's own kind, as the client wrote it.
    Own(&'a RawValue),
}

/// A function.
#[derive(Debug, Serialize)]
pub(super) struct Declaration<'a> {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Value>,
}

#[derive(Debug, Serialize)]
pub(super) struct Nothing {}

/// The member `toolConfig`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolConfig<'a> {
    function_calling_config: CallingConfig<'a>,
}

#[derive(Debug, Serialize)]
struct CallingConfig<'a> {
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_function_names: Option<[&'a str; 1]>,
}

/// The tools of a request: all functions in one entry, as the API wants them, then Google's own.
///
/// # Errors
/// [`InvalidMember`]: a function cannot be read.
pub(super) fn entries<'a>(
    request: &'a ChatRequest<'_>,
    legacy: &'a [Function<'_>],
) -> Result<Vec<ToolEntry<'a>>, InvalidMember> {
    let (mut functions, mut budget) = (Vec::new(), ReferenceBudget::default());
    let mut entries = Vec::new();
    for tool in &request.tools {
        match (&tool.function, &*tool.kind) {
            (Some(function), "function") => functions.push(declaration(function, &mut budget)?),
            (_, kind) if kind.starts_with("web_search") => entries.push(search()),
            (_, kind) if kind.starts_with("code_execution") || kind.starts_with("code_interpreter") => {
                entries.push(ToolEntry::CodeExecution { code_execution: Nothing {} });
            }
            _ => entries.push(ToolEntry::Own(tool.whole)),
        }
    }
    for function in legacy {
        functions.push(declaration(function, &mut budget)?);
    }
    if !functions.is_empty() {
        entries.insert(0, ToolEntry::Functions { function_declarations: functions });
    }
    if request.web_search_options.is_some() {
        entries.push(search());
    }
    Ok(entries)
}

/// The functions of the legacy member.
///
/// # Errors
/// [`InvalidMember`]: it is no list of functions.
pub(super) fn legacy_functions<'a>(request: &ChatRequest<'a>) -> Result<Vec<Function<'a>>, InvalidMember> {
    let Some(functions) = request.other("functions") else { return Ok(Vec::new()) };
    serde_json::from_str(functions.get()).map_err(|error| InvalidMember::whole("functions", error.to_string()))
}

fn search() -> ToolEntry<'static> {
    ToolEntry::Search { google_search: Nothing {} }
}

/// A function without arguments has no schema: the API refuses an object without members.
fn declaration<'a>(function: &'a Function<'_>, budget: &mut ReferenceBudget) -> Result<Declaration<'a>, InvalidMember> {
    let unfit = |error: &dyn Error| InvalidMember::whole("tools", error.to_string());
    let stated = function.parameters.map(|parameters| serde_json::from_str::<Value>(parameters.get()));
    let stated = stated.transpose().map_err(|error| unfit(&error))?;
    let parameters = stated.map(|stated| schema::in_openapi(&stated, budget)).transpose();
    let parameters = parameters.map_err(|error| unfit(&error))?;
    let says_something = |schema: &Value| {
        let is_object = schema.get("type").is_none_or(|kind| kind == "object");
        let properties = schema.get("properties").and_then(Value::as_object);
        !is_object || properties.is_some_and(|properties| !properties.is_empty())
    };
    Ok(Declaration {
        name: function.name.to_string(),
        description: function.description.as_deref(),
        parameters: parameters.filter(says_something),
    })
}

/// The choice.
pub(super) fn config<'a>(request: &'a ChatRequest<'_>) -> Option<ToolConfig<'a>> {
    let (mode, name) = match request.tool_choice.as_ref()? {
        ToolChoice::Auto => ("AUTO", None),
        ToolChoice::None => ("NONE", None),
        ToolChoice::Required => ("ANY", None),
        ToolChoice::Function(name) => ("ANY", Some([&**name])),
    };
    Some(ToolConfig { function_calling_config: CallingConfig { mode, allowed_function_names: name } })
}
