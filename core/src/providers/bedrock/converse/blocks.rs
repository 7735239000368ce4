//! The blocks that a message's content is made of.
//!
//! Wire format: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html>

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

/// An image, or a film.
#[derive(Debug, Serialize)]
pub(super) struct Picture<'a> {
    pub(super) format: Cow<'a, str>,
    pub(super) source: Source<'a>,
}

/// A document.
#[derive(Debug, Serialize)]
pub(super) struct Document<'a> {
    pub(super) format: Cow<'a, str>,
    pub(super) name: String,
    pub(super) source: Source<'a>,
}

/// Where their bytes are: here.
#[derive(Debug, Serialize)]
pub(super) struct Source<'a> {
    pub(super) bytes: &'a str,
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
    pub(super) text: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signature: Option<Text<'a>>,
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
