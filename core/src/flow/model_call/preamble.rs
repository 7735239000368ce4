//! Whether what a stream has said so far is only its preamble: that there will be an answer, and whose, but none of it. An
//! upstream that fails then has said nothing that another one would have to take back.

use crate::wire::sse;
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// Events of Anthropic's and OpenAI's dialects that come before any content:
/// <https://docs.anthropic.com/en/api/messages-streaming>,
/// <https://platform.openai.com/docs/api-reference/responses-streaming>.
const PREAMBLES: [&str; 9] = [
    "message_start",
    "content_block_start",
    "ping",
    "response.created",
    "response.queued",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.reasoning_summary_part.added",
];

/// What tells a preamble from content, in events of all dialects.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default)]
    choices: Option<Vec<Choice<'a>>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    /// Everything beside a role is content, unless it is empty.
    #[serde(borrow, default)]
    delta: Option<HashMap<&'a str, &'a RawValue>>,
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
}

/// Whether these events are nothing but a preamble. In doubt they are content.
pub(super) fn is_all(events: &[u8]) -> bool {
    // Nearly every piece of content is told from a preamble by what it does not hold.
    let may_be = [&b"\"role\""[..], b"_start", b"\"ping\"", b"response."]
        .iter()
        .any(|mark| memmem::find(events, mark).is_some())
        || events.starts_with(b":");
    may_be && sse::events(events).all(is_preamble)
}

fn is_preamble(event: &[u8]) -> bool {
    let Some(data) = sse::data(event) else { return true };
    let Ok(event) = serde_json::from_slice::<Event<'_>>(&data) else { return false };
    match (event.kind, event.choices) {
        (_, Some(choices)) => !choices.is_empty() && choices.iter().all(is_empty),
        (Some(kind), None) => PREAMBLES.contains(&kind.get().trim_matches('"')),
        (None, None) => false,
    }
}

fn is_empty(choice: &Choice<'_>) -> bool {
    let is_nothing = |value: &RawValue| ["null", "\"\"", "[]"].contains(&value.get());
    let Some(delta) = &choice.delta else { return false };
    choice.finish_reason.is_none_or(is_nothing)
        && delta.contains_key("role")
        && delta.iter().all(|(name, value)| *name == "role" || is_nothing(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_and_the_events_that_open_an_answer_are_a_preamble() {
        for event in [
            r#"data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
            r#"data: {"choices":[{"index":0,"delta":{"role":"assistant","content":null,"refusal":null}}]}"#,
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}",
            "event: ping\ndata: {\"type\": \"ping\"}",
            "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{}}",
            ": keep-alive",
        ] {
            assert!(is_all(format!("{event}\n\n").as_bytes()), "{event}");
        }
    }

    #[test]
    fn content_is_content_also_where_a_role_comes_with_it() {
        for event in [
            r#"data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"}}]}"#,
            r#"data: {"choices":[{"index":0,"delta":{"role":"assistant","tool_calls":[{"index":0}]}}]}"#,
            r#"data: {"choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":"stop"}]}"#,
            r#"data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}"#,
            r#"data: {"choices":[{"index":0,"text":"Hi"}]}"#,
            "event: x\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"_start\"}}",
            "event: x\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}",
            "data: [DONE]",
            r#"data: {"role":"#,
        ] {
            assert!(!is_all(format!("{event}\n\n").as_bytes()), "{event}");
        }
    }
}
