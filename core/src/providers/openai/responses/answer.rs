//! A whole answer, item by item.

use super::wire::{OutputItem, OutputPart, Response};
use crate::api::answer::head::Head;
use crate::api::answer::message::{AnswerMessage, AnswerToolCall, ChatAnswer, Choice};
use crate::api::answer::whole;
use crate::api::members::{Members, raw};
use crate::providers::failure::ProviderFailure;
use crate::providers::openai::failure;
use crate::providers::provider::{Reply, WholeAnswer};
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A source as a chat tells it: OpenAI writes it a level deeper there.
#[derive(Serialize)]
struct Annotation<'a> {
    r#type: &'static str,
    url_citation: &'a RawValue,
}

/// Reads an answer of status 200 and tells it as a chat's.
pub(super) fn read(reply: Reply<'_>, body: &Bytes) -> Result<WholeAnswer, ProviderFailure> {
    let malformed = |what: &str| ProviderFailure::malformed(format!("{what}: {}", failure::excerpt(body)));
    let response: Response<'_> =
        serde_json::from_slice(body).map_err(|_| malformed("the upstream's answer is no response"))?;
    if let Some(failure) = response.failure() {
        return Err(failure);
    }
    let output = response.output.as_deref().ok_or_else(|| malformed("the upstream's answer has no output"))?;
    let message = message(output);
    let finish = response.finish(!message.tool_calls.is_empty());
    let usage = response.usage();
    let answer = ChatAnswer { choices: vec![Choice { message, finish, logprobs: None }], usage };
    let head = Head { id: reply.id, model: reply.model };
    let unwritten = |error: serde_json::Error| ProviderFailure::malformed(error.to_string());
    let written = whole::write(head, &answer).map_err(unwritten)?;
    let mut named = Members::parse(&written).map_err(unwritten)?;
    if let Some(id) = &response.id {
        named.set("id", raw(&name(reply, id)).map_err(unwritten)?);
    }
    Ok(WholeAnswer { usage, body: Bytes::from(named.to_json()) })
}

/// A name that tells both the call and the provider's own answer, and that nobody takes for either.
fn name(reply: Reply<'_>, id: &str) -> String {
    format!("resp_{}", hex::encode(format!("{}:{id}", reply.id)))
}

fn message<'a>(output: &'a [OutputItem<'_>]) -> AnswerMessage<'a> {
    let mut message = AnswerMessage::default();
    for item in output {
        match &*item.kind {
            "message" => {
                for part in item.content.iter().flatten() {
                    say(&mut message, part);
                }
            }
            "reasoning" => {
                for part in item.summary.iter().chain(&item.content).flatten() {
                    append(&mut message.reasoning_content, part.text.as_deref());
                }
            }
            "function_call" => message.tool_calls.push(AnswerToolCall {
                id: Cow::Borrowed(item.call_id.as_deref().unwrap_or_default()),
                name: Cow::Borrowed(item.name.as_deref().unwrap_or_default()),
                arguments: Cow::Borrowed(item.arguments.as_deref().unwrap_or_default()),
            }),
            // What the provider's own tools did is told in the text.
            _ => {}
        }
    }
    message
}

fn say<'a>(message: &mut AnswerMessage<'a>, part: &'a OutputPart<'_>) {
    append(&mut message.content, part.text.as_deref());
    append(&mut message.refusal, part.refusal.as_deref());
    let sources = part.annotations.iter().flatten();
    message.annotations.extend(sources.filter_map(|source| {
        let annotation = Annotation { r#type: "url_citation", url_citation: source };
        raw(&annotation).ok().filter(|_| source.get().contains("\"url_citation\""))
    }));
}

/// Adds to a text. The first piece is not copied.
fn append<'a>(text: &mut Option<Cow<'a, str>>, more: Option<&'a str>) {
    match (text, more) {
        (_, None) => {}
        (Some(text), Some(more)) => text.to_mut().push_str(more),
        (text, Some(more)) => *text = Some(Cow::Borrowed(more)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::id::RequestId;
    use crate::providers::failure::FailureClass;
    use crate::providers::operation::Operation;
    use serde_json::{Value, json};

    fn told(body: &Value) -> Result<Value, ProviderFailure> {
        let id = RequestId::at(Timestamp::from_seconds(1), &[0; 10]);
        let reply =
            Reply { operation: Operation::Chat, id, model: "mine", deployment: "d", asked: &[], show_usage: false };
        let answer = read(reply, &Bytes::from(body.to_string()))?;
        Ok(serde_json::from_slice(&answer.body).unwrap())
    }

    #[test]
    fn items_become_one_message() {
        let answer = told(&json!({"id": "resp_1", "status": "completed", "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
            {"type": "message", "content": [{"type": "output_text", "text": "Hel"}, {"type": "output_text", "text": "lo"}]},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}],
            "usage": {"input_tokens": 12, "input_tokens_details": {"cached_tokens": 10}, "output_tokens": 5}}))
        .unwrap();
        let message = &answer["choices"][0]["message"];
        assert_eq!((&message["content"], &message["reasoning_content"]), (&json!("Hello"), &json!("hm")));
        assert_eq!(message["tool_calls"][0]["function"], json!({"name": "f", "arguments": "{}"}));
        assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls");
        assert_eq!(answer["usage"]["prompt_tokens_details"]["cached_tokens"], 10);
        assert!(answer["id"].as_str().unwrap().starts_with("resp_"));
    }

    #[test]
    fn what_ended_it_early_is_told() {
        let finish = |reason: &str| {
            let body = json!({"status": "incomplete", "incomplete_details": {"reason": reason}, "output": []});
            told(&body).unwrap()["choices"][0]["finish_reason"].clone()
        };
        assert_eq!((finish("max_output_tokens"), finish("content_filter")), (json!("length"), json!("content_filter")));
    }

    #[test]
    fn a_failure_and_what_is_no_response_are_errors() {
        let failed = json!({"status": "failed", "error": {"code": "rate_limit_exceeded", "message": "slow"}});
        assert_eq!(told(&failed).unwrap_err().class, FailureClass::RateLimited);
        for body in [json!({"choices": []}), json!({"status": "failed"}), json!([])] {
            assert_eq!(told(&body).unwrap_err().class, FailureClass::Malformed, "{body}");
        }
    }
}
