//! One part of a message's content.

use super::invalid::{InvalidMember, read};
use super::text::Text;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A part, and the cache marker that stands on it.
#[derive(Debug)]
pub struct Part<'a> {
    /// What it is.
    pub kind: PartKind<'a>,
    /// Anthropic's prompt caching marker.
    pub cache_control: Option<&'a RawValue>,
}

/// What a part is.
#[derive(Debug)]
pub enum PartKind<'a> {
    /// Text.
    Text(Text<'a>),
    /// Why an earlier answer was refused, in the model's words.
    Refusal(Text<'a>),
    /// An image.
    Image(Media<'a>),
    /// A recording.
    Audio(Audio<'a>),
    /// A document.
    File(FilePart<'a>),
    /// Earlier thoughts of the model: a block as the provider gave it (`thinking`, `redacted_thinking`).
    Thinking(&'a RawValue),
    /// A part of a type that the OpenAI dialect does not know: the provider's own, or a mistake.
    Other {
        /// Its type.
        name: Text<'a>,
        /// The whole part.
        whole: &'a RawValue,
    },
}

/// Something at an address: on the web, in a bucket, or in a `data:` address.
#[derive(Debug)]
pub struct Media<'a> {
    /// The address.
    pub url: Text<'a>,
    /// How closely to look: `low`, `high`, `auto`.
    pub detail: Option<Text<'a>>,
    /// Its media type, where the request says it.
    pub format: Option<Text<'a>>,
}

/// A recording.
#[derive(Debug)]
pub struct Audio<'a> {
    /// The bytes in base64.
    pub data: Text<'a>,
    /// `wav`, `mp3`, ….
    pub format: Text<'a>,
}

/// A document: by content or by the id of an upload.
#[derive(Debug, Default, Deserialize)]
pub struct FilePart<'a> {
    /// A `data:` address, or bare base64.
    #[serde(borrow, default)]
    pub file_data: Option<Text<'a>>,
    /// An upload's id, or an address.
    #[serde(borrow, default)]
    pub file_id: Option<Text<'a>>,
    /// Its name.
    #[serde(borrow, default)]
    pub filename: Option<Text<'a>>,
    /// Its media type, where the request says it.
    #[serde(borrow, default)]
    pub format: Option<Text<'a>>,
}

/// The media type and the base64 of a `data:` address; `None` for any other address, and for data that is no base64.
pub fn data_url(url: &str) -> Option<(&str, &str)> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    let kind = head.strip_suffix(";base64")?;
    Some((kind.split(';').next().unwrap_or_default(), data))
}

#[derive(Deserialize)]
struct RawPart<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    refusal: Option<Text<'a>>,
    #[serde(borrow, default)]
    image_url: Option<&'a RawValue>,
    #[serde(borrow, default)]
    input_audio: Option<&'a RawValue>,
    #[serde(borrow, default)]
    file: Option<&'a RawValue>,
    #[serde(borrow, default)]
    cache_control: Option<&'a RawValue>,
}

/// Reads the part that stands at `path`.
pub(super) fn part<'a>(whole: &'a RawValue, path: &dyn Fn() -> String) -> Result<Part<'a>, InvalidMember> {
    let raw: RawPart<'a> = read(whole, "messages", path)?;
    let RawPart { kind, text, refusal, image_url, input_audio, file, cache_control } = raw;
    let missing = |name: &str| InvalidMember::at("messages", path(), format!("'{name}' is missing"));
    let kind = match &*kind {
        "text" | "input_text" | "output_text" => PartKind::Text(text.ok_or_else(|| missing("text"))?),
        "refusal" => PartKind::Refusal(refusal.ok_or_else(|| missing("refusal"))?),
        "image_url" => PartKind::Image(media(image_url.ok_or_else(|| missing("image_url"))?, path)?),
        "input_audio" => PartKind::Audio(audio(input_audio.ok_or_else(|| missing("input_audio"))?, path)?),
        "file" => PartKind::File(read(file.ok_or_else(|| missing("file"))?, "messages", path)?),
        "thinking" | "redacted_thinking" => PartKind::Thinking(whole),
        _ => PartKind::Other { name: kind, whole },
    };
    Ok(Part { kind, cache_control: cache_control.filter(|marker| marker.get() != "null") })
}

/// Reads an image that stands at `path`, as an earlier answer told it.
pub(super) fn image<'a>(whole: &'a RawValue, path: &dyn Fn() -> String) -> Result<Media<'a>, InvalidMember> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow)]
        image_url: &'a RawValue,
    }
    let Raw { image_url } = read(whole, "messages", path)?;
    media(image_url, path)
}

/// An address may stand alone in place of the object that holds it.
fn media<'a>(value: &'a RawValue, path: &dyn Fn() -> String) -> Result<Media<'a>, InvalidMember> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow)]
        url: Text<'a>,
        #[serde(borrow, default)]
        detail: Option<Text<'a>>,
        #[serde(borrow, default)]
        format: Option<Text<'a>>,
    }
    if value.get().starts_with('"') {
        return Ok(Media { url: read(value, "messages", path)?, detail: None, format: None });
    }
    let Raw { url, detail, format } = read(value, "messages", path)?;
    Ok(Media { url, detail, format })
}

fn audio<'a>(value: &'a RawValue, path: &dyn Fn() -> String) -> Result<Audio<'a>, InvalidMember> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow)]
        data: Text<'a>,
        #[serde(borrow)]
        format: Text<'a>,
    }
    let Raw { data, format } = read(value, "messages", path)?;
    Ok(Audio { data, format })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_address_is_taken_apart() {
        assert_eq!(data_url("data:image/png;base64,AAAA"), Some(("image/png", "AAAA")));
        assert_eq!(data_url("data:text/plain;charset=utf-8;base64,QQ=="), Some(("text/plain", "QQ==")));
        assert_eq!(data_url("data:text/plain,hello"), None);
        assert_eq!(data_url("https://images.test/a.png"), None);
    }
}
