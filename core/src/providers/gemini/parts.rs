//! The parts that a content is made of.

use super::call_id;
use super::media::{self, Source};
use crate::api::answer::arguments;
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::part::{Media, Part, PartKind};
use crate::api::chat::tool::ToolCall;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What stands in for the signature of thoughts that are not there, where the model wants one. Google's own:
/// <https://ai.google.dev/gemini-api/docs/thought-signatures>, in base64.
const UNSIGNED: &str = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";

/// A part.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ContentPart<'a> {
    Text {
        text: Cow<'a, str>,
        #[serde(rename = "thoughtSignature", skip_serializing_if = "Option::is_none")]
        signature: Option<Cow<'a, str>>,
    },
    Thought {
        thought: bool,
        text: Cow<'a, str>,
    },
    Media {
        #[serde(flatten)]
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        media_resolution: Option<Resolution>,
    },
    Call {
        function_call: FunctionCall<'a>,
        #[serde(rename = "thoughtSignature", skip_serializing_if = "Option::is_none")]
        signature: Option<Cow<'a, str>>,
    },
    Result {
        function_response: FunctionResponse<'a>,
    },
}

/// A call that the model made.
#[derive(Debug, Serialize)]
pub(super) struct FunctionCall<'a> {
    name: &'a str,
    args: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
}

/// What a function gave back.
#[derive(Debug, Serialize)]
pub(super) struct FunctionResponse<'a> {
    pub(super) name: &'a str,
    pub(super) response: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
}

/// An object, as the API wants it: the function's own, or one around its text.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Outcome {
    Object(Box<RawValue>),
    Text { content: String },
}

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Resolution {
    pub(super) level: &'static str,
}

/// The part that a part of a chat becomes. `None`: nothing is left to say.
pub(super) fn content_part<'a>(
    part: &'a Part<'_>,
    has_resolution: bool,
) -> Result<Option<ContentPart<'a>>, InvalidMember> {
    let of = |source| ContentPart::Media { source, media_resolution: None };
    Ok(match &part.kind {
        PartKind::Text(text) | PartKind::Refusal(text) => Some(ContentPart::text(&**text)),
        PartKind::Image(image) => Some(image_part(image, has_resolution)?),
        PartKind::Audio(audio) => Some(of(media::audio(audio))),
        PartKind::File(file) => Some(of(media::file(file)?)),
        PartKind::Thinking(whole) => thought(whole),
        PartKind::Other { name, whole } if &**name == "video_url" => Some(of(media::video(whole)?)),
        PartKind::Other { name, .. } => {
            let reason = format!("a part of type `{}` cannot be sent to this model", &**name);
            return Err(InvalidMember::whole("messages", reason));
        }
    })
}

/// An image. `has_resolution`: the model knows a word for how closely to look.
pub(super) fn image_part<'a>(image: &'a Media<'_>, has_resolution: bool) -> Result<ContentPart<'a>, InvalidMember> {
    let media_resolution = image.detail.as_deref().filter(|_| has_resolution).and_then(resolution);
    Ok(ContentPart::Media { source: media::image(image)?, media_resolution })
}

impl<'a> ContentPart<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text { text: text.into(), signature: None }
    }

    /// A call. `is_known_by_id`: the model tells calls apart by id, and wants the signature of its thoughts back.
    pub(super) fn call(call: &'a ToolCall<'_>, is_known_by_id: bool) -> Result<Self, InvalidMember> {
        let args = arguments::object_of(&call.arguments).map_err(|_| {
            let reason = format!("the arguments of the call of `{}` are no JSON object", &*call.name);
            InvalidMember::whole("messages", reason)
        })?;
        let (id, of_id) = call_id::parts_of(&call.id);
        let signature = of_id.map(Cow::Borrowed).or_else(|| call.provider_specific_fields.and_then(told_signature));
        let signature = signature.or(is_known_by_id.then_some(Cow::Borrowed(UNSIGNED)));
        let id = Some(id).filter(|id| is_known_by_id && !id.is_empty());
        Ok(Self::Call { function_call: FunctionCall { name: &call.name, args, id }, signature })
    }
}

/// The signature that a client sends back as it was told.
fn told_signature(fields: &RawValue) -> Option<Cow<'static, str>> {
    #[derive(Deserialize)]
    struct Fields {
        thought_signature: String,
    }
    serde_json::from_str::<Fields>(fields.get()).ok().map(|fields| Cow::Owned(fields.thought_signature))
}

/// Earlier thoughts, from the block that a client sends back. Those that only their model could read are left out.
pub(super) fn thought(block: &RawValue) -> Option<ContentPart<'static>> {
    #[derive(Deserialize)]
    struct Block {
        thinking: String,
    }
    let block: Block = serde_json::from_str(block.get()).ok()?;
    let is_empty = block.thinking.is_empty();
    let part = ContentPart::Thought { thought: true, text: Cow::Owned(block.thinking) };
    if is_empty { None } else { Some(part) }
}

/// What a `detail` of an image stands for; `None` where it leaves the choice to the model.
pub(super) fn resolution(detail: &str) -> Option<Resolution> {
    let level = match detail {
        "low" => "MEDIA_RESOLUTION_LOW",
        "medium" => "MEDIA_RESOLUTION_MEDIUM",
        "high" => "MEDIA_RESOLUTION_HIGH",
        "ultra_high" => "MEDIA_RESOLUTION_ULTRA_HIGH",
        _ => return None,
    };
    Some(Resolution { level })
}
