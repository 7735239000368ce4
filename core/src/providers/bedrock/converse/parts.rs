//! How the parts of a chat message become blocks.

use super::blocks::{Block, Thought, ThoughtText};
use super::media;
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::part::{Part, PartKind};
use crate::api::chat::text::Text;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The block for a part, without its mark. `None` for one that cannot be said here: blank text, and audio.
///
/// # Errors
/// [`InvalidMember`]: a part that neither dialect knows.
pub(super) fn block<'a>(part: &'a Part<'_>) -> Result<Option<Block<'a>>, InvalidMember> {
    Ok(match &part.kind {
        PartKind::Text(text) | PartKind::Refusal(text) => {
            (!text.trim().is_empty()).then_some(Block::Text(Cow::Borrowed(text)))
        }
        PartKind::Image(image) => Some(media::image(image)?),
        PartKind::File(file) => Some(media::file(file)?),
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
