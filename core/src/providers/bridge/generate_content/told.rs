//! What was said, as Google's parts: thoughts, text, images and calls of each choice, in this order.

use crate::api::answer::arguments;
use crate::api::chat::text::Text;
use crate::api::completion::{Image, Message};
use crate::api::google::answer::{Blob, Citations, FileAt, FunctionCall, Logprobs, Part, Source, Token, TopTokens};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A block of thoughts, or what is new of one.
#[derive(Deserialize)]
pub(super) struct Thought<'a> {
    #[serde(borrow, default)]
    thinking: Option<Text<'a>>,
    #[serde(borrow, default)]
    signature: Option<Text<'a>>,
    /// What is not shown.
    #[serde(borrow, default)]
    data: Option<Text<'a>>,
}

/// The thoughts of a message that come in blocks.
pub(super) fn thoughts<'a>(message: &'a Message<'_>) -> Vec<Thought<'a>> {
    let blocks = message.thinking_blocks.as_deref().unwrap_or_default();
    blocks.iter().filter_map(|block| serde_json::from_str(block.get()).ok()).collect()
}

/// Adds thoughts and text.
pub(super) fn say<'a>(message: &'a Message<'_>, thoughts: &'a [Thought<'_>], parts: &mut Vec<Part<'a>>) {
    if thoughts.is_empty() {
        let text = message.reasoning_content.as_deref().filter(|thoughts| !thoughts.is_empty());
        parts.extend(text.map(|text| Part::Thought { thought: true, text, thought_signature: None }));
    }
    for Thought { thinking, signature, data } in thoughts {
        let text = thinking.as_deref().unwrap_or_default();
        let thought_signature = signature.as_deref().or(data.as_deref()).filter(|signature| !signature.is_empty());
        if !text.is_empty() || thought_signature.is_some() {
            parts.push(Part::Thought { thought: true, text, thought_signature });
        }
    }
    let refusal = message.refusal.as_deref().filter(|refusal| !refusal.is_empty());
    parts.extend([message.text(), refusal].into_iter().flatten().map(|text| Part::Text { text }));
}

/// An image.
pub(super) fn image<'a>(image: &'a Image<'_>) -> Part<'a> {
    match image.data() {
        Some((mime_type, data)) => Part::Inline { inline_data: Blob { mime_type, data } },
        None => Part::File { file_data: FileAt { file_uri: image.url() } },
    }
}

/// A call. Arguments that are no JSON object cannot be told as one.
pub(super) fn call<'a>(id: Option<&'a str>, name: &'a str, said: &str) -> Result<Part<'a>, serde_json::Error> {
    let id = id.filter(|id| !id.is_empty());
    Ok(Part::Call { function_call: FunctionCall { id, name, args: arguments::object_of(said)? } })
}

/// A source, as OpenAI writes it.
#[derive(Deserialize)]
pub(super) struct Annotation<'a> {
    #[serde(borrow, default)]
    url_citation: Option<Cited<'a>>,
}

#[derive(Deserialize)]
struct Cited<'a> {
    #[serde(borrow, default)]
    url: Option<Text<'a>>,
    #[serde(borrow, default)]
    title: Option<Text<'a>>,
    #[serde(default)]
    start_index: Option<u64>,
    #[serde(default)]
    end_index: Option<u64>,
}

/// The sources that a message names.
pub(super) fn annotations<'a>(message: &'a Message<'_>) -> Vec<Annotation<'a>> {
    let list = message.annotations.as_deref().unwrap_or_default();
    list.iter().filter_map(|annotation| serde_json::from_str(annotation.get()).ok()).collect()
}

/// The sources as Google writes them.
pub(super) fn citations<'a>(annotations: &'a [Annotation<'_>]) -> Option<Citations<'a>> {
    let cited = annotations.iter().filter_map(|annotation| annotation.url_citation.as_ref());
    let citation_sources: Vec<_> = cited
        .filter_map(|cited| {
            let Cited { url, title, start_index, end_index } = cited;
            let (start_index, end_index) = (*start_index, *end_index);
            Some(Source { start_index, end_index, uri: url.as_deref()?, title: title.as_deref() })
        })
        .collect();
    (!citation_sources.is_empty()).then_some(Citations { citation_sources })
}

/// The probabilities of tokens, as OpenAI writes them.
#[derive(Default, Deserialize)]
pub(super) struct Chances<'a> {
    #[serde(borrow, default)]
    content: Option<Vec<Chance<'a>>>,
}

#[derive(Deserialize)]
struct Chance<'a> {
    #[serde(borrow)]
    token: Text<'a>,
    logprob: f64,
    #[serde(borrow, default)]
    top_logprobs: Vec<Chance<'a>>,
}

/// The probabilities that are told.
pub(super) fn chances(logprobs: Option<&RawValue>) -> Chances<'_> {
    let read = logprobs.and_then(|logprobs| serde_json::from_str::<Option<Chances<'_>>>(logprobs.get()).ok());
    read.flatten().unwrap_or_default()
}

impl Chances<'_> {
    /// The probabilities as Google writes them.
    pub(super) fn told(&self) -> Option<Logprobs<'_>> {
        let chances = self.content.as_deref().filter(|chances| !chances.is_empty())?;
        let candidates = |chance: &'_ Chance<'_>| chance.top_logprobs.len();
        let has_others = chances.iter().any(|chance| candidates(chance) > 0);
        let others = chances.iter().filter(|_| has_others);
        Some(Logprobs {
            chosen_candidates: chances.iter().map(Chance::told).collect(),
            top_candidates: others
                .map(|chance| TopTokens { candidates: chance.top_logprobs.iter().map(Chance::told).collect() })
                .collect(),
        })
    }
}

impl Chance<'_> {
    fn told(&self) -> Token<'_> {
        Token { token: &self.token, log_probability: self.logprob }
    }
}
