//! A request for a response, said as a chat. Members that both dialects have in one form pass as they are.

use super::tools::say_tools;
use super::turns::say_turns;
use crate::api::chat::text::Text;
use crate::api::members::Members;
use crate::providers::bridge::dialect::Asked;
use crate::providers::bridge::member::{note, read, set, unfit};
use crate::providers::provider::TransformError;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Members that speak of what OpenAI keeps, and what to do instead.
const KEPT_BY_OPENAI: [(&str, &str); 4] = [
    (
        "previous_response_id",
        "This model's provider keeps no responses, so `previous_response_id` leads nowhere. Send the whole conversation \
         in `input`: what was said before, the output items of the earlier responses, and what is new.",
    ),
    (
        "conversation",
        "This model's provider keeps no conversations. Leave `conversation` out and send the whole conversation in \
         `input`.",
    ),
    (
        "prompt",
        "This model's provider keeps no prompt templates. Leave `prompt` out and send its text in `instructions` and \
         `input`.",
    ),
    (
        "background",
        "This model's provider answers no requests in the background. Leave `background` out, or set `stream: true`.",
    ),
];

/// Members that a chat has no word for. What they ask for is not done, and the client is told so.
const WITHOUT_WORD: [&str; 5] = ["max_tool_calls", "truncation", "include", "stream_options", "context_management"];

/// What is done in any case, so that asking for it drops nothing.
const DONE_ANYWAY: [(&str, &str); 2] =
    [("truncation", r#""disabled""#), ("include", r#"["reasoning.encrypted_content"]"#)];

#[derive(Deserialize)]
struct Reasoning<'a> {
    #[serde(borrow, default)]
    effort: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct TextMember<'a> {
    #[serde(borrow, default)]
    format: Option<Format<'a>>,
    #[serde(borrow, default)]
    verbosity: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Format<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    description: Option<Text<'a>>,
    #[serde(borrow, default)]
    schema: Option<&'a RawValue>,
    #[serde(default)]
    strict: Option<bool>,
}

#[derive(Serialize)]
struct ResponseFormat<'a> {
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    json_schema: Option<Schema<'a>>,
}

#[derive(Serialize)]
struct Schema<'a> {
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    schema: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

/// The chat's members.
pub(super) fn ask<'a>(asked: Asked<'_, 'a>) -> Result<Members<'a>, TransformError> {
    let Asked { members, target, dropped } = asked;
    let mut chat = Members::default();
    members.retain(|_, value| value.get() != "null");
    refuse_what_is_kept(members)?;
    say_turns(members, &mut chat, dropped)?;
    say_tools(members, &mut chat, &target.profile, dropped)?;
    say_format(members, &mut chat)?;
    say_effort(members, &mut chat)?;
    leave_out(members, dropped);
    members.rename("max_output_tokens", "max_tokens");
    if members.has("top_logprobs") {
        set(&mut chat, "logprobs", &true)?;
    }
    chat.take_over(members);
    Ok(chat)
}

fn refuse_what_is_kept(members: &mut Members<'_>) -> Result<(), TransformError> {
    for (member, reason) in KEPT_BY_OPENAI {
        let said = members.take(member);
        if said.is_some_and(|said| said.get() != "false") {
            return Err(unfit(member, reason));
        }
    }
    Ok(())
}

/// Takes out what a chat has no word for.
fn leave_out(members: &mut Members<'_>, dropped: &mut Vec<Cow<'static, str>>) {
    for name in WITHOUT_WORD {
        let Some(said) = members.take(name) else { continue };
        if !DONE_ANYWAY.contains(&(name, said.get())) {
            note(dropped, name);
        }
    }
    // Nothing is kept here, which only a client that asks for it needs to know. What it names is repeated in the answer.
    if members.take("store").is_some_and(|store| store.get() == "true") {
        note(dropped, "store");
    }
    for name in ["stream", "metadata"] {
        members.take(name);
    }
}

/// The form of the answer, and how wordy it is.
fn say_format(members: &mut Members<'_>, chat: &mut Members<'_>) -> Result<(), TransformError> {
    let Some(text) = members.take("text") else { return Ok(()) };
    let text: TextMember<'_> = read("text", &text)?;
    if let Some(verbosity) = &text.verbosity {
        set(chat, "verbosity", verbosity)?;
    }
    let Some(format) = text.format.filter(|format| &*format.kind != "text") else { return Ok(()) };
    let json_schema = (&*format.kind == "json_schema").then_some(Schema {
        name: format.name.as_deref(),
        description: format.description.as_deref(),
        schema: format.schema,
        strict: format.strict,
    });
    set(chat, "response_format", &ResponseFormat { r#type: &format.kind, json_schema })
}

/// How long the model thinks.
fn say_effort(members: &mut Members<'_>, chat: &mut Members<'_>) -> Result<(), TransformError> {
    let Some(reasoning) = members.take("reasoning") else { return Ok(()) };
    let reasoning: Reasoning<'_> = read("reasoning", &reasoning)?;
    reasoning.effort.map_or(Ok(()), |effort| set(chat, "reasoning_effort", &effort))
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
