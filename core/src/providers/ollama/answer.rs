//! A whole answer, and the parts that a streamed one shares with it.

use super::called;
use super::thoughts::Thoughts;
use crate::api::answer::arguments;
use crate::api::answer::finish::Finish;
use crate::api::answer::message::{AnswerMessage, AnswerToolCall, ChatAnswer, Choice};
use crate::api::chat::text::Text;
use crate::id::RequestId;
use crate::providers::failure::excerpt;
use crate::providers::failure::{FailureClass, ProviderFailure};
use crate::usage::Usage;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// An answer, or a line of one: a message of a chat, or the text of a generation.
#[derive(Deserialize)]
pub(super) struct Line<'a> {
    #[serde(borrow, default)]
    pub(super) message: Option<Said<'a>>,
    #[serde(borrow, default)]
    pub(super) response: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) thinking: Option<Text<'a>>,
    #[serde(default)]
    pub(super) done: bool,
    #[serde(borrow, default)]
    pub(super) done_reason: Option<Text<'a>>,
    #[serde(default)]
    prompt_eval_count: Option<u64>,
    #[serde(default)]
    eval_count: Option<u64>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

/// What the model said.
#[derive(Deserialize)]
pub(super) struct Said<'a> {
    #[serde(borrow, default)]
    pub(super) content: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) thinking: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) tool_calls: Option<Vec<CallEntry<'a>>>,
}

/// A call that it made.
#[derive(Deserialize)]
pub(super) struct CallEntry<'a> {
    #[serde(borrow)]
    pub(super) function: Function<'a>,
}

/// The function that is called, and with what.
#[derive(Deserialize)]
pub(super) struct Function<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow, default)]
    pub(super) arguments: Option<&'a RawValue>,
}

impl<'a> Line<'a> {
    /// Reads an answer or a line.
    ///
    /// # Errors
    /// It is none, or tells of an error.
    pub(super) fn read(json: &'a [u8]) -> Result<Self, ProviderFailure> {
        let Ok(line) = serde_json::from_slice::<Self>(json) else { return Err(unreadable(json)) };
        if let Some(error) = line.error.filter(|error| error.get() != "null") {
            let words = serde_json::from_str::<String>(error.get()).unwrap_or_else(|_| error.get().to_owned());
            return Err(ProviderFailure { class: FailureClass::Server, status: 500, message: words, param: None });
        }
        if line.message.is_none() && line.response.is_none() && !line.done {
            return Err(unreadable(json));
        }
        Ok(line)
    }

    /// What was used, where all of it is told: a prompt that was in memory is not counted by every server.
    pub(super) fn usage(&self) -> Option<Usage> {
        let (prompt_tokens, completion_tokens) = (self.prompt_eval_count?, self.eval_count?);
        Some(Usage { prompt_tokens, completion_tokens, ..Usage::default() }.checked())
    }

    /// Why it ended.
    pub(super) fn finish(&self, has_calls: bool) -> Finish {
        match self.done_reason.as_deref() {
            _ if has_calls => Finish::ToolCalls,
            Some("length") => Finish::Length,
            _ => Finish::Stop,
        }
    }
}

impl Function<'_> {
    /// The arguments as a text of JSON.
    pub(super) fn arguments(&self) -> String {
        let json = self.arguments.map_or("{}", RawValue::get);
        // Some models' templates make them a text already.
        serde_json::from_str::<String>(json).unwrap_or_else(|_| arguments::text_of(json))
    }
}

fn unreadable(json: &[u8]) -> ProviderFailure {
    ProviderFailure::malformed(format!("the upstream's answer cannot be read: {}", excerpt(json)))
}

/// Reads a whole answer of status 200. `id` names the answer, and its calls; `calls_in_text`: a text may be a call.
///
/// # Errors
/// It is none, or tells of an error.
pub(super) fn read(body: &[u8], id: RequestId, calls_in_text: bool) -> Result<ChatAnswer<'_>, ProviderFailure> {
    let mut line = Line::read(body)?;
    let usage = line.usage();
    let said = line.message.take().unwrap_or_else(|| Said {
        content: line.response.take(),
        thinking: line.thinking.take(),
        tool_calls: None,
    });
    let mut split = Thoughts::default();
    let mut told = split.push(said.content.as_deref().unwrap_or_default());
    let rest = split.finish();
    told.thought.push_str(&rest.thought);
    told.text.push_str(&rest.text);
    let mut calls: Vec<_> = said.tool_calls.unwrap_or_default().iter().map(|call| entry(&call.function)).collect();
    if calls_in_text
        && calls.is_empty()
        && let Some(called) = called::in_text(&told.text)
    {
        calls.push((called.name.to_string(), arguments::text_of(called.arguments.get())));
        told.text.clear();
    }
    let finish = line.finish(!calls.is_empty());
    let calls = calls.into_iter().enumerate().map(|(index, (name, arguments))| AnswerToolCall {
        id: called::id(id, index).into(),
        name: name.into(),
        arguments: arguments.into(),
    });
    let thought = said.thinking.map(|thinking| thinking.0).filter(|thinking| !thinking.is_empty());
    let message = AnswerMessage {
        content: Some(Cow::Owned(told.text)),
        reasoning_content: thought.or_else(|| (!told.thought.is_empty()).then_some(Cow::Owned(told.thought))),
        tool_calls: calls.collect(),
        ..AnswerMessage::default()
    };
    Ok(ChatAnswer { choices: vec![Choice { message, finish, logprobs: None }], usage })
}

fn entry(function: &Function<'_>) -> (String, String) {
    (function.name.to_string(), function.arguments())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    fn choice(body: &str) -> Choice<'_> {
        let id = RequestId::at(Timestamp::from_seconds(1), &[1; 10]);
        read(body.as_bytes(), id, true).unwrap().choices.remove(0)
    }

    #[test]
    fn a_message_and_a_generation_are_read_alike() {
        for body in [
            r#"{"message":{"role":"assistant","content":"Hi","thinking":"hm"},"done":true,"done_reason":"length"}"#,
            r#"{"response":"Hi","thinking":"hm","done":true,"done_reason":"length"}"#,
            r#"{"response":"<think>hm</think>Hi","done":true,"done_reason":"length"}"#,
        ] {
            let Choice { message, finish, .. } = choice(body);
            assert_eq!((message.content.as_deref(), finish), (Some("Hi"), Finish::Length), "{body}");
            assert_eq!(message.reasoning_content.as_deref(), Some("hm"), "{body}");
        }
    }

    #[test]
    fn calls_have_ids_and_arguments_as_text_however_they_are_made() {
        for body in [
            r#"{"message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},"done":true}"#,
            r#"{"message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":"{\"a\": 1}"}}]},"done":true}"#,
            r#"{"response":"{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n","done":true}"#,
        ] {
            let Choice { message, finish, .. } = choice(body);
            assert_eq!(
                (message.tool_calls[0].arguments.as_ref(), finish),
                (r#"{"a": 1}"#, Finish::ToolCalls),
                "{body}"
            );
            assert!(message.tool_calls[0].id.starts_with("call_") && message.tool_calls[0].id.len() <= 40);
            assert_eq!(message.content.as_deref(), Some(""));
        }
    }

    #[test]
    fn errors_and_bodies_that_are_no_answers_are_failures() {
        let id = RequestId::at(Timestamp::from_seconds(1), &[1; 10]);
        for body in ["<html>", "{\"response\":", "", "{}", "[]"] {
            assert_eq!(read(body.as_bytes(), id, true).unwrap_err().class, FailureClass::Malformed, "{body}");
        }
        let failure = read(br#"{"error":"out of memory"}"#, id, true).unwrap_err();
        assert_eq!((failure.status, failure.message.as_str()), (500, "out of memory"));
    }

    #[test]
    fn what_is_half_counted_is_not_told() {
        let usage = |counts: &str| {
            Line::read(format!("{{\"response\":\"\",\"done\":true{counts}}}").as_bytes()).unwrap().usage()
        };
        assert_eq!(usage(",\"prompt_eval_count\":12,\"eval_count\":5").unwrap().total(), 17);
        assert_eq!((usage(",\"eval_count\":5"), usage("")), (None, None));
    }
}
