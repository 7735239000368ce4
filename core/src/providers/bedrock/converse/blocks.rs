//! The blocks that a message's content is made of, and how the parts of a chat message become them.
//!
//! Wire format: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html>

use super::media::{Document, Picture};
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::part::{Part, PartKind};
use crate::api::chat::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A block of content.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Block<'a> {
    Text(Cow<'a, str>),
    Image(Picture<'a>),
    Video(Picture<'a>),
    Document(Document<'a>),
    ToolUse(ToolUse<'a>),
    ToolResult(ToolResult<'a>),
    ReasoningContent(Thought<'a>),
    CachePoint(CachePoint),
}

/// A call of a tool.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolUse<'a> {
    pub(super) tool_use_id: Cow<'a, str>,
    pub(super) name: &'a str,
    pub(super) input: Box<RawValue>,
}

/// What a tool gave back.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolResult<'a> {
    pub(super) tool_use_id: Cow<'a, str>,
    pub(super) content: Vec<Block<'a>>,
}

/// Earlier thoughts of the model, signed or unreadable.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Thought<'a> {
    ReasoningText(ThoughtText<'a>),
    RedactedContent(Text<'a>),
}

#[derive(Debug, Serialize)]
pub(super) struct ThoughtText<'a> {
    text: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<Text<'a>>,
}

/// Up to here the prompt is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct CachePoint {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

/// What becomes of marks for prompt caching.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Caching {
    /// They are points in the prompt; else they are left out.
    pub(super) is_known: bool,
    /// The model keeps prompts for an hour, too.
    pub(super) knows_an_hour: bool,
}

impl Caching {
    /// The point for a mark.
    pub(super) fn point(self, marker: Option<&RawValue>) -> Option<CachePoint> {
        #[derive(Deserialize)]
        struct Marker<'m> {
            #[serde(borrow, default)]
            ttl: Option<Text<'m>>,
        }
        let marker = marker.filter(|_| self.is_known)?;
        let ttl = serde_json::from_str::<Marker<'_>>(marker.get()).ok().and_then(|marker| marker.ttl);
        let an_hour = self.knows_an_hour && ttl.as_deref() == Some("1h");
        Some(CachePoint { r#type: "default", ttl: an_hour.then_some("1h") })
    }
}

/// The block for a part, without its mark. `None` for one that cannot be said here: blank text, and audio.
///
/// # Errors
/// [`InvalidMember`]: a part that neither dialect knows.
pub(super) fn block<'a>(part: &'a Part<'_>) -> Result<Option<Block<'a>>, InvalidMember> {
    Ok(match &part.kind {
        PartKind::Text(text) | PartKind::Refusal(text) => {
            (!text.trim().is_empty()).then_some(Block::Text(Cow::Borrowed(text)))
        }
        PartKind::Image(image) => Some(super::media::image(image)?),
        PartKind::File(file) => Some(super::media::file(file)?),
        PartKind::Audio(_) => None,
        PartKind::Thinking(whole) => thought(whole)?,
        PartKind::Other { name, .. } => {
            let reason = format!("a part of type `{}` cannot be sent to this model", &**name);
            return Err(InvalidMember::whole("messages", reason));
        }
    })
}

/// Thoughts in the form of Anthropic's own API. A block of neither kind says nothing.
pub(super) fn thought<'a>(whole: &'a RawValue) -> Result<Option<Block<'a>>, InvalidMember> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow, default)]
        thinking: Option<Text<'a>>,
        #[serde(borrow, default)]
        signature: Option<Text<'a>>,
        #[serde(borrow, default)]
        data: Option<Text<'a>>,
    }
    let raw: Raw<'a> = serde_json::from_str(whole.get())
        .map_err(|error| InvalidMember::whole("messages", format!("a thinking block is none: {error}")))?;
    Ok(match (raw.thinking, raw.data) {
        (Some(text), _) => {
            let thought = ThoughtText { text, signature: raw.signature };
            Some(Block::ReasoningContent(Thought::ReasoningText(thought)))
        }
        (None, Some(data)) => Some(Block::ReasoningContent(Thought::RedactedContent(data))),
        (None, None) => None,
    })
}
