//! The blocks that a message's content is made of, and how the parts of a chat message become them.
//!
//! Wire format: <https://docs.anthropic.com/en/api/messages>

use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::part::{FilePart, Media, Part, PartKind, data_url};
use crate::api::chat::text::Text;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A block of content.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    Text {
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    Image {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    Document {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Box<RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        content: ResultContent<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    /// A block that is Anthropic's own already.
    #[serde(untagged)]
    Own(&'a RawValue),
}

/// What a tool gave back.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ResultContent<'a> {
    Text(Cow<'a, str>),
    Blocks(Vec<Block<'a>>),
}

/// Where an image's or a document's bytes are.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Source<'a> {
    Base64 { media_type: Cow<'a, str>, data: &'a str },
    Url { url: &'a str },
    File { file_id: &'a str },
}

impl<'a> Block<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text { text: text.into(), cache_control: None }
    }

    /// Marks the block for the prompt cache, unless it is marked already.
    pub(super) fn mark(&mut self, marker: Option<&'a RawValue>) {
        match self {
            Self::Text { cache_control, .. }
            | Self::Image { cache_control, .. }
            | Self::Document { cache_control, .. }
            | Self::ToolUse { cache_control, .. }
            | Self::ToolResult { cache_control, .. } => *cache_control = cache_control.or(marker),
            Self::Own(_) => {}
        }
    }

    /// The block's bytes are in an upload.
    pub(super) fn is_upload(&self) -> bool {
        matches!(
            self,
            Self::Image { source: Source::File { .. }, .. } | Self::Document { source: Source::File { .. }, .. }
        )
    }
}

/// The block for a part. `None` for one that cannot be said here: blank text, and audio, which no Claude hears.
///
/// # Errors
/// [`InvalidMember`]: a part that neither dialect knows.
pub(super) fn block<'a>(part: &'a Part<'_>) -> Result<Option<Block<'a>>, InvalidMember> {
    let cache_control = part.cache_control;
    Ok(match &part.kind {
        PartKind::Text(text) | PartKind::Refusal(text) => {
            let block = Block::Text { text: Cow::Borrowed(text), cache_control };
            (!text.trim().is_empty()).then_some(block)
        }
        PartKind::Image(image) => Some(Block::Image { source: image_source(image), cache_control }),
        PartKind::File(file) => Some(document(file, cache_control)?),
        PartKind::Audio(_) => None,
        PartKind::Thinking(whole) => Some(Block::Own(whole)),
        PartKind::Other { name, whole } => {
            if !OWN_PARTS.contains(&&**name) {
                let reason = format!("a part of type `{}` cannot be sent to this model", &**name);
                return Err(InvalidMember::whole("messages", reason));
            }
            Some(Block::Own(whole))
        }
    })
}

/// Types of parts that are Anthropic's own and pass as they are.
const OWN_PARTS: [&str; 6] = ["image", "document", "search_result", "container_upload", "tool_result", "tool_use"];

fn image_source<'a>(image: &'a Media<'_>) -> Source<'a> {
    match data_url(&image.url) {
        Some((kind, data)) => Source::Base64 { media_type: media_type(image.format.as_ref(), kind, "image/png"), data },
        None => Source::Url { url: &image.url },
    }
}

/// A document: inline, at an address, or an upload. Images that come as files are images.
fn document<'a>(file: &'a FilePart<'_>, cache_control: Option<&'a RawValue>) -> Result<Block<'a>, InvalidMember> {
    let source = match (&file.file_data, &file.file_id) {
        (Some(data), _) => inline(data, file.format.as_ref()),
        (None, Some(id)) if id.starts_with("https://") || id.starts_with("http://") => Source::Url { url: id },
        (None, Some(id)) => Source::File { file_id: id },
        (None, None) => {
            return Err(InvalidMember::whole("messages", "a file needs 'file_data' or 'file_id'"));
        }
    };
    let is_image = matches!(&source, Source::Base64 { media_type, .. } if media_type.starts_with("image/"));
    Ok(if is_image { Block::Image { source, cache_control } } else { Block::Document { source, cache_control } })
}

fn inline<'a>(data: &'a str, format: Option<&'a Text<'_>>) -> Source<'a> {
    let (kind, data) = data_url(data).unwrap_or(("", data));
    Source::Base64 { media_type: media_type(format, kind, "application/pdf"), data }
}

/// What the request says of the type, else what the address says, else the likeliest.
fn media_type<'a>(format: Option<&'a Text<'_>>, kind: &'a str, likeliest: &'static str) -> Cow<'a, str> {
    match format {
        Some(format) => Cow::Borrowed(&**format),
        None if kind.is_empty() => Cow::Borrowed(likeliest),
        // Anthropic knows the type by its registered name only.
        None if kind == "image/jpg" => Cow::Borrowed("image/jpeg"),
        None => Cow::Borrowed(kind),
    }
}
