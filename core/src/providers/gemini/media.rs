//! Images, recordings, films and documents: inline, or at an address that the provider fetches itself.
//!
//! Wire format: <https://ai.google.dev/api/caching#Part>

use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::part::{Audio, FilePart, Media, data_url};
use crate::api::chat::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Where the bytes are.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Source<'a> {
    InlineData {
        mime_type: Cow<'a, str>,
        data: &'a str,
    },
    FileData {
        #[serde(skip_serializing_if = "Option::is_none")]
        mime_type: Option<Cow<'a, str>>,
        file_uri: Cow<'a, str>,
    },
}

/// What addresses end with, and the media type that it stands for.
const ENDINGS: [(&str, &str); 34] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("gif", "image/gif"),
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("bmp", "image/bmp"),
    ("tiff", "image/tiff"),
    ("avif", "image/avif"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("csv", "text/csv"),
    ("xml", "text/xml"),
    ("json", "application/json"),
    ("mp4", "video/mp4"),
    ("mov", "video/quicktime"),
    ("mpeg", "video/mpeg"),
    ("mpg", "video/mpg"),
    ("avi", "video/x-msvideo"),
    ("webm", "video/webm"),
    ("wmv", "video/wmv"),
    ("flv", "video/x-flv"),
    ("3gp", "video/3gpp"),
    ("mp3", "audio/mpeg"),
    ("wav", "audio/wav"),
    ("aac", "audio/aac"),
    ("flac", "audio/flac"),
    ("ogg", "audio/ogg"),
    ("aiff", "audio/aiff"),
    ("m4a", "audio/mp4"),
];

/// An image, or whatever else stands at the address of one.
pub(super) fn image<'a>(image: &'a Media<'_>) -> Result<Source<'a>, InvalidMember> {
    at(&image.url, image.format.as_ref(), "image/png")
}

/// A recording.
pub(super) fn audio<'a>(audio: &'a Audio<'_>) -> Source<'a> {
    let format = &*audio.format;
    let mime_type = if format.contains('/') { Cow::Borrowed(format) } else { Cow::Owned(format!("audio/{format}")) };
    Source::InlineData { mime_type, data: &audio.data }
}

/// A document: by content, by an address, or by the name of an upload.
pub(super) fn file<'a>(file: &'a FilePart<'_>) -> Result<Source<'a>, InvalidMember> {
    match (&file.file_data, &file.file_id) {
        (Some(data), _) if data.starts_with("data:") => at(data, file.format.as_ref(), "application/pdf"),
        (Some(data), _) => {
            let named = file.filename.as_deref().and_then(by_ending);
            let mime_type = said(file.format.as_ref()).or(named.map(Cow::Borrowed));
            Ok(Source::InlineData { mime_type: mime_type.unwrap_or(Cow::Borrowed("application/pdf")), data })
        }
        (None, Some(id)) => at(id, file.format.as_ref(), "application/pdf"),
        (None, None) => Err(InvalidMember::whole("messages", "a file needs 'file_data' or 'file_id'")),
    }
}

/// A film, as clients of LiteLLM send one: `{"type":"video_url","video_url":{"url":…}}`.
pub(super) fn video(whole: &RawValue) -> Result<Source<'static>, InvalidMember> {
    #[derive(Deserialize)]
    struct Part {
        video_url: Place,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Place {
        Bare(String),
        Whole {
            url: String,
            #[serde(default)]
            format: Option<String>,
        },
    }
    let part: Part =
        serde_json::from_str(whole.get()).map_err(|_| InvalidMember::whole("messages", "'video_url' is missing"))?;
    let (url, format) = match part.video_url {
        Place::Bare(url) => (url, None),
        Place::Whole { url, format } => (url, format),
    };
    let mime_type = format.or_else(|| by_ending(&url).map(str::to_owned)).map(Cow::Owned);
    Ok(Source::FileData { mime_type, file_uri: Cow::Owned(url) })
}

fn at<'a>(url: &'a str, format: Option<&'a Text<'_>>, likeliest: &'static str) -> Result<Source<'a>, InvalidMember> {
    if let Some((kind, data)) = data_url(url) {
        let told = Some(kind).filter(|kind| !kind.is_empty()).map(registered).map(Cow::Borrowed);
        return Ok(Source::InlineData { mime_type: said(format).or(told).unwrap_or(Cow::Borrowed(likeliest)), data });
    }
    if url.starts_with("data:") {
        return Err(InvalidMember::whole("messages", "a `data:` address must be in base64"));
    }
    let mime_type = said(format).or_else(|| by_ending(url).map(Cow::Borrowed));
    Ok(Source::FileData { mime_type, file_uri: Cow::Borrowed(url) })
}

fn said<'a>(format: Option<&'a Text<'_>>) -> Option<Cow<'a, str>> {
    format.map(|format| Cow::Borrowed(&**format))
}

/// The type by its registered name.
fn registered(kind: &str) -> &str {
    if kind == "image/jpg" { "image/jpeg" } else { kind }
}

/// The media type that an address tells by how it ends.
pub(in crate::providers) fn by_ending(address: &str) -> Option<&'static str> {
    let path = address.split(['?', '#']).next().unwrap_or(address);
    let (_, ending) = path.rsplit('/').next().unwrap_or(path).rsplit_once('.')?;
    ENDINGS.iter().find(|(known, _)| ending.eq_ignore_ascii_case(known)).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn of(url: &str, format: Option<&str>) -> Value {
        let media = Media { url: url.into(), detail: None, format: format.map(Text::from) };
        serde_json::to_value(image(&media).unwrap()).unwrap()
    }

    #[test]
    fn data_is_sent_inline_and_addresses_are_passed_on_with_their_type() {
        let inline = json!({"inline_data": {"mime_type": "image/jpeg", "data": "AA"}});
        assert_eq!(of("data:image/jpg;base64,AA", None), inline);
        let at = json!({"file_data": {"mime_type": "image/png", "file_uri": "https://i.test/a.PNG?x=1"}});
        assert_eq!(of("https://i.test/a.PNG?x=1", None), at);
        let said = json!({"file_data": {"mime_type": "image/webp", "file_uri": "gs://b/a"}});
        assert_eq!(of("gs://b/a", Some("image/webp")), said);
        assert_eq!(of("https://i.test/a", None), json!({"file_data": {"file_uri": "https://i.test/a"}}));
        let plain = Media { url: "data:text/plain,x".into(), detail: None, format: None };
        assert!(image(&plain).is_err());
    }
}
