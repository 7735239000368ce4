//! The conversation as a list of messages.

use crate::api::answer::arguments;
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::message::{Message, Role};
use crate::api::chat::part::{Media, PartKind, data_url};
use crate::api::chat::tool::ToolCall;
use serde::Serialize;
use serde_json::value::RawValue;

/// A conversation.
pub(super) struct Conversation<'a> {
    pub(super) messages: Vec<Said<'a>>,
    /// Kinds of parts that cannot be said here.
    pub(super) left_out: Vec<&'static str>,
}

/// A message in Ollama's form.
#[derive(Serialize)]
pub(super) struct Said<'a> {
    role: &'static str,
    content: String,
    images: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<CallEntry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Serialize)]
struct CallEntry<'a> {
    function: Called<'a>,
}

/// A call that the model made.
#[derive(Serialize)]
pub(super) struct Called<'a> {
    pub(super) name: &'a str,
    pub(super) arguments: Box<RawValue>,
}

/// The conversation in Ollama's form.
///
/// # Errors
/// [`InvalidMember`]: a call has arguments that are no JSON.
pub(super) fn of<'a>(messages: &'a [Message<'_>]) -> Result<Conversation<'a>, InvalidMember> {
    let mut left_out = Vec::new();
    let said = messages.iter().enumerate().map(|(at, message)| said(message, at, &mut left_out));
    let messages = said.collect::<Result<_, _>>()?;
    left_out.dedup();
    Ok(Conversation { messages, left_out })
}

fn said<'a>(message: &'a Message<'_>, at: usize, left_out: &mut Vec<&'static str>) -> Result<Said<'a>, InvalidMember> {
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    let calls = message.tool_calls.iter().map(|call| Ok(CallEntry { function: called(call, at)? }));
    let result_of = message.tool_call_id.as_deref().or(message.name.as_deref());
    Ok(Said {
        role,
        content: message.text(),
        images: images(message, left_out),
        thinking: message.reasoning_content.as_deref(),
        tool_calls: calls.collect::<Result<_, _>>()?,
        tool_call_id: result_of.filter(|_| message.role == Role::Tool),
    })
}

/// A call, with its arguments as JSON.
///
/// # Errors
/// [`InvalidMember`]: they are none.
pub(super) fn called<'a>(call: &'a ToolCall<'_>, at: usize) -> Result<Called<'a>, InvalidMember> {
    let arguments = arguments::object_of(&call.arguments).map_err(|_| {
        let reason = format!("the arguments of the call of `{}` are no JSON object", &*call.name);
        InvalidMember::at("messages", format!("messages[{at}]"), reason)
    })?;
    Ok(Called { name: &call.name, arguments })
}

/// The images of a message. Models here see and read; what they cannot take is named in `left_out`.
pub(super) fn images<'a>(message: &'a Message<'_>, left_out: &mut Vec<&'static str>) -> Vec<&'a str> {
    let mut images = Vec::new();
    for part in &message.content {
        match &part.kind {
            PartKind::Image(image) => images.push(bytes_of(image)),
            PartKind::File(_) => left_out.push("file"),
            PartKind::Audio(_) => left_out.push("input_audio"),
            PartKind::Text(_) | PartKind::Refusal(_) | PartKind::Thinking(_) | PartKind::Other { .. } => {}
        }
    }
    images
}

/// The server wants the bytes in base64, and nothing before them. It does not fetch: an address it refuses itself.
fn bytes_of<'a>(image: &'a Media<'_>) -> &'a str {
    data_url(&image.url).map_or(&image.url, |(_, data)| data)
}
