//! Writes a whole answer.

use super::stop::StopReason;
use super::usage::MessageUsage;
use serde::Serialize;
use serde_json::value::RawValue;

/// A whole answer.
#[derive(Debug, Serialize)]
pub struct Answer<'a> {
    /// Its id.
    pub id: &'a str,
    /// Always `message`.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Always the model.
    pub role: &'static str,
    /// The model's name as the client says it.
    pub model: &'a str,
    /// What was said, in order.
    pub content: Vec<AnswerBlock<'a>>,
    /// Why it ended.
    pub stop_reason: StopReason,
    /// The text at which it stopped. Not known of other dialects' answers.
    pub stop_sequence: Option<&'a str>,
    /// More about a refusal.
    pub stop_details: Option<StopDetails<'a>>,
    /// What was used.
    pub usage: MessageUsage,
}

/// The one kind of answer.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub enum Kind {
    /// A message.
    #[default]
    #[serde(rename = "message")]
    Message,
}

/// A block of an answer.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AnswerBlock<'a> {
    /// Text.
    Text {
        /// The text.
        text: &'a str,
    },
    /// Thoughts that nobody signed.
    Thinking {
        /// The thoughts.
        thinking: &'a str,
        /// Nobody's.
        signature: Option<&'a str>,
    },
    /// What the model drew.
    Image {
        /// The image, or where it is.
        source: ImageSource<'a>,
    },
    /// A call of a tool.
    ToolUse {
        /// Its id.
        id: &'a str,
        /// The tool.
        name: &'a str,
        /// Its arguments.
        input: Box<RawValue>,
    },
    /// A block in Anthropic's form already.
    #[serde(untagged)]
    Whole(&'a RawValue),
}

/// An image, in the words in which requests bring one.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ImageSource<'a> {
    /// The image itself.
    Base64 {
        /// Its media type.
        media_type: &'a str,
        /// The image in base64.
        data: &'a str,
    },
    /// Somewhere else.
    Url {
        /// Its address.
        url: &'a str,
    },
}

/// More about a refusal.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StopDetails<'a> {
    /// The model refused.
    Refusal {
        /// Which rule; nobody says.
        category: Option<&'a str>,
        /// The model's words, where it said any.
        explanation: Option<&'a str>,
    },
}
