//! Amazon's Titan: one text at a time.
//!
//! Wire format: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html>

use crate::api::members::Members;
use crate::api::object::ObjectWriter;
use crate::providers::bedrock::failure::excerpt;
use crate::providers::envelope::unwritable;
use crate::providers::failure::ProviderFailure;
use crate::providers::provider::TransformError;
use crate::usage::Usage;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Members of OpenAI's that have a place of their own here, or none.
const SAID: [&str; 6] = ["input", "dimensions", "encoding_format", "user", "model", "stream"];

/// Writes the body. `is_first`: the model takes a text and nothing else.
///
/// # Errors
/// [`TransformError::Member`]: the input is not one text.
pub(in crate::providers::bedrock) fn write(
    members: &Members<'_>,
    overrides: &Members<'_>,
    is_first: bool,
) -> Result<Vec<u8>, TransformError> {
    let text = text(members)?;
    let written = || -> Result<Vec<u8>, serde_json::Error> {
        let mut body = ObjectWriter::default();
        for (name, value) in overrides.iter() {
            body.add_raw(name, value)?;
        }
        body.add("inputText", &text)?;
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
    written().map_err(|error| unwritable(&error))
}

fn text(members: &Members<'_>) -> Result<String, TransformError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Input {
        Text(String),
        Texts(Vec<String>),
    }
    let unfit = |reason: &str| TransformError::Member { member: "input", reason: format!("'input' {reason}.") };
    match members.read("input") {
        Some(Input::Text(text)) => Ok(text),
        Some(Input::Texts(mut texts)) => match (texts.pop(), texts.is_empty()) {
            (Some(text), true) => Ok(text),
            _ => Err(unfit("must be one text for this model; ask for each text by itself")),
        },
        None => Err(unfit("must be a text for this model, not tokens")),
    }
}

/// The vector of an answer, and what it used.
///
/// # Errors
/// The answer is none.
pub(in crate::providers::bedrock) fn read(body: &[u8]) -> Result<(&RawValue, Usage), ProviderFailure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
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
    let malformed = || ProviderFailure::malformed(format!("the upstream's answer is no embedding: {}", excerpt(body)));
    let answer: Body<'_> = serde_json::from_slice(body).map_err(|_| malformed())?;
    let by_type = answer.embeddings_by_type.and_then(|by_type| by_type.float.or(by_type.binary));
    let vector = answer.embedding.or(by_type).ok_or_else(malformed)?;
    let usage = Usage { prompt_tokens: answer.input_text_token_count, ..Usage::default() };
    Ok((vector, usage.checked()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(body: &str, is_first: bool) -> Result<String, String> {
        let members = Members::parse(body.as_bytes()).unwrap();
        let written = write(&members, &Members::default(), is_first).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(written).unwrap())
    }

    #[test]
    fn the_second_version_takes_dimensions_and_the_first_a_text_alone() {
        let body = r#"{"model":"m","input":["Hi"],"dimensions":256,"encoding_format":"float","normalize":false}"#;
        let second = r#"{"inputText":"Hi","dimensions":256,"embeddingTypes":["float"],"normalize":false}"#;
        assert_eq!(written(body, false).unwrap(), second);
        assert_eq!(written(body, true).unwrap(), r#"{"inputText":"Hi"}"#);
    }

    #[test]
    fn tokens_are_no_text() {
        assert!(written(r#"{"input":[1,2]}"#, true).unwrap_err().contains("not tokens"));
        assert!(written(r#"{"input":[]}"#, true).unwrap_err().contains("one text"));
    }

    #[test]
    fn the_vector_stays_as_it_was_written() {
        let (vector, usage) = read(br#"{"embedding":[0.1250],"inputTextTokenCount":3}"#).unwrap();
        assert_eq!((vector.get(), usage.prompt_tokens), ("[0.1250]", 3));
        assert!(read(b"{}").is_err());
    }
}
