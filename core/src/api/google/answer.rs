//! An answer, or a piece of one: both have one form.

use super::usage::UsageMetadata;
use serde::Serialize;
use serde_json::value::RawValue;

/// An answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer<'a> {
    /// The answers, or what is new of them.
    pub candidates: Vec<Candidate<'a>>,
    /// What was used, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage_metadata: Option<UsageMetadata>,
}

/// One of the answers.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate<'a> {
    /// What was said.
    pub content: Content<'a>,
    /// Why it ended, once it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<&'static str>,
    /// Which of the answers.
    pub index: u32,
    /// Nobody rates answers here.
    pub safety_ratings: [(); 0],
    /// What it cites.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub citation_metadata: Option<Citations<'a>>,
    /// The probabilities of its tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logprobs_result: Option<Logprobs<'a>>,
}

/// What the model said.
#[derive(Debug, Serialize)]
pub struct Content<'a> {
    /// Part by part.
    pub parts: Vec<Part<'a>>,
    /// Always the model.
    pub role: &'static str,
}

impl Default for Content<'_> {
    fn default() -> Self {
        Self { parts: Vec::new(), role: "model" }
    }
}

/// A part of what was said.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Part<'a> {
    /// Text.
    Text {
        /// The text.
        text: &'a str,
    },
    /// A thought, and what proves that it is the model's own.
    #[serde(rename_all = "camelCase")]
    Thought {
        /// That it is one.
        thought: bool,
        /// The thought.
        text: &'a str,
        /// The proof.
        #[serde(skip_serializing_if = "Option::is_none")]
        thought_signature: Option<&'a str>,
    },
    /// What the model drew.
    #[serde(rename_all = "camelCase")]
    Inline {
        /// The file itself.
        inline_data: Blob<'a>,
    },
    /// What the model drew, somewhere else.
    #[serde(rename_all = "camelCase")]
    File {
        /// Where it is.
        file_data: FileAt<'a>,
    },
    /// A call of a function.
    #[serde(rename_all = "camelCase")]
    Call {
        /// The call.
        function_call: FunctionCall<'a>,
    },
}

/// A file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Blob<'a> {
    /// Its media type.
    pub mime_type: &'a str,
    /// The file in base64.
    pub data: &'a str,
}

/// A file by its address.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileAt<'a> {
    /// Its address.
    pub file_uri: &'a str,
}

/// A call of a function.
#[derive(Debug, Serialize)]
pub struct FunctionCall<'a> {
    /// Its id, which its result may name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    /// The function.
    pub name: &'a str,
    /// Its arguments.
    pub args: Box<RawValue>,
}

/// What an answer cites.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Citations<'a> {
    /// Source by source.
    pub citation_sources: Vec<Source<'a>>,
}

/// A source that an answer cites.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Source<'a> {
    /// Where the part that rests on it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_index: Option<u64>,
    /// Where that part ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_index: Option<u64>,
    /// Its address.
    pub uri: &'a str,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'a str>,
}

/// The probabilities of tokens.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Logprobs<'a> {
    /// The tokens that were said.
    pub chosen_candidates: Vec<Token<'a>>,
    /// Those that might have been, token by token.
    pub top_candidates: Vec<TopTokens<'a>>,
}

/// Tokens that might have stood in one place.
#[derive(Debug, Serialize)]
pub struct TopTokens<'a> {
    /// The likeliest first.
    pub candidates: Vec<Token<'a>>,
}

/// A token and its probability.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Token<'a> {
    /// The token.
    pub token: &'a str,
    /// The logarithm of its probability.
    pub log_probability: f64,
}
