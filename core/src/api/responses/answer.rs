//! Writes a response.

use super::echo::Echo;
use super::usage::ResponseUsage;
use serde::Serialize;
use serde_json::value::RawValue;

/// A response: all of it, or as far as it has come.
#[derive(Debug, Serialize)]
pub struct Answer<'a> {
    /// Its name.
    pub id: &'a str,
    /// When it was made, in seconds since the Unix epoch.
    pub created_at: i64,
    /// Why it failed.
    pub error: Option<Failure<'a>>,
    /// Why it is cut short.
    pub incomplete_details: Option<Incomplete>,
    /// The model's name as the client says it.
    pub model: &'a str,
    /// Always `response`.
    pub object: &'static str,
    /// What was said, in order.
    pub output: &'a [OutputItem<'a>],
    /// How far it has come.
    pub status: Status,
    /// What was used, once that is known.
    pub usage: Option<ResponseUsage>,
    /// What it repeats of its request.
    #[serde(flatten)]
    pub echo: &'a Echo,
    /// What only this provider tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_specific_fields: Option<&'a RawValue>,
}

/// How far a response, or an item of one, has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It goes on.
    InProgress,
    /// It is whole.
    #[default]
    Completed,
    /// It is cut short.
    Incomplete,
    /// It broke.
    Failed,
}

/// Why a response is cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Incomplete {
    /// `max_output_tokens` or `content_filter`.
    pub reason: &'static str,
}

/// Why a response failed.
#[derive(Debug, Serialize)]
pub struct Failure<'a> {
    /// `server_error`, `rate_limit_exceeded`, ….
    pub code: &'a str,
    /// For people.
    pub message: &'a str,
}

/// An item of a response.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OutputItem<'a> {
    /// What the model says.
    Message {
        /// Its id.
        id: &'a str,
        /// How far it has come.
        status: Status,
        /// Always the model.
        role: &'static str,
        /// Its parts.
        content: Vec<OutputPart<'a>>,
        /// Not known of other dialects' answers.
        phase: Option<()>,
    },
    /// What the model thought.
    Reasoning {
        /// Its id.
        id: &'a str,
        /// How far it has come.
        status: Status,
        /// The thoughts.
        summary: Vec<SummaryPart<'a>>,
        /// The thoughts in the provider's own form, for a later request.
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<String>,
    },
    /// A call of a function.
    FunctionCall {
        /// Its id.
        id: &'a str,
        /// The id that its result names.
        call_id: &'a str,
        /// The function.
        name: &'a str,
        /// Its arguments: JSON in a text.
        arguments: &'a str,
        /// How far it has come.
        status: Status,
        /// Not known of other dialects' answers.
        caller: Option<()>,
        /// Not known of other dialects' answers.
        namespace: Option<()>,
    },
    /// A search that the provider made.
    WebSearchCall {
        /// Its id.
        id: String,
        /// What was searched.
        action: SearchAction<'a>,
        /// How far it has come.
        status: Status,
    },
    /// What the model drew.
    ImageGenerationCall {
        /// Its id.
        id: &'a str,
        /// How far it has come.
        status: Status,
        /// The image in base64, once it is there.
        result: Option<&'a str>,
    },
}

/// What a search of the provider's own did.
#[derive(Debug, Serialize)]
pub struct SearchAction<'a> {
    /// Always `search`.
    pub r#type: &'static str,
    /// What was searched for: one text.
    pub queries: [String; 1],
    /// The same.
    pub query: String,
    /// What was found.
    pub sources: Vec<SearchSource<'a>>,
}

/// A place that a search found.
#[derive(Debug, Serialize)]
pub struct SearchSource<'a> {
    /// Always `url`.
    pub r#type: &'static str,
    /// Its address.
    pub url: &'a str,
}

/// A part of what the model says.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OutputPart<'a> {
    /// Text.
    OutputText {
        /// The text.
        text: &'a str,
        /// Sources.
        annotations: &'a [Box<RawValue>],
    },
    /// Why the model refused.
    Refusal {
        /// Its words.
        refusal: &'a str,
    },
}

/// A part of the model's thoughts.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SummaryPart<'a> {
    /// Text.
    SummaryText {
        /// The text.
        text: &'a str,
    },
}

/// Whether an answer that ended for this reason, in a chat's word, is cut short.
pub fn cut_short(finish: &str) -> Option<Incomplete> {
    match finish {
        "length" => Some(Incomplete { reason: "max_output_tokens" }),
        "content_filter" => Some(Incomplete { reason: "content_filter" }),
        _ => None,
    }
}
