//! What an answer tells of itself beside its text: where it comes from, how likely it is, what was thought of its safety.

use super::wire::{self, Candidate};
use crate::api::answer::message::ProviderFields;
use crate::api::chat::text::Text;
use crate::api::members::raw;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Grounding<'a> {
    #[serde(borrow, default)]
    grounding_chunks: Vec<Chunk<'a>>,
    #[serde(default)]
    grounding_supports: Vec<Support>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk<'a> {
    #[serde(borrow, default)]
    web: Option<Place<'a>>,
    #[serde(borrow, default)]
    retrieved_context: Option<Place<'a>>,
}

#[derive(Deserialize)]
struct Place<'a> {
    #[serde(borrow, default)]
    uri: Text<'a>,
    #[serde(borrow, default)]
    title: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Support {
    #[serde(default)]
    segment: Segment,
    #[serde(default)]
    grounding_chunk_indices: Vec<usize>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Segment {
    start_index: usize,
    end_index: usize,
}

#[derive(Serialize)]
struct Annotation<'a> {
    r#type: &'static str,
    url_citation: Citation<'a>,
}

#[derive(Serialize)]
struct Citation<'a> {
    start_index: usize,
    end_index: usize,
    title: &'a str,
    url: &'a str,
}

/// The sources of each piece of the text, as OpenAI writes them. Places are counted in characters; Google counts bytes.
pub(super) fn annotations(grounding: &RawValue, text: &str) -> Vec<Box<RawValue>> {
    let Ok(grounding) = serde_json::from_str::<Grounding<'_>>(grounding.get()) else { return Vec::new() };
    let mut annotations = Vec::new();
    for support in &grounding.grounding_supports {
        let chunks = support.grounding_chunk_indices.iter().filter_map(|index| grounding.grounding_chunks.get(*index));
        for place in chunks.filter_map(|chunk| chunk.web.as_ref().or(chunk.retrieved_context.as_ref())) {
            let url_citation = Citation {
                start_index: characters(text, support.segment.start_index),
                end_index: characters(text, support.segment.end_index),
                title: place.title.as_deref().unwrap_or_default(),
                url: &place.uri,
            };
            annotations.extend(raw(&Annotation { r#type: "url_citation", url_citation }));
        }
    }
    annotations
}

fn characters(text: &str, bytes: usize) -> usize {
    text.get(..bytes).map_or(bytes, |before| before.chars().count())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Likelihoods<'a> {
    #[serde(borrow, default)]
    chosen_candidates: Vec<Token<'a>>,
    #[serde(borrow, default)]
    top_candidates: Vec<Rivals<'a>>,
}

#[derive(Deserialize)]
struct Rivals<'a> {
    #[serde(borrow, default)]
    candidates: Vec<Token<'a>>,
}

#[derive(Deserialize, Serialize)]
struct Token<'a> {
    #[serde(borrow)]
    token: Text<'a>,
    #[serde(borrow, rename(deserialize = "logProbability", serialize = "logprob"))]
    log_probability: &'a RawValue,
}

#[derive(Serialize)]
struct Logprobs<'a> {
    content: Vec<Chosen<'a>>,
}

#[derive(Serialize)]
struct Chosen<'a> {
    #[serde(flatten)]
    token: &'a Token<'a>,
    top_logprobs: &'a [Token<'a>],
}

/// The likelihood of each token, as OpenAI writes it.
pub(super) fn logprobs(result: &RawValue) -> Option<Box<RawValue>> {
    let likelihoods: Likelihoods<'_> = serde_json::from_str(result.get()).ok()?;
    let rivals = |at: usize| likelihoods.top_candidates.get(at).map_or(&[][..], |rivals| &rivals.candidates);
    let chosen = likelihoods.chosen_candidates.iter().enumerate();
    let content = chosen.map(|(at, token)| Chosen { token, top_logprobs: rivals(at) }).collect();
    raw(&Logprobs { content }).ok()
}

/// Adds what has no place in the OpenAI dialect.
pub(super) fn add_fields(candidate: &Candidate<'_>, fields: &mut ProviderFields) {
    let told = [
        ("grounding_metadata", candidate.grounding_metadata),
        ("url_context_metadata", candidate.url_context_metadata),
        ("citation_metadata", candidate.citation_metadata),
        ("safety_ratings", candidate.safety_ratings),
    ];
    for (name, value) in told {
        if let Some(value) = value {
            fields.add(name, &value);
        }
    }
    if let Some(reason) = candidate.finish_reason.as_deref().filter(|reason| wire::is_lost(reason)) {
        fields.add("native_finish_reason", &reason);
    }
    if let Some(message) = candidate.finish_message.as_deref() {
        fields.add("finish_message", &message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_source_stands_at_the_characters_that_rest_on_it() {
        let grounding = json!({
            "groundingChunks": [{"web": {"uri": "https://e.test", "title": "E"}}, {"maps": {}}],
            "groundingSupports": [{"segment": {"startIndex": 3, "endIndex": 6}, "groundingChunkIndices": [0, 1, 9]}],
        });
        let annotations = annotations(&raw(&grounding).unwrap(), "é see");
        let told: Vec<Value> = annotations.iter().map(|one| serde_json::from_str(one.get()).unwrap()).collect();
        let citation = json!({"start_index": 2, "end_index": 5, "title": "E", "url": "https://e.test"});
        assert_eq!(told, [json!({"type": "url_citation", "url_citation": citation})]);
    }

    #[test]
    fn likelihoods_keep_their_numbers() {
        let result = r#"{"chosenCandidates":[{"token":"Hi","logProbability":-0.10}],
            "topCandidates":[{"candidates":[{"token":"Hi","logProbability":-0.10},{"token":"Yo","logProbability":-2}]}]}"#;
        let told = logprobs(&RawValue::from_string(result.to_owned()).unwrap()).unwrap();
        let wanted = r#"{"content":[{"token":"Hi","logprob":-0.10,"top_logprobs":[{"token":"Hi","logprob":-0.10},{"token":"Yo","logprob":-2}]}]}"#;
        assert_eq!(told.get(), wanted);
    }
}
