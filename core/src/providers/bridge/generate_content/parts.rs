//! What a user says: a text, or parts with images, recordings and documents; and what a model drew.

use super::fields::Fields;
use crate::api::chat::text::Text;
use crate::providers::bridge::member::{read, unfit};
use crate::providers::provider::TransformError;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The name of a document that has none.
const DOCUMENT: &str = "document.pdf";
/// Where Google keeps uploads: nobody else can read them.
const KEPT_BY_GOOGLE: &str = "generativelanguage.googleapis.com";

/// The content of a message.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Said<'m> {
    Text(Cow<'m, str>),
    Parts(Vec<Part<'m>>),
}

/// A part of a message.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part<'m> {
    Text { text: Cow<'m, str> },
    ImageUrl { image_url: Image<'m> },
    InputAudio { input_audio: Audio<'m> },
    File { file: File<'m> },
}

#[derive(Debug, Serialize)]
pub(super) struct Image<'m> {
    url: Cow<'m, str>,
}

#[derive(Debug, Serialize)]
pub(super) struct Audio<'m> {
    data: Cow<'m, str>,
    format: &'static str,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct File<'m> {
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<Cow<'m, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_id: Option<Cow<'m, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Cow<'m, str>>,
}

impl<'m> Part<'m> {
    pub(super) fn text(text: Cow<'m, str>) -> Self {
        Self::Text { text }
    }
}

/// A text, or parts. `None`: nothing is said.
pub(super) fn said(parts: Vec<Part<'_>>) -> Option<Said<'_>> {
    match <[Part<'_>; 1]>::try_from(parts) {
        Ok([Part::Text { text }]) => Some(Said::Text(text)),
        Ok([part]) => Some(Said::Parts(vec![part])),
        Err(parts) => (!parts.is_empty()).then_some(Said::Parts(parts)),
    }
}

/// A string of the request.
pub(super) fn text_of<'m>(member: &'static str, value: &'m RawValue) -> Result<Cow<'m, str>, TransformError> {
    read::<Text<'m>>(member, value).map(|text| text.0)
}

/// A part of what a user says.
pub(super) fn user_part<'m>(part: &mut Fields<'m>) -> Result<Part<'m>, TransformError> {
    part.raw("thought");
    if let Some(text) = part.take::<Text<'m>>("text")? {
        return Ok(Part::text(text.0));
    }
    if let Some(said) = file(part)? {
        return Ok(said);
    }
    let name = part.names().next().unwrap_or("part without content").to_owned();
    Err(part.unfit(&format!("A user's `{name}` cannot be said to this model.")))
}

/// What the model drew earlier. `None`: the part is no image.
pub(super) fn drawn<'m>(part: &mut Fields<'m>) -> Result<Option<Part<'m>>, TransformError> {
    match file(part)? {
        Some(image @ Part::ImageUrl { .. }) => Ok(Some(image)),
        Some(_) => Err(part.unfit("What the model said aloud, or wrote in a file, cannot be said to this model.")),
        None => Ok(None),
    }
}

/// A file, in the request or elsewhere. `None`: the part is none.
fn file<'m>(part: &mut Fields<'m>) -> Result<Option<Part<'m>>, TransformError> {
    if let Some(mut data) = part.object("inlineData", "contents.parts.inlineData")? {
        let name = data.take::<Text<'m>>("displayName")?;
        let (Some(kind), Some(data)) = (data.take::<Text<'m>>("mimeType")?, data.take::<Text<'m>>("data")?) else {
            return Err(part.unfit("An `inlineData` in 'contents' needs `mimeType` and `data`."));
        };
        return inline(kind.0, data.0, name.map(|name| name.0)).map(Some);
    }
    if let Some(mut file) = part.object("fileData", "contents.parts.fileData")? {
        let name = file.take::<Text<'m>>("displayName")?;
        let (kind, uri) = (file.take::<Text<'m>>("mimeType")?, file.take::<Text<'m>>("fileUri")?);
        let uri = uri.ok_or_else(|| part.unfit("A `fileData` in 'contents' needs `fileUri`."))?;
        return referred(kind.map(|kind| kind.0), uri.0, name.map(|name| name.0)).map(Some);
    }
    Ok(None)
}

fn inline<'m>(kind: Cow<'m, str>, data: Cow<'m, str>, name: Option<Cow<'m, str>>) -> Result<Part<'m>, TransformError> {
    // Google takes the alphabet of addresses too, which others do not.
    let data = match data.contains(['-', '_']) {
        true => Cow::Owned(data.replace('-', "+").replace('_', "/")),
        false => data,
    };
    if kind.starts_with("image/") {
        return Ok(Part::ImageUrl { image_url: Image { url: Cow::Owned(format!("data:{kind};base64,{data}")) } });
    }
    if kind.starts_with("audio/") {
        let format = audio_format(&kind)
            .ok_or_else(|| unfit("contents", &format!("Recordings of type `{kind}` cannot be said to this model.")))?;
        return Ok(Part::InputAudio { input_audio: Audio { data, format } });
    }
    let filename = name.or(Some(Cow::Borrowed(DOCUMENT)).filter(|_| kind == "application/pdf"));
    let file_data = Some(format!("data:{kind};base64,{data}"));
    Ok(Part::File { file: File { filename, file_data, ..File::default() } })
}

fn audio_format(kind: &str) -> Option<&'static str> {
    Some(match kind.split(';').next().unwrap_or_default() {
        "audio/wav" | "audio/x-wav" | "audio/wave" => "wav",
        "audio/mp3" | "audio/mpeg" => "mp3",
        "audio/flac" => "flac",
        "audio/ogg" => "ogg",
        "audio/aac" => "aac",
        "audio/aiff" => "aiff",
        _ => return None,
    })
}

/// What stands elsewhere.
fn referred<'m>(
    kind: Option<Cow<'m, str>>,
    uri: Cow<'m, str>,
    name: Option<Cow<'m, str>>,
) -> Result<Part<'m>, TransformError> {
    let rest = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    if host.is_none_or(|host| host == KEPT_BY_GOOGLE) {
        let reason = format!(
            "`{uri}` names a file that Google keeps, which this model's provider cannot read. Send its bytes as \
             `inlineData`, or an address on the web."
        );
        return Err(unfit("contents", &reason));
    }
    if kind.as_deref().is_some_and(|kind| kind.starts_with("image/")) {
        return Ok(Part::ImageUrl { image_url: Image { url: uri } });
    }
    Ok(Part::File { file: File { filename: name, file_id: Some(uri), format: kind, ..File::default() } })
}
