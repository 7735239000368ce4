//! The conversation as items: what operators say first are the instructions, calls and their results are items of their
//! own.

use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::message::{Message, Role};
use crate::api::chat::part::{FilePart, Part, PartKind};
use serde::Serialize;
use serde_json::value::RawValue;

/// An item of the conversation.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item<'m> {
    Message { role: &'static str, content: Vec<Content<'m>> },
    FunctionCall { call_id: &'m str, name: &'m str, arguments: &'m str },
    FunctionCallOutput { call_id: &'m str, output: String },
}

/// A part of a message.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Content<'m> {
    InputText {
        text: &'m str,
    },
    OutputText {
        text: &'m str,
    },
    Refusal {
        refusal: &'m str,
    },
    InputImage {
        image_url: &'m str,
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<&'m str>,
    },
    InputFile {
        #[serde(skip_serializing_if = "Option::is_none")]
        filename: Option<&'m str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_data: Option<&'m str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_url: Option<&'m str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_id: Option<&'m str>,
    },
    #[serde(untagged)]
    Whole(&'m RawValue),
}

/// The instructions, and the items.
pub(super) fn conversation<'m>(messages: &'m [Message<'_>]) -> Result<(Option<String>, Vec<Item<'m>>), InvalidMember> {
    let first = messages.iter().take_while(|message| message.role == Role::System).count();
    let (operators, turns) = messages.split_at_checked(first).unwrap_or((&[], messages));
    let instructions: Vec<_> = operators.iter().flat_map(|message| message.content.iter()).filter_map(text).collect();
    let mut items = Vec::with_capacity(turns.len());
    for (at, message) in turns.iter().enumerate() {
        add(message, &mut items)
            .map_err(|reason| InvalidMember::at("messages", format!("messages[{}]", first + at), reason))?;
    }
    Ok(((!instructions.is_empty()).then(|| instructions.join("\n")), items))
}

fn add<'m>(message: &'m Message<'_>, items: &mut Vec<Item<'m>>) -> Result<(), String> {
    let role = match message.role {
        Role::System => "developer",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => {
            let call_id = message.tool_call_id.as_deref().unwrap_or_default();
            items.push(Item::FunctionCallOutput { call_id, output: message.text() });
            return Ok(());
        }
    };
    // Calls come first, as LiteLLM says them.
    items.extend(message.tool_calls.iter().map(|call| {
        let arguments = if call.arguments.is_empty() { "{}" } else { &*call.arguments };
        Item::FunctionCall { call_id: &call.id, name: &call.name, arguments }
    }));
    let content = message.content.iter().filter(|part| !is_thought(part));
    let content = content.map(|part| said(part, message.role)).collect::<Result<Vec<_>, _>>()?;
    if !content.is_empty() {
        items.push(Item::Message { role, content });
    }
    Ok(())
}

fn text<'m>(part: &'m Part<'_>) -> Option<&'m str> {
    if let PartKind::Text(text) = &part.kind { Some(text) } else { None }
}

/// Another provider's sealed thoughts mean nothing here.
fn is_thought(part: &Part<'_>) -> bool {
    matches!(part.kind, PartKind::Thinking(_))
}

fn said<'m>(part: &'m Part<'_>, role: Role) -> Result<Content<'m>, String> {
    Ok(match &part.kind {
        PartKind::Text(text) if role == Role::Assistant => Content::OutputText { text },
        PartKind::Text(text) => Content::InputText { text },
        PartKind::Refusal(refusal) => Content::Refusal { refusal },
        PartKind::Image(image) => Content::InputImage { image_url: &image.url, detail: image.detail.as_deref() },
        PartKind::File(file) => input_file(file),
        PartKind::Other { whole, .. } | PartKind::Thinking(whole) => Content::Whole(whole),
        PartKind::Audio(_) => return Err("audio is no input of this model's API".to_owned()),
    })
}

fn input_file<'m>(file: &'m FilePart<'_>) -> Content<'m> {
    let id = file.file_id.as_deref();
    let (file_url, file_id) = match id {
        Some(url) if url.starts_with("http") => (Some(url), None),
        id => (None, id),
    };
    let (filename, file_data) = (file.filename.as_deref(), file.file_data.as_deref());
    Content::InputFile { filename, file_data, file_url, file_id }
}
