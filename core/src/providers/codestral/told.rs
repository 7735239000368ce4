//! A chat's answer told as a legacy completion, whole or chunk by chunk.

use crate::api::chat::text::Text;
use crate::providers::decoder::{Seen, StreamDecoder};
use crate::providers::failure::ProviderFailure;
use crate::usage::Usage;
use crate::wire::sse;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Chat<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    created: Option<&'a RawValue>,
    #[serde(borrow, default)]
    choices: Vec<Choice<'a>>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: u64,
    #[serde(borrow, default, alias = "delta")]
    message: Option<Message<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
    #[serde(borrow, default)]
    logprobs: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<Text<'a>>,
}

#[derive(Serialize)]
struct Completion<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RawValue>,
    object: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<&'a RawValue>,
    model: &'a str,
    choices: Vec<Piece<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Piece<'a> {
    index: u64,
    text: Text<'a>,
    logprobs: Option<&'a RawValue>,
    finish_reason: Option<&'a RawValue>,
}

/// Writes a chat's answer, or a chunk of one, as a completion's.
///
/// # Errors
/// It is none.
pub(super) fn write(chat: &[u8], model: &str, out: &mut Vec<u8>) -> Result<(), ProviderFailure> {
    let malformed = |error: serde_json::Error| ProviderFailure::malformed(error.to_string());
    let chat: Chat<'_> = serde_json::from_slice(chat).map_err(malformed)?;
    let choices = chat.choices.into_iter().map(|choice| Piece {
        index: choice.index,
        text: choice.message.and_then(|message| message.content).unwrap_or_default(),
        logprobs: choice.logprobs,
        finish_reason: choice.finish_reason,
    });
    let (id, created, usage) = (chat.id, chat.created, chat.usage);
    let completion = Completion { id, object: "text_completion", created, model, choices: choices.collect(), usage };
    serde_json::to_writer(out, &completion).map_err(malformed)
}

/// Tells a streamed chat as a streamed completion.
pub(super) struct TextReader {
    chat: Box<dyn StreamDecoder>,
    model: String,
}

impl TextReader {
    /// Over the reader of the chat.
    pub(super) fn new(chat: Box<dyn StreamDecoder>, model: &str) -> Self {
        Self { chat, model: model.to_owned() }
    }

    /// The chat's events, which are always whole, as a completion's.
    fn tell(&self, events: &[u8]) -> Result<Bytes, ProviderFailure> {
        let mut out = Vec::with_capacity(events.len());
        for data in sse::events(events).filter_map(sse::data) {
            out.extend_from_slice(b"data: ");
            write(&data, &self.model, &mut out)?;
            out.extend_from_slice(b"\n\n");
        }
        Ok(Bytes::from(out))
    }
}

impl StreamDecoder for TextReader {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, ProviderFailure> {
        let events = self.chat.push(chunk)?;
        self.tell(&events)
    }

    fn finish(&mut self) -> Result<Bytes, ProviderFailure> {
        let events = self.chat.finish()?;
        self.tell(&events)
    }

    fn is_complete(&self) -> bool {
        self.chat.is_complete()
    }

    fn terminal(&self) -> Bytes {
        self.chat.terminal()
    }

    fn counted(&self, usage: &dyn Fn() -> Usage) -> Bytes {
        let events = self.chat.counted(usage);
        self.tell(&events).unwrap_or_default()
    }

    fn seen(&self) -> &Seen {
        self.chat.seen()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::id::RequestId;
    use crate::providers::codestral::Codestral;
    use crate::providers::failure::FailureClass;
    use crate::providers::operation::Operation;
    use crate::providers::provider::{Provider, Reply};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const EVENTS: [&str; 3] = [
        r#"{"id":"x","created":1,"model":"up","choices":[{"index":0,"delta":{"role":"assistant","content":"de"},"finish_reason":null}]}"#,
        "{\"id\":\"x\",\"created\":1,\"model\":\"up\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"f\u{2028}\"}}]}",
        r#"{"id":"x","created":1,"model":"up","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
    ];

    fn stream(events: &[&str], end: &str) -> String {
        events.iter().map(|event| format!("data: {event}\n\n")).collect::<String>() + end
    }

    fn reply() -> Reply<'static> {
        let id = RequestId::at(Timestamp::from_seconds(1), &[1; 10]);
        Reply { operation: Operation::Completion, id, model: "mine", deployment: "d", asked: &[], show_usage: false }
    }

    fn read(stream: &str, cut: usize) -> Result<String, ProviderFailure> {
        let mut decoder = Codestral.decoder(reply());
        let mut out = Vec::new();
        for chunk in stream.as_bytes().chunks(cut) {
            out.extend_from_slice(&decoder.push(Bytes::copy_from_slice(chunk))?);
        }
        out.extend_from_slice(&decoder.finish()?);
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn an_answer_is_text_under_the_clients_name() {
        let body = r#"{"id":"x","created":1,"model":"up","choices":[{"index":0,"message":{"content":"a"},
            "finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
        let answer = Codestral.answer(reply(), Bytes::from_static(body.as_bytes())).unwrap();
        let told: Value = serde_json::from_slice(&answer.body).unwrap();
        let choice = json!({"index": 0, "text": "a", "logprobs": null, "finish_reason": "stop"});
        assert_eq!(
            (&told["choices"][0], &told["object"], &told["model"]),
            (&choice, &json!("text_completion"), &json!("mine"))
        );
        assert_eq!(answer.usage.unwrap().completion_tokens, 2);
    }

    #[test]
    fn a_stream_cut_before_its_reason_to_stop_is_an_error() {
        for cut in 0..2 {
            assert_eq!(read(&stream(&EVENTS[..cut], ""), 5).unwrap_err().class, FailureClass::Malformed, "{cut}");
        }
        assert!(read(&stream(&EVENTS, "data: [DONE]\n\n"), 5).is_ok());
    }

    proptest! {
        #[test]
        fn what_the_client_sees_does_not_depend_on_how_the_bytes_are_cut(cut in 1_usize..300) {
            let stream = stream(&EVENTS, "data: [DONE]\n\n");
            let whole = read(&stream, usize::MAX).unwrap();
            prop_assert!(whole.contains(r#""text":"de""#));
            prop_assert_eq!(read(&stream, cut).unwrap(), whole);
        }
    }
}
