//! A chat's answer told as a text: in one piece, or in events.

use super::logprobs::{Logprobs, of_chat};
use crate::api::answer::chunks::DONE_EVENT;
use crate::api::answer::usage::UsageMember;
use crate::api::completion::{Choice, Completion};
use crate::providers::bridge::dialect::ClientEvents;
use crate::providers::failure::ProviderFailure;
use crate::providers::provider::Reply;
use crate::usage::Usage;
use bytes::Bytes;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Body<'b> {
    id: &'b str,
    object: &'static str,
    created: i64,
    model: &'b str,
    choices: Vec<TextChoice<'b>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageMember>,
}

#[derive(Serialize)]
struct TextChoice<'b> {
    index: u32,
    text: &'b str,
    logprobs: Option<Logprobs>,
    finish_reason: Option<&'b str>,
}

/// The body that tells a whole answer.
pub(super) fn write(
    reply: Reply<'_>,
    answer: &Completion<'_>,
    usage: Option<&Usage>,
) -> Result<Vec<u8>, serde_json::Error> {
    let own = format!("cmpl-{}", reply.id);
    let choices = (0..).zip(answer.choices());
    let choices = choices.map(|(at, choice)| TextChoice { index: choice.index.unwrap_or(at), ..told(choice, 0) });
    serde_json::to_vec(&Body {
        id: answer.id.as_deref().unwrap_or(&own),
        object: "text_completion",
        created: reply.id.arrived().seconds(),
        model: reply.model,
        choices: choices.collect(),
        usage: usage.map(UsageMember::from),
    })
}

/// A choice; a refusal is a text like any other. `offset`: characters of it that were told before.
fn told<'c>(choice: &'c Choice<'_>, offset: usize) -> TextChoice<'c> {
    let message = choice.message.as_ref();
    let text = message.and_then(|message| message.text().or(message.refusal.as_deref()));
    TextChoice {
        index: choice.index.unwrap_or(0),
        text: text.unwrap_or_default(),
        logprobs: of_chat(choice.logprobs, offset),
        finish_reason: choice.finish_reason.as_deref(),
    }
}

/// Tells one streamed answer.
pub(super) struct TextTeller {
    id: String,
    created: i64,
    model: String,
    show_usage: bool,
    /// Characters told of each choice.
    told: BTreeMap<u32, usize>,
}

impl TextTeller {
    pub(super) fn new(reply: Reply<'_>) -> Self {
        Self {
            id: format!("cmpl-{}", reply.id),
            created: reply.id.arrived().seconds(),
            model: reply.model.to_owned(),
            show_usage: reply.show_usage,
            told: BTreeMap::new(),
        }
    }

    fn event(&self, choices: Vec<TextChoice<'_>>, usage: Option<&Usage>) -> Vec<u8> {
        let (object, usage) = ("text_completion", usage.map(UsageMember::from));
        let body = Body { id: &self.id, object, created: self.created, model: &self.model, choices, usage };
        let json = serde_json::to_string(&body).unwrap_or_default();
        format!("data: {json}\n\n").into_bytes()
    }
}

impl ClientEvents for TextTeller {
    fn chunk(&mut self, chunk: &Completion<'_>, out: &mut Vec<u8>) -> Result<(), ProviderFailure> {
        if let Some(id) = chunk.id.as_deref().filter(|id| self.told.is_empty() && !id.is_empty()) {
            id.clone_into(&mut self.id);
        }
        for choice in chunk.choices() {
            let index = choice.index.unwrap_or(0);
            let offset = self.told.get(&index).copied().unwrap_or(0);
            let told = told(choice, offset);
            if told.text.is_empty() && told.finish_reason.is_none() {
                continue;
            }
            self.told.insert(index, offset + told.text.chars().count());
            out.extend(self.event(vec![told], None));
        }
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) {}

    fn terminal(&self, usage: &Usage) -> Bytes {
        let mut end = if self.show_usage { self.event(Vec::new(), Some(usage)) } else { Vec::new() };
        end.extend_from_slice(DONE_EVENT);
        Bytes::from(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::id::RequestId;
    use crate::providers::bridge::completions::Completions;
    use crate::providers::bridge::over::Bridge;
    use crate::providers::openai::OpenAi;
    use crate::providers::operation::Operation;
    use crate::providers::provider::Provider;
    use serde_json::{Value, json};

    static OPENAI: OpenAi = OpenAi;
    const BRIDGE: Bridge = Bridge { dialect: &Completions, inner: &OPENAI };
    const CHAT: &str = "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
        data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n\
        data: {\"id\":\"c1\",\"choices\":[{\"index\":1,\"delta\":{\"content\":\"lo\"}}]}\n\n\
        data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
        data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n\
        data: [DONE]\n\n";

    fn reply(show_usage: bool) -> Reply<'static> {
        let id = RequestId::at(Timestamp::from_seconds(1), &[7; 10]);
        Reply { operation: Operation::Completion, id, model: "mine", deployment: "d", asked: b"{}", show_usage }
    }

    fn fed(stream: &str, piece: usize, show_usage: bool) -> Result<String, ProviderFailure> {
        let (mut decoder, mut out) = (BRIDGE.decoder(reply(show_usage)), Vec::new());
        for chunk in stream.as_bytes().chunks(piece) {
            out.extend(decoder.push(Bytes::copy_from_slice(chunk))?);
        }
        out.extend(decoder.finish()?);
        out.extend(decoder.terminal());
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn an_answer_in_one_piece_is_told_as_a_text() {
        let chat = br#"{"id":"c1","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},
            "finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#;
        let answer = BRIDGE.answer(reply(false), Bytes::from_static(chat)).unwrap();
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let choice = json!({"index": 0, "text": "Hi", "logprobs": null, "finish_reason": "length"});
        assert_eq!((&body["object"], &body["model"]), (&json!("text_completion"), &json!("mine")));
        assert_eq!((&body["choices"], &body["usage"]["total_tokens"]), (&json!([choice]), &json!(5)));
    }

    #[test]
    fn a_stream_fed_byte_by_byte_is_the_same_stream_of_texts() {
        let whole = fed(CHAT, CHAT.len(), true).unwrap();
        assert_eq!(fed(CHAT, 1, true).unwrap(), whole);
        assert_eq!(whole.matches("\"id\":\"c1\"").count(), 4);
        assert!(whole.contains(r#""choices":[{"index":1,"text":"lo","#), "{whole}");
        assert!(whole.contains(r#""choices":[],"usage""#) && whole.ends_with("data: [DONE]\n\n"), "{whole}");
        assert!(!fed(CHAT, 5, false).unwrap().contains("usage"));
    }

    #[test]
    fn a_stream_that_is_cut_is_never_a_clean_end() {
        let finish = CHAT.find("data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{},").unwrap();
        for cut in 0..finish {
            assert!(fed(&CHAT[..cut], 64, false).is_err(), "{cut}");
        }
    }
}
