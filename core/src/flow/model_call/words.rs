//! The words of a request: what its last message says, where that is the user's and nothing but text. All else, what was said
//! before it too, is its frame, which has to be the same letter by letter: a conversation of several turns, or an agent's
//! next step, is never taken for the one before.
//!
//! A request with images, sound or files anywhere has no words in this sense, nor has one whose words are too long to
//! compare.

use crate::api::members::Members;
use crate::providers::operation::Operation;
use serde_json::Value;

/// Longest words that are compared, in bytes: within what embedding models read.
const WORDS_BYTES_MAX: usize = 16 << 10;

/// Types of what is no more than text. Anything else may show what words do not tell.
const TEXTUAL: [&str; 12] = [
    "text",
    "input_text",
    "output_text",
    "refusal",
    "message",
    "function",
    "function_call",
    "function_call_output",
    "tool_use",
    "tool_result",
    "thinking",
    "ephemeral",
];

/// The words of a request, and what is around them.
#[derive(Debug, PartialEq)]
pub(super) struct Words {
    /// The member that they stand in.
    pub(super) member: &'static str,
    pub(super) text: String,
    /// The member without them.
    pub(super) frame: Value,
}

/// The words of a request; `None`: it has none that could be compared.
pub(super) fn of(operation: Operation, members: &Members<'_>) -> Option<Words> {
    let member = match operation {
        Operation::Chat | Operation::Messages => "messages",
        Operation::Responses => "input",
        Operation::Completion => "prompt",
        _ => return None,
    };
    let mut frame: Value = serde_json::from_str(members.get(member)?.get()).ok()?;
    let mut text = String::new();
    match &mut frame {
        Value::String(words) if member != "messages" => take(words, &mut text),
        Value::Array(messages) if member != "prompt" => {
            if !messages.iter().all(is_textual) {
                return None;
            }
            let last = messages.last_mut()?;
            if last.get("role")?.as_str()? != "user" {
                return None;
            }
            take_all(last.get_mut("content")?, &mut text)?;
        }
        _ => return None,
    }
    (!text.trim().is_empty() && text.len() <= WORDS_BYTES_MAX).then_some(Words { member, text, frame })
}

/// Takes the words out of a message's content.
fn take_all(content: &mut Value, text: &mut String) -> Option<()> {
    match content {
        Value::String(words) => take(words, text),
        Value::Array(parts) => {
            for part in parts {
                if !["text", "input_text"].contains(&part.get("type")?.as_str()?) {
                    return None;
                }
                let Value::String(words) = part.get_mut("text")? else { return None };
                take(words, text);
            }
        }
        _ => return None,
    }
    Some(())
}

fn take(words: &mut String, text: &mut String) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&std::mem::take(words));
}

/// Whether a document holds nothing but text, however deep.
fn is_textual(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(is_textual),
        Value::Object(members) => {
            members.get("type").is_none_or(|kind| kind.as_str().is_some_and(|kind| TEXTUAL.contains(&kind)))
                && members.values().all(is_textual)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests;
