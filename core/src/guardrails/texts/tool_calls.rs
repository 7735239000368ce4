//! Calls of tools in messages of every dialect, in OpenAI's form.

use serde_json::{Value, json};

/// Members that hold what may hold calls.
const HOLDERS: [&str; 2] = ["content", "output"];

/// The calls in a value.
pub(super) fn tool_calls_of(value: &Value, calls: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| tool_calls_of(item, calls)),
        Value::Object(members) => {
            calls.extend(members.get("tool_calls").and_then(Value::as_array).into_iter().flatten().cloned());
            if let Some(function) = members.get("function_call").filter(|function| function.is_object()) {
                calls.push(json!({"type": "function", "function": function}));
            }
            calls.extend(call(value));
            members.iter().filter(|(name, _)| HOLDERS.contains(&name.as_str())).for_each(|(_, value)| {
                tool_calls_of(value, calls);
            });
        }
        _ => {}
    }
}

/// The call that a part of a message or an item is, where it is one.
fn call(item: &Value) -> Option<Value> {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    let (id, arguments) = match text("type")? {
        "tool_use" => (text("id"), item.get("input").map(Value::to_string)),
        "function_call" | "mcp_call" => (text("call_id").or(text("id")), text("arguments").map(str::to_owned)),
        "custom_tool_call" => (text("call_id"), text("input").map(str::to_owned)),
        _ => return None,
    };
    Some(told(id, text("name"), &arguments.unwrap_or_default()))
}

/// A call in OpenAI's form.
pub(super) fn told(id: Option<&str>, name: Option<&str>, arguments: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}
