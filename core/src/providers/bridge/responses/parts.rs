//! What is said in a turn, as a chat has it.

use crate::api::chat::text::Text;
use crate::api::responses::item::{Content, Part};
use crate::providers::bridge::member::unfit;
use crate::providers::provider::TransformError;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// How images of each kind begin in base64.
const KINDS: [(&str, &str); 4] =
    [("iVBORw0KGgo", "image/png"), ("/9j/", "image/jpeg"), ("UklGR", "image/webp"), ("R0lGOD", "image/gif")];

/// A text, or parts.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Said<'m> {
    Text(&'m str),
    Parts(Vec<ChatPart<'m>>),
}

/// A part of a chat's message.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ChatPart<'m> {
    Text { text: &'m str },
    Refusal { refusal: &'m str },
    ImageUrl { image_url: Image<'m> },
    File { file: File<'m> },
    InputAudio { input_audio: &'m RawValue },
}

#[derive(Debug, Serialize)]
pub(super) struct Image<'m> {
    url: Cow<'m, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'m str>,
}

#[derive(Debug, Serialize)]
pub(super) struct File<'m> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file_data: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_id: Option<&'m str>,
}

/// Says a turn's content.
pub(super) fn said<'m>(content: &'m Content<'_>) -> Result<Said<'m>, TransformError> {
    match content {
        Content::Text(text) => Ok(Said::Text(text)),
        Content::Parts(parts) => parts.iter().map(part).collect::<Result<_, _>>().map(Said::Parts),
    }
}

/// Says one part.
pub(super) fn part<'m>(part: &'m Part<'_>) -> Result<ChatPart<'m>, TransformError> {
    let missing =
        |what: &str| unfit("input", &format!("'input' has a part of type `{}` without `{what}`.", &*part.kind));
    match &*part.kind {
        "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text" => {
            Ok(ChatPart::Text { text: part.text.as_deref().ok_or_else(|| missing("text"))? })
        }
        "refusal" => Ok(ChatPart::Refusal { refusal: part.refusal.as_deref().ok_or_else(|| missing("refusal"))? }),
        "input_image" => {
            let url = Cow::Borrowed(part.image_url.as_deref().ok_or_else(|| missing("image_url"))?);
            Ok(ChatPart::ImageUrl { image_url: Image { url, detail: part.detail.as_deref() } })
        }
        "input_file" => file(part).ok_or_else(|| missing("file_data")),
        "input_audio" => {
            Ok(ChatPart::InputAudio { input_audio: part.input_audio.ok_or_else(|| missing("input_audio"))? })
        }
        kind => Err(unfit("input", &format!("'input' has a part of an unknown type: `{kind}`."))),
    }
}

/// What the model drew earlier. Nobody says its media type, which its first bytes tell.
pub(super) fn drawn<'m>(base64: &str) -> ChatPart<'m> {
    let kind = KINDS.iter().find(|(begins, _)| base64.starts_with(begins)).map_or("image/png", |(_, kind)| kind);
    ChatPart::ImageUrl { image_url: Image { url: Cow::Owned(format!("data:{kind};base64,{base64}")), detail: None } }
}

/// A file's address stands where a chat has its data: every provider that takes addresses reads it there.
fn file<'m>(part: &'m Part<'_>) -> Option<ChatPart<'m>> {
    let text = |text: &'m Option<Text<'_>>| text.as_deref();
    let (file_data, file_id) = (text(&part.file_data).or(text(&part.file_url)), text(&part.file_id));
    file_data.or(file_id)?;
    Some(ChatPart::File { file: File { file_data, filename: text(&part.filename), file_id } })
}
