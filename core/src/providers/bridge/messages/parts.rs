//! What is said in a message: a text, or parts with images and documents.

use super::marks::Marks;
use crate::api::messages::content::{Block, Content, Source};
use crate::providers::bridge::member::unfit;
use crate::providers::provider::TransformError;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What stands for the images that a tool answered with. LiteLLM's words.
const IMAGE_FOLLOWS: &str = "[Tool returned an image - see the following user message]";
/// The name of a document that has none.
const DOCUMENT: &str = "document.pdf";

/// The content of a message.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Said<'m> {
    Text(Cow<'m, str>),
    Parts(Vec<Part<'m>>),
}

/// A part, and the cache marker that stands on it.
#[derive(Debug, Serialize)]
pub(super) struct Part<'m> {
    #[serde(flatten)]
    kind: PartKind<'m>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'m RawValue>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum PartKind<'m> {
    Text { text: Cow<'m, str> },
    ImageUrl { image_url: Image<'m> },
    File { file: File<'m> },
}

#[derive(Debug, Serialize)]
struct Image<'m> {
    url: Cow<'m, str>,
}

#[derive(Debug, Serialize)]
struct File<'m> {
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_id: Option<&'m str>,
}

impl<'m> Part<'m> {
    /// A text without a marker.
    pub(super) fn text(text: Cow<'m, str>) -> Self {
        Self { kind: PartKind::Text { text }, cache_control: None }
    }

    /// A block as a part.
    pub(super) fn of(block: &'m Block<'_>, marks: Marks) -> Result<Self, TransformError> {
        let says = &block.says;
        let kind = match (&*block.kind, &says.source) {
            ("text", _) => PartKind::Text { text: Cow::Borrowed(says.text.as_deref().unwrap_or_default()) },
            ("image", Some(source)) => PartKind::ImageUrl { image_url: Image { url: address(source)? } },
            ("document", Some(source)) => document(source, says.title.as_deref())?,
            (kind, _) => return Err(unfit("messages", &format!("`{kind}` cannot be said in a chat."))),
        };
        Ok(Self { kind, cache_control: marks.kept(says.cache_control) })
    }

    fn plain_text(&self) -> Option<&str> {
        match (&self.kind, self.cache_control) {
            (PartKind::Text { text }, None) => Some(text),
            _ => None,
        }
    }
}

/// A text, or parts.
pub(super) fn said<'m>(content: &'m Content<'_>, marks: Marks) -> Result<Said<'m>, TransformError> {
    match content {
        Content::Text(text) => Ok(Said::Text(Cow::Borrowed(text))),
        Content::Blocks(blocks) => {
            blocks.iter().map(|block| Part::of(block, marks)).collect::<Result<_, _>>().map(Said::Parts)
        }
    }
}

/// What the model said: one text, unless markers stand between its parts.
pub(super) fn assistant_text(texts: Vec<Part<'_>>) -> Option<Said<'_>> {
    if texts.is_empty() {
        return None;
    }
    match texts.iter().map(Part::plain_text).collect::<Option<String>>() {
        Some(text) => Some(Said::Text(Cow::Owned(text))),
        None => Some(Said::Parts(texts)),
    }
}

/// What a tool answered: text. Its images are given to `images`, for a message of their own.
pub(super) fn tool_says<'m>(
    content: Option<&'m RawValue>,
    images: &mut Vec<Part<'m>>,
) -> Result<Said<'m>, TransformError> {
    let Some(content) = content.filter(|content| content.get() != "null") else {
        return Ok(Said::Text(Cow::Borrowed("")));
    };
    let cannot = |error: &dyn std::error::Error| unfit("messages", &format!("A `tool_result` cannot be read: {error}"));
    let blocks = match Content::read(content).map_err(|error| cannot(&error))? {
        Content::Text(text) => return Ok(Said::Text(text.0)),
        Content::Blocks(blocks) => blocks,
    };
    let mut texts: Vec<Cow<'m, str>> = Vec::new();
    let mut has_image = false;
    for block in blocks {
        match (&*block.kind, block.says.source) {
            ("text", _) => texts.extend(block.says.text.map(|text| text.0)),
            ("image", Some(source)) => {
                let url = Cow::Owned(address(&source)?.into_owned());
                images.push(Part { kind: PartKind::ImageUrl { image_url: Image { url } }, cache_control: None });
                has_image = true;
            }
            // What else there is (search results, documents) is said as what it is.
            _ => texts.push(Cow::Borrowed(block.whole.get())),
        }
    }
    if has_image {
        texts.push(Cow::Borrowed(IMAGE_FOLLOWS));
    }
    Ok(match <[_; 1]>::try_from(texts) {
        Ok([text]) => Said::Text(text),
        Err(texts) => Said::Parts(texts.into_iter().map(Part::text).collect()),
    })
}

/// The address of an image: its own, or one that holds it.
fn address<'s>(source: &'s Source<'_>) -> Result<Cow<'s, str>, TransformError> {
    match (&*source.kind, &source.url, &source.data) {
        ("url", Some(url), _) => Ok(Cow::Borrowed(url)),
        ("base64", _, Some(data)) => Ok(Cow::Owned(data_url(source, data))),
        (kind, ..) => Err(unfit("messages", &format!("An image's source of type `{kind}` cannot be said in a chat."))),
    }
}

fn data_url(source: &Source<'_>, data: &str) -> String {
    format!("data:{};base64,{data}", source.media_type.as_deref().unwrap_or("application/octet-stream"))
}

fn document<'m>(source: &'m Source<'_>, title: Option<&'m str>) -> Result<PartKind<'m>, TransformError> {
    let filename = Some(title.unwrap_or(DOCUMENT));
    let file = match (&*source.kind, &source.data, &source.url, &source.file_id) {
        ("text", Some(text), ..) => return Ok(PartKind::Text { text: Cow::Borrowed(text) }),
        ("base64", Some(data), ..) => File { filename, file_data: Some(data_url(source, data)), file_id: None },
        ("url", _, Some(url), _) => File { filename: None, file_data: None, file_id: Some(url) },
        ("file", _, _, Some(id)) => File { filename: None, file_data: None, file_id: Some(id) },
        (kind, ..) => {
            let reason = format!("A document's source of type `{kind}` cannot be said in a chat.");
            return Err(unfit("messages", &reason));
        }
    };
    Ok(PartKind::File { file })
}
