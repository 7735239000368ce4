//! Writes an answer in one piece.

use super::finish::Finish;
use super::head::Head;
use super::message::{AnswerMessage, ChatAnswer};
use super::usage::UsageMember;
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
struct Body<'b> {
    id: String,
    object: &'static str,
    created: i64,
    model: &'b str,
    choices: Vec<Choice<'b>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageMember>,
}

#[derive(Serialize)]
struct Choice<'b> {
    index: usize,
    finish_reason: Finish,
    message: &'b AnswerMessage<'b>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<&'b RawValue>,
}

/// The answer's JSON.
///
/// # Errors
/// Those of the serialiser; none for answers that were read from JSON.
pub fn write(head: Head<'_>, answer: &ChatAnswer<'_>) -> Result<Vec<u8>, serde_json::Error> {
    write_named(head.name(), head, answer)
}

/// The answer's JSON, by the name that the provider gave it.
///
/// # Errors
/// As [`write`].
pub fn write_named(id: String, head: Head<'_>, answer: &ChatAnswer<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let choices = answer.choices.iter().enumerate().map(|(index, choice)| Choice {
        index,
        finish_reason: choice.finish,
        message: &choice.message,
        logprobs: choice.logprobs.as_deref(),
    });
    serde_json::to_vec(&Body {
        id,
        object: "chat.completion",
        created: head.created(),
        model: head.model,
        choices: choices.collect(),
        usage: answer.usage.as_ref().map(UsageMember::from),
    })
}
