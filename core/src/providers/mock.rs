//! Answers without an upstream: `mock_response` of a deployment or a request, as LiteLLM names it. The answer is
//! written in the OpenAI dialect, so that it is read, counted and charged like any other.

use super::operation::Operation;
use crate::clock::Timestamp;
use bytes::Bytes;
use serde_json::{Value, json};

/// Tokens that a mock answer claims to have used, where nobody says otherwise. LiteLLM's own numbers.
const PROMPT_TOKENS: u64 = 10;
const COMPLETION_TOKENS: u64 = 20;
/// Length of the vector that a mock embedding has.
const EMBEDDING_DIMENSIONS: usize = 8;

/// A made-up upstream answer.
#[derive(Debug)]
pub struct MockAnswer {
    /// Its status.
    pub status: u16,
    /// Its body, in the pieces it is sent in: one for a whole answer, one an event for a stream.
    pub pieces: Vec<Bytes>,
}

/// What a mock answer is made from.
#[derive(Debug)]
pub struct MockCall<'a> {
    /// What is asked.
    pub operation: Operation,
    /// The model's name, echoed.
    pub model: &'a str,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// Text for the id.
    pub id: &'a str,
    /// The time of the call.
    pub now: Timestamp,
}

/// The answer for a `mock_response`. A text is the content; a text that begins with an error class of LiteLLM's
/// (`litellm.RateLimitError`) is that error; an object or list is the whole answer.
pub fn answer(response: &Value, call: &MockCall<'_>) -> MockAnswer {
    match response {
        Value::String(text) => match error_status(text) {
            Some(status) => whole(status, &json!({"error": {"message": text, "type": null, "code": status}})),
            None if call.operation == Operation::Embedding => whole(200, &embedding(call)),
            None if call.operation == Operation::Rerank => whole(200, &rerank(call)),
            None if call.stream => streamed(text, call),
            None => whole(200, &completion(text, call)),
        },
        other => whole(200, other),
    }
}

fn whole(status: u16, body: &Value) -> MockAnswer {
    MockAnswer { status, pieces: vec![Bytes::from(body.to_string())] }
}

fn error_status(text: &str) -> Option<u16> {
    let class = text.strip_prefix("litellm.")?;
    [
        ("RateLimitError", 429),
        ("InternalServerError", 500),
        ("ContextWindowExceededError", 400),
        ("ContentPolicyViolationError", 400),
        ("BadRequestError", 400),
        ("AuthenticationError", 401),
        ("ServiceUnavailableError", 503),
        ("Timeout", 408),
    ]
    .into_iter()
    .find_map(|(name, status)| class.starts_with(name).then_some(status))
}

fn usage() -> Value {
    json!({
        "prompt_tokens": PROMPT_TOKENS,
        "completion_tokens": COMPLETION_TOKENS,
        "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
    })
}

fn completion(text: &str, call: &MockCall<'_>) -> Value {
    let (object, choice) = match call.operation {
        Operation::Completion => ("text_completion", json!({"index": 0, "text": text, "finish_reason": "stop"})),
        Operation::Chat | Operation::Embedding | Operation::Rerank | Operation::Messages | Operation::CountTokens => (
            "chat.completion",
            json!({"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}),
        ),
    };
    json!({
        "id": format!("chatcmpl-{}", call.id),
        "object": object,
        "created": call.now.seconds(),
        "model": call.model,
        "choices": [choice],
        "usage": usage(),
    })
}

fn embedding(call: &MockCall<'_>) -> Value {
    let vector = [0.0; EMBEDDING_DIMENSIONS];
    json!({
        "object": "list",
        "model": call.model,
        "data": [{"object": "embedding", "index": 0, "embedding": vector}],
        "usage": {"prompt_tokens": PROMPT_TOKENS, "total_tokens": PROMPT_TOKENS},
    })
}

fn rerank(call: &MockCall<'_>) -> Value {
    json!({
        "id": call.id,
        "results": [{"index": 0, "relevance_score": 1.0}],
        "meta": {"billed_units": {"search_units": 1}},
    })
}

fn streamed(text: &str, call: &MockCall<'_>) -> MockAnswer {
    let event = |choices: Value, usage: Value| {
        let object = if call.operation == Operation::Completion { "text_completion" } else { "chat.completion.chunk" };
        let chunk = json!({
            "id": format!("chatcmpl-{}", call.id),
            "object": object,
            "created": call.now.seconds(),
            "model": call.model,
            "choices": choices,
            "usage": usage,
        });
        Bytes::from(format!("data: {chunk}\n\n"))
    };
    let choice = |piece: Option<&str>, finish_reason: Value| match (call.operation, piece) {
        (Operation::Completion, piece) => {
            json!([{"index": 0, "text": piece.unwrap_or(""), "finish_reason": finish_reason}])
        }
        (_, Some(piece)) => {
            json!([{"index": 0, "delta": {"role": "assistant", "content": piece}, "finish_reason": finish_reason}])
        }
        (_, None) => json!([{"index": 0, "delta": {}, "finish_reason": finish_reason}]),
    };
    let mut pieces: Vec<Bytes> =
        text.split_inclusive(' ').map(|word| event(choice(Some(word), Value::Null), Value::Null)).collect();
    pieces.push(event(choice(None, json!("stop")), Value::Null));
    pieces.push(event(json!([]), usage()));
    pieces.push(Bytes::from_static(b"data: [DONE]\n\n"));
    MockAnswer { status: 200, pieces }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(stream: bool) -> MockCall<'static> {
        MockCall { operation: Operation::Chat, model: "demo", stream, id: "1", now: Timestamp::from_seconds(1) }
    }

    #[test]
    fn a_text_is_streamed_word_by_word() {
        let answer = answer(&json!("Hello there world"), &call(true));
        assert_eq!(answer.pieces.len(), 6);
        assert_eq!(answer.pieces.last().unwrap(), "data: [DONE]\n\n");
    }

    #[test]
    fn an_error_class_is_answered_as_that_error() {
        assert_eq!(answer(&json!("litellm.RateLimitError"), &call(false)).status, 429);
        assert_eq!(answer(&json!("litellm is a library"), &call(false)).status, 200);
    }
}
