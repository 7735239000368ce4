//! Tools as the text that a model reads them as: type declarations of functions.

use super::encoding::count_text;
use serde_json::Value;
use std::fmt::Write;

/// Tokens around the declarations.
const FRAME_TOKENS: u64 = 9;

/// Tokens of a request's `tools`; 0 where it has none.
pub(super) fn count_tools(tools: &Value) -> u64 {
    let Some(tools) = tools.as_array().filter(|tools| !tools.is_empty()) else { return 0 };
    let mut text = "namespace functions {\n\n".to_owned();
    for tool in tools {
        declare(&mut text, tool.get("function").unwrap_or(tool));
    }
    text.push_str("} // namespace functions");
    count_text(&text) + FRAME_TOKENS
}

fn declare(text: &mut String, function: &Value) {
    if let Some(description) = function.get("description").and_then(Value::as_str) {
        let _ = writeln!(text, "// {description}");
    }
    let name = function.get("name").and_then(Value::as_str).unwrap_or_default();
    let parameters = function.get("parameters").or_else(|| function.get("input_schema")).unwrap_or(&Value::Null);
    match parameters.get("properties").and_then(Value::as_object) {
        Some(properties) if !properties.is_empty() => {
            let _ = writeln!(text, "type {name} = (_: {{");
            members(text, parameters, 0);
            text.push_str("}) => any;\n\n");
        }
        _ => {
            let _ = writeln!(text, "type {name} = () => any;\n");
        }
    }
}

fn members(text: &mut String, schema: &Value, depth: usize) {
    let required = schema.get("required").and_then(Value::as_array);
    for (name, member) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if let Some(description) = member.get("description").and_then(Value::as_str) {
            let _ = writeln!(text, "// {description}");
        }
        let is_required = required.is_some_and(|names| names.iter().any(|other| other == name));
        let _ = write!(text, "{name}{} ", if is_required { ":" } else { "?:" });
        kind(text, member, depth + 1);
        text.push_str(",\n");
    }
}

/// Deepest nesting that is written out; what lies deeper counts as `any`.
const DEPTH_MAX: usize = 16;

fn kind(text: &mut String, schema: &Value, depth: usize) {
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        let names =
            choices.iter().map(|choice| choice.as_str().map_or_else(|| choice.to_string(), |s| format!("\"{s}\"")));
        text.push_str(&names.collect::<Vec<_>>().join(" | "));
        return;
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("array") if depth < DEPTH_MAX => {
            kind(text, schema.get("items").unwrap_or(&Value::Null), depth + 1);
            text.push_str("[]");
        }
        Some("object") if depth < DEPTH_MAX => {
            text.push_str("{\n");
            members(text, schema, depth);
            text.push('}');
        }
        Some("string") => text.push_str("string"),
        Some("integer" | "number") => text.push_str("number"),
        Some("boolean") => text.push_str("boolean"),
        Some("null") => text.push_str("null"),
        _ => text.push_str("any"),
    }
}
