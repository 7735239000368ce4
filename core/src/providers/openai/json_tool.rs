//! Answers by a schema from models that know tools and no schemas: the schema is the parameters of a tool that must be
//! called, and the arguments of the call are the answer.

use super::words::{each, inside, into_raw, member};
use crate::api::members::Members;
use crate::providers::provider::TransformError;
use memchr::memmem;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

/// The tool's name. No client's tool is called so.
const NAME: &str = "json_tool_call";

#[derive(Deserialize)]
struct Format<'a> {
    #[serde(borrow, default)]
    json_schema: Option<Schema<'a>>,
}

#[derive(Deserialize)]
struct Schema<'a> {
    #[serde(borrow, default)]
    schema: Option<&'a RawValue>,
}

/// Says a `response_format` with a schema as a tool.
///
/// # Errors
/// The tools are not a list.
pub(super) fn say(members: &mut Members<'_>) -> Result<(), TransformError> {
    let format =
        members.get("response_format").and_then(|format| serde_json::from_str::<Format<'_>>(format.get()).ok());
    let Some(schema) = format.and_then(|format| format.json_schema?.schema) else { return Ok(()) };
    let tool = format!(r#"{{"type":"function","function":{{"name":"{NAME}","parameters":{}}}}}"#, schema.get());
    let others = members.get("tools").and_then(|tools| tools.get().trim_end().strip_suffix(']')).map(str::trim_end);
    let tools = match others {
        Some(others) if !others.ends_with('[') => format!("{others},{tool}]"),
        _ => format!("[{tool}]"),
    };
    members.take("response_format");
    members.set("tools", into_raw(tools.into_bytes(), "tools")?);
    let choice = json!({"type": "function", "function": {"name": NAME}});
    members.set("tool_choice", member(&choice, "tool_choice")?);
    Ok(())
}

/// Whether the tool may have been called. May say yes in vain.
pub(super) fn may_be_called(json: &[u8]) -> bool {
    memmem::find(json, NAME.as_bytes()).is_some()
}

/// Whether these calls begin with the tool's.
pub(super) fn is_called(message: &mut Members<'_>) -> bool {
    let mut is_called = false;
    each(message, "tool_calls", |call| {
        inside(call, "function", |function| is_called |= function.read::<&str>("name") == Some(NAME));
    });
    is_called
}

/// Makes the arguments of the message's calls, or a piece of them, its content.
pub(super) fn arguments_as_content(message: &mut Members<'_>) {
    let mut content = String::new();
    each(message, "tool_calls", |call| {
        inside(call, "function", |function| {
            content.push_str(&function.read::<String>("arguments").unwrap_or_default());
        });
    });
    if message.take("tool_calls").is_some()
        && let Ok(content) = member(&content, "content")
    {
        message.set("content", content);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_schema_becomes_a_tool_beside_the_clients_own() {
        let body = r#"{"response_format":{"type":"json_schema","json_schema":{"schema":{"a":1.0}}},"tools":[{"x":1}]}"#;
        let mut members = Members::parse(body.as_bytes()).unwrap();
        say(&mut members).unwrap();
        let said: Value = serde_json::from_slice(&members.to_json()).unwrap();
        assert_eq!(said["tools"][1]["function"], json!({"name": NAME, "parameters": {"a": 1.0}}));
        assert_eq!(said["tool_choice"]["function"]["name"], NAME);
        assert!(said.get("response_format").is_none());
    }

    #[test]
    fn the_arguments_of_the_call_are_the_answer() {
        let body = r#"{"content":null,"tool_calls":[{"function":{"name":"json_tool_call","arguments":"{\"a\":1}"}}]}"#;
        let mut message = Members::parse(body.as_bytes()).unwrap();
        assert!(is_called(&mut message));
        arguments_as_content(&mut message);
        assert_eq!(message.to_json(), br#"{"content":"{\"a\":1}"}"#);
    }
}
