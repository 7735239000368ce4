//! The conversation: the system instruction becomes the first message, results of functions a message each before the rest
//! of their turn.

use super::calls::Calls;
use super::fields::Fields;
use super::parts::{Part, Said, drawn, said, text_of, user_part};
use crate::api::answer::arguments;
use crate::api::chat::text::Text;
use crate::api::members::Members;
use crate::providers::bridge::member::{note, set};
use crate::providers::provider::TransformError;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

const CONTENTS: &str = "contents";
const PARTS: &str = "contents.parts";
const SYSTEM: &str = "systemInstruction";

/// A message of the chat.
#[derive(Debug, Default, Serialize)]
struct Message<'m> {
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Said<'m>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'m>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    thinking_blocks: Vec<Thought>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<Part<'m>>,
}

#[derive(Debug, Serialize)]
struct Call<'m> {
    id: String,
    r#type: &'static str,
    function: Function<'m>,
}

#[derive(Debug, Serialize)]
struct Function<'m> {
    name: Cow<'m, str>,
    arguments: String,
}

/// A thought in Anthropic's form, which other providers read too.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Thought {
    Thinking { thinking: String, signature: String },
    RedactedThinking { data: String },
}

/// Says the system instruction and the turns as messages.
pub(super) fn say_turns(
    system: Option<&RawValue>,
    contents: &RawValue,
    chat: &mut Members<'_>,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<(), TransformError> {
    let (mut messages, mut calls) = (Vec::new(), Calls::default());
    if let Some(system) = system {
        messages.extend(instruction(system, dropped)?);
    }
    for mut turn in Fields::read_list(CONTENTS, contents)? {
        let role = turn.take::<Text<'_>>("role")?;
        let parts = turn.raw("parts").map(|parts| Fields::read_list(PARTS, parts)).transpose()?.unwrap_or_default();
        match role.as_deref().unwrap_or("user") {
            "model" => messages.push(model(parts, &mut calls, dropped)?),
            "user" | "function" | "" => user(parts, &mut messages, &mut calls, dropped)?,
            role => return Err(turn.unfit(&format!("'contents' has an unknown role: `{role}`."))),
        }
        turn.leave_out(dropped);
    }
    set(chat, "messages", &messages)
}

/// The system instruction: text alone. Some clients send it as one.
fn instruction<'m>(
    system: &'m RawValue,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<Option<Message<'m>>, TransformError> {
    let mut texts = Vec::new();
    if system.get().starts_with('"') {
        texts.push(text_of(SYSTEM, system)?);
    } else {
        let mut content = Fields::read(SYSTEM, system)?;
        content.raw("role");
        let parts = content.raw("parts").map(|parts| Fields::read_list(SYSTEM, parts)).transpose()?;
        for mut part in parts.unwrap_or_default() {
            let Some(text) = part.take::<Text<'_>>("text")? else {
                return Err(part.unfit("'systemInstruction' can hold text alone for this model."));
            };
            texts.push(text.0);
            part.leave_out(dropped);
        }
        content.leave_out(dropped);
    }
    let content = said(texts.into_iter().map(Part::text).collect());
    Ok(content.map(|content| Message { role: "system", content: Some(content), ..Message::default() }))
}

/// A turn of the user: results of functions, then what the user says.
fn user<'m>(
    parts: Vec<Fields<'m>>,
    messages: &mut Vec<Message<'m>>,
    calls: &mut Calls,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<(), TransformError> {
    let mut rest = Vec::with_capacity(parts.len());
    for mut part in parts {
        match part.object("functionResponse", "contents.parts.functionResponse")? {
            Some(result) => messages.push(answered(result, calls, dropped)?),
            None => rest.push(user_part(&mut part)?),
        }
        part.leave_out(dropped);
    }
    if let Some(content) = said(rest) {
        messages.push(Message { role: "user", content: Some(content), ..Message::default() });
    }
    Ok(())
}

/// What a function answered.
fn answered<'m>(
    mut result: Fields<'m>,
    calls: &mut Calls,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<Message<'m>, TransformError> {
    let (name, id) = (result.take::<Text<'_>>("name")?, result.take::<Text<'_>>("id")?);
    if result.raw("parts").is_some() {
        return Err(
            result.unfit("A function's result with `parts` cannot be said to this model: say it in `response`.")
        );
    }
    let response = result.raw("response").map_or("{}", RawValue::get);
    result.leave_out(dropped);
    let tool_call_id = calls.end(name.as_deref().unwrap_or_default(), id.as_deref());
    let content = Some(Said::Text(Cow::Owned(arguments::text_of(response))));
    Ok(Message { role: "tool", tool_call_id: Some(tool_call_id), content, ..Message::default() })
}

/// An earlier answer of the model.
fn model<'m>(
    parts: Vec<Fields<'m>>,
    calls: &mut Calls,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<Message<'m>, TransformError> {
    let mut message = Message { role: "assistant", ..Message::default() };
    let (mut text, mut thoughts) = (None::<Cow<'m, str>>, String::new());
    for mut part in parts {
        let said = part.take::<Text<'m>>("text")?.map(|text| text.0);
        if part.take::<bool>("thought")? == Some(true) {
            thoughts += said.as_deref().unwrap_or_default();
            if let Some(signature) = part.take::<String>("thoughtSignature")? {
                message.thinking_blocks.push(signed(std::mem::take(&mut thoughts), signature));
            }
        } else if let Some(call) = part.object("functionCall", "contents.parts.functionCall")? {
            message.tool_calls.push(called(call, calls, dropped)?);
        } else if let Some(said) = said {
            match &mut text {
                Some(text) => text.to_mut().push_str(&said),
                None => text = Some(said),
            }
        } else if let Some(image) = drawn(&mut part)? {
            message.images.push(image);
        } else if let Some(name) = part.names().find(|name| *name != "thoughtSignature") {
            return Err(part.unfit(&format!("The model's `{name}` cannot be said to this model.")));
        }
        part.leave_out(dropped);
    }
    if !thoughts.is_empty() {
        note(dropped, "contents.parts.thought");
    }
    message.content = text.map(Said::Text);
    if message.content.is_none() && message.tool_calls.is_empty() {
        message.content = Some(Said::Text(Cow::Borrowed("")));
    }
    Ok(message)
}

/// What the model thought. What was not shown of it has a proof and no words.
fn signed(thinking: String, signature: String) -> Thought {
    match thinking.is_empty() {
        true => Thought::RedactedThinking { data: signature },
        false => Thought::Thinking { thinking, signature },
    }
}

fn called<'m>(
    mut call: Fields<'m>,
    calls: &mut Calls,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<Call<'m>, TransformError> {
    let Some(name) = call.take::<Text<'m>>("name")? else {
        return Err(call.unfit("A `functionCall` in 'contents' has no name."));
    };
    let id = call.take::<Text<'_>>("id")?;
    let arguments = arguments::text_of(call.raw("args").map_or("{}", RawValue::get));
    call.leave_out(dropped);
    let id = calls.begin(&name, id.as_deref());
    Ok(Call { id, r#type: "function", function: Function { name: name.0, arguments } })
}
