//! Writes an answer of embeddings, for providers whose own answers are in another form.

use crate::usage::Usage;
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
struct Body<'b> {
    object: &'static str,
    model: &'b str,
    data: Vec<Entry<'b>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Counts>,
}

#[derive(Serialize)]
struct Entry<'b> {
    object: &'static str,
    index: usize,
    embedding: &'b RawValue,
}

/// As LiteLLM's clients see it: the members of a chat's usage are there, and say nothing.
#[derive(Serialize)]
struct Counts {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    completion_tokens_details: (),
    prompt_tokens_details: Option<InputKinds>,
}

/// How many tokens of the input were of which kind, for providers that tell them apart.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct InputKinds {
    /// Text.
    pub text_tokens: Option<u64>,
    /// Images.
    pub image_tokens: Option<u64>,
    /// Recordings.
    pub audio_tokens: Option<u64>,
    /// Videos.
    pub video_tokens: Option<u64>,
    /// Read from a cache.
    pub cached_tokens: Option<u64>,
}

/// The answer's JSON. `model` is the name that the client says; each vector is JSON as the provider wrote it, in the
/// order of the inputs.
///
/// # Errors
/// Those of the serialiser; none for vectors that were read from JSON.
pub fn write(model: &str, vectors: &[&RawValue], usage: Option<&Usage>) -> Result<Vec<u8>, serde_json::Error> {
    write_with_kinds(model, vectors, usage, None)
}

/// As [`write`], with the kinds of the input.
///
/// # Errors
/// As [`write`].
pub fn write_with_kinds(
    model: &str,
    vectors: &[&RawValue],
    usage: Option<&Usage>,
    kinds: Option<InputKinds>,
) -> Result<Vec<u8>, serde_json::Error> {
    let entries = vectors.iter().enumerate();
    let data = entries.map(|(index, embedding)| Entry { object: "embedding", index, embedding }).collect();
    let usage = usage.map(|usage| Counts {
        prompt_tokens: usage.prompt_tokens,
        completion_tokens: usage.completion_tokens,
        total_tokens: usage.total(),
        completion_tokens_details: (),
        prompt_tokens_details: kinds,
    });
    serde_json::to_vec(&Body { object: "list", model, data, usage })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn vectors_keep_their_order_and_the_bytes_of_their_numbers() {
        let vectors: Vec<Box<RawValue>> = serde_json::from_str("[[0.1250],[1e-3]]").unwrap();
        let vectors: Vec<&RawValue> = vectors.iter().map(AsRef::as_ref).collect();
        let usage = Usage { prompt_tokens: 4, ..Usage::default() };
        let text = String::from_utf8(write("mine", &vectors, Some(&usage)).unwrap()).unwrap();
        assert!(text.contains("[0.1250]") && text.contains("[1e-3]"), "{text}");
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&body["data"][1]["index"], &body["usage"]["total_tokens"]), (&json!(1), &json!(4)));
        assert!(!String::from_utf8(write("mine", &vectors, None).unwrap()).unwrap().contains("usage"));
    }
}
