//! Amazon's Titan: one text at a time.
//!
//! Wire format: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html>

use super::input;
use crate::api::members::Members;
use crate::api::object::ObjectWriter;
use crate::providers::bedrock::failure::excerpt;
use crate::providers::envelope::unwritable;
use crate::providers::failure::ProviderFailure;
use crate::providers::provider::TransformError;
use crate::usage::Usage;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Members of OpenAI's that have a place of their own here, or none.
const SAID: [&str; 6] = ["input", "dimensions", "encoding_format", "user", "model", "stream"];

/// Writes a body for each text. `is_first`: the model takes a text and nothing else.
///
/// # Errors
/// [`TransformError::Member`]: the input is none.
pub(crate) fn write(
    members: &Members<'_>,
    overrides: &Members<'_>,
    is_first: bool,
) -> Result<Vec<Bytes>, TransformError> {
    let written = |text: &str| -> Result<Vec<u8>, serde_json::Error> {
        let mut body = ObjectWriter::default();
        for (name, value) in overrides.iter() {
            body.add_raw(name, value)?;
        }
        body.add("inputText", text)?;
        if is_first {
            return Ok(body.finish());
        }
        if let Some(dimensions) = members.get("dimensions") {
            body.add_raw("dimensions", dimensions)?;
        }
        match members.read::<&str>("encoding_format") {
            Some("float") => body.add("embeddingTypes", &["float"])?,
            Some("base64") => body.add("embeddingTypes", &["binary"])?,
            _ => {}
        }
        for (name, value) in members.iter().filter(|(name, _)| !SAID.contains(name)) {
            body.add_raw(name, value)?;
        }
        Ok(body.finish())
    };
    let one = |text: &String| written(text).map(Bytes::from).map_err(|error| unwritable(&error));
    input::texts(members)?.iter().map(one).collect()
}

/// The vectors of an answer, or of a list of answers, and what they used.
///
/// # Errors
/// The answer is none.
pub(crate) fn read(body: &[u8]) -> Result<(Vec<&RawValue>, Usage), ProviderFailure> {
    let malformed = || ProviderFailure::malformed(format!("the upstream's answer is no embedding: {}", excerpt(body)));
    let is_list = body.first() == Some(&b'[');
    let answers: Option<Vec<Answer<'_>>> = match is_list {
        true => serde_json::from_slice(body).ok(),
        false => serde_json::from_slice(body).ok().map(|answer| vec![answer]),
    };
    let answers = answers.ok_or_else(malformed)?;
    let prompt_tokens = answers.iter().map(|answer| answer.input_text_token_count).sum();
    let vectors = answers.into_iter().map(|answer| answer.vector().ok_or_else(malformed));
    let usage = Usage { prompt_tokens, ..Usage::default() };
    Ok((vectors.collect::<Result<_, _>>()?, usage.checked()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(borrow, default)]
    embedding: Option<&'a RawValue>,
    #[serde(borrow, default)]
    embeddings_by_type: Option<ByType<'a>>,
    #[serde(default)]
    input_text_token_count: u64,
}

#[derive(Deserialize)]
struct ByType<'a> {
    #[serde(borrow, default)]
    float: Option<&'a RawValue>,
    #[serde(borrow, default)]
    binary: Option<&'a RawValue>,
}

impl<'a> Answer<'a> {
    fn vector(self) -> Option<&'a RawValue> {
        let by_type = self.embeddings_by_type.and_then(|by_type| by_type.float.or(by_type.binary));
        self.embedding.or(by_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(body: &str, is_first: bool) -> Vec<String> {
        let members = Members::parse(body.as_bytes()).unwrap();
        let written = write(&members, &Members::default(), is_first).unwrap();
        written.into_iter().map(|body| String::from_utf8(body.to_vec()).unwrap()).collect()
    }

    #[test]
    fn the_second_version_takes_dimensions_and_the_first_a_text_alone() {
        let body = r#"{"model":"m","input":["Hi"],"dimensions":256,"encoding_format":"float","normalize":false}"#;
        let second = r#"{"inputText":"Hi","dimensions":256,"embeddingTypes":["float"],"normalize":false}"#;
        assert_eq!(written(body, false), [second]);
        assert_eq!(written(body, true), [r#"{"inputText":"Hi"}"#]);
    }

    #[test]
    fn each_text_is_asked_for_by_itself() {
        let wanted = [r#"{"inputText":"a"}"#, r#"{"inputText":"b"}"#];
        assert_eq!(written(r#"{"input":["a","b"]}"#, true), wanted);
    }

    #[test]
    fn vectors_stay_as_they_were_written_and_counts_add_up() {
        let (vectors, usage) = read(br#"{"embedding":[0.1250],"inputTextTokenCount":3}"#).unwrap();
        assert_eq!((vectors[0].get(), usage.prompt_tokens), ("[0.1250]", 3));
        let two = br#"[{"embedding":[1],"inputTextTokenCount":3},{"embeddingsByType":{"float":[2]},"inputTextTokenCount":4}]"#;
        let (vectors, usage) = read(two).unwrap();
        assert_eq!((vectors[1].get(), usage.prompt_tokens), ("[2]", 7));
        assert!(read(b"{}").is_err() && read(b"[{}]").is_err());
    }
}
