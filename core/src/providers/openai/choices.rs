//! The choices of an answer where a provider nearly speaks the dialect: reasoning under another name or inside the text,
//! contents in parts, arguments that are no text, reasons to end that are its own. A search for signs of these comes
//! first: an answer without them stays the bytes that it is.

use super::json_tool;
use super::words::{self, each, inside};
use crate::api::answer::arguments;
use crate::api::members::Members;
use memchr::memmem;
use serde_json::Value;

const THINK: &str = "<think>";
const THINK_END: &str = "</think>";

/// The reasons to end that clients know.
const REASONS: [&str; 5] = ["stop", "length", "tool_calls", "function_call", "content_filter"];

/// Reasons of providers' own, and what clients call them.
const OTHER_REASONS: [(&str, &str); 10] = [
    ("eos", "stop"),
    ("eos_token", "stop"),
    ("end_turn", "stop"),
    ("stop_sequence", "stop"),
    ("max_tokens", "length"),
    ("model_length", "length"),
    ("tool_use", "tool_calls"),
    ("content_filtered", "content_filter"),
    ("guardrail_intervened", "content_filter"),
    ("safety", "content_filter"),
];

/// What a choice holds: all of a message, or the next piece of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Message,
    Delta,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Delta => "delta",
        }
    }
}

/// Whether these choices may differ from what clients expect. May say yes in vain, never no in vain.
pub(super) fn may_differ(json: &[u8], part: Part) -> bool {
    let holds = |word: &[u8]| memmem::find(json, word).is_some();
    let has_tools = part == Part::Message && holds(b"\"tool_calls\"");
    let is_odd = |value: &[u8]| match value.strip_prefix(b"\"") {
        Some(rest) => {
            let is = |reason: &str| rest.strip_prefix(reason.as_bytes()).is_some_and(|rest| rest.starts_with(b"\""));
            !REASONS.into_iter().any(is) || (has_tools && is("stop"))
        }
        None => part == Part::Message,
    };
    values(json, b"\"finish_reason\"").any(is_odd)
        || values(json, b"\"content\"").any(|value| value.starts_with(b"["))
        || values(json, b"\"arguments\"").any(|value| value.starts_with(b"{"))
        || (holds(b"\"reasoning\"") && !holds(b"\"reasoning_content\""))
        || (part == Part::Message && (holds(THINK.as_bytes()) || json_tool::may_be_called(json)))
}

/// What follows each member of this name.
fn values<'j>(json: &'j [u8], name: &'static [u8]) -> impl Iterator<Item = &'j [u8]> {
    memmem::find_iter(json, name).filter_map(move |at| {
        let rest = json.get(at + name.len()..)?.trim_ascii_start().strip_prefix(b":")?;
        Some(rest.trim_ascii_start())
    })
}

/// Puts the choices of an answer, or of an event, right.
pub(super) fn put_right(document: &mut Members<'_>, part: Part) {
    each(document, "choices", |choice| {
        let (mut has_tools, mut answered_by_tool) = (false, false);
        inside(choice, part.name(), |message| {
            text_of_parts(message);
            reasoning(message, part);
            arguments_as_text(message);
            answered_by_tool = part == Part::Message && json_tool::is_called(message);
            if answered_by_tool {
                json_tool::arguments_as_content(message);
            }
            has_tools = message.get("tool_calls").is_some_and(|calls| calls.get().starts_with("[{"));
        });
        if answered_by_tool {
            set(choice, "finish_reason", "stop");
        }
        finish_reason(choice, part, has_tools);
    });
}

/// Makes the pieces of the call that answers by a schema pieces of a content. Whether such a call is under way, from
/// now on.
pub(super) fn answer_by_tool(document: &mut Members<'_>, is_under_way: bool) -> bool {
    let mut is_called = is_under_way;
    each(document, "choices", |choice| {
        inside(choice, "delta", |delta| {
            is_called |= json_tool::is_called(delta);
            if is_called {
                json_tool::arguments_as_content(delta);
            }
        });
        if is_called && choice.read::<&str>("finish_reason") == Some("tool_calls") {
            set(choice, "finish_reason", "stop");
        }
    });
    is_called
}

fn set(members: &mut Members<'_>, name: &'static str, value: &str) {
    if let Ok(value) = words::member(&value, name) {
        members.set(name, value);
    }
}

/// A content in parts becomes a text; what of it is thinking becomes the reasoning.
fn text_of_parts(message: &mut Members<'_>) {
    let is_list = message.get("content").is_some_and(|content| content.get().starts_with('['));
    let Some(parts) = message.read::<Vec<Value>>("content").filter(|_| is_list) else { return };
    let (mut text, mut thinking) = (String::new(), String::new());
    for part in &parts {
        match part.get("type").and_then(Value::as_str) {
            Some("text") => gather(part.get("text"), &mut text),
            Some("thinking") => gather(part.get("thinking"), &mut thinking),
            _ => {}
        }
    }
    if thinking.is_empty() || !text.is_empty() {
        set(message, "content", &text);
    } else {
        message.take("content");
    }
    if !thinking.is_empty() && !message.has("reasoning_content") {
        set(message, "reasoning_content", &thinking);
    }
}

/// Adds a text, or the texts of a list of parts.
fn gather(value: Option<&Value>, text: &mut String) {
    match value {
        Some(Value::String(said)) => text.push_str(said),
        Some(Value::Array(parts)) => parts.iter().for_each(|part| gather(part.get("text"), text)),
        _ => {}
    }
}

/// Reasoning stands in `reasoning_content`, whatever the provider calls it.
fn reasoning(message: &mut Members<'_>, part: Part) {
    if message.has("reasoning_content") {
        return;
    }
    if let Some(reasoning) = message.read::<String>("reasoning") {
        set(message, "reasoning_content", &reasoning);
        return;
    }
    if part == Part::Delta {
        return;
    }
    let Some(content) = message.read::<String>("content") else { return };
    let split = content.trim_start().strip_prefix(THINK).and_then(|rest| rest.split_once(THINK_END));
    if let Some((thinking, text)) = split {
        set(message, "reasoning_content", thinking);
        set(message, "content", text);
    }
}

/// Arguments that came as an object are its JSON.
fn arguments_as_text(message: &mut Members<'_>) {
    if !message.has("tool_calls") {
        return;
    }
    each(message, "tool_calls", |call| {
        inside(call, "function", |function| {
            let object = function.get("arguments").filter(|arguments| arguments.get().starts_with('{'));
            if let Some(json) = object.map(|object| object.get().to_owned()) {
                set(function, "arguments", &arguments::text_of(&json));
            }
        });
    });
}

fn finish_reason(choice: &mut Members<'_>, part: Part, has_tools: bool) {
    let said = choice.read::<String>("finish_reason");
    let known = match said.as_deref() {
        Some("stop") | None if part == Part::Message && has_tools => "tool_calls",
        None if part == Part::Message => "stop",
        Some(said) => match OTHER_REASONS.iter().find(|(other, _)| other.eq_ignore_ascii_case(said)) {
            Some((_, known)) => known,
            None => return,
        },
        None => return,
    };
    set(choice, "finish_reason", known);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn right(document: &Value, part: Part) -> Value {
        let text = document.to_string();
        assert!(may_differ(text.as_bytes(), part), "{text}");
        let mut members = Members::parse(text.as_bytes()).unwrap();
        put_right(&mut members, part);
        serde_json::from_slice(&members.to_json()).unwrap()
    }

    fn message(message: &Value) -> Value {
        let answer = json!({"id": 1, "choices": [{"message": message, "finish_reason": "stop"}]});
        right(&answer, Part::Message)["choices"][0].clone()
    }

    #[test]
    fn an_ordinary_answer_shows_no_sign() {
        let answer = json!({"choices": [{"message": {"content": "a"}, "finish_reason": "length"}]}).to_string();
        assert!(!may_differ(answer.as_bytes(), Part::Message));
        let chunk = json!({"choices": [{"delta": {"content": "a"}, "finish_reason": null}]}).to_string();
        assert!(!may_differ(chunk.as_bytes(), Part::Delta));
    }

    #[test]
    fn reasoning_has_one_name() {
        let named = message(&json!({"content": "42", "reasoning": "hm"}));
        assert_eq!(named["message"], json!({"content": "42", "reasoning": "hm", "reasoning_content": "hm"}));
        let tagged = message(&json!({"content": "<think>hm</think>42"}));
        assert_eq!(tagged["message"], json!({"content": "42", "reasoning_content": "hm"}));
        let parts =
            json!([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "42"}]);
        assert_eq!(message(&json!({"content": parts}))["message"], tagged["message"]);
    }

    #[test]
    fn a_call_of_a_tool_is_told_as_one() {
        let called = message(&json!({"tool_calls": [{"function": {"name": "f", "arguments": {"a": 1.0}}}]}));
        assert_eq!(called["message"]["tool_calls"][0]["function"]["arguments"], "{\"a\": 1.0}");
        assert_eq!(called["finish_reason"], "tool_calls");
    }

    #[test]
    fn reasons_to_end_are_those_that_clients_know() {
        let ended = |reason: Value, part| {
            right(&json!({"choices": [{"finish_reason": reason}]}), part)["choices"][0]["finish_reason"].clone()
        };
        assert_eq!(ended(json!("eos"), Part::Delta), "stop");
        assert_eq!(ended(json!("MAX_TOKENS"), Part::Message), "length");
        assert_eq!(ended(json!(null), Part::Message), "stop");
        assert_eq!(ended(json!("unheard_of"), Part::Message), "unheard_of");
    }
}
