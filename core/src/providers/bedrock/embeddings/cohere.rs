//! Cohere's embeddings.
//!
//! Wire format: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html>

use super::input;
use crate::api::members::Members;
use crate::api::object::ObjectWriter;
use crate::providers::bedrock::failure::excerpt;
use crate::providers::envelope::unwritable;
use crate::providers::failure::ProviderFailure;
use crate::providers::provider::TransformError;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What the texts are for, where nobody says. LiteLLM's.
const PURPOSE_UNSAID: &str = "search_document";
/// Members of Cohere's own, which pass as they are.
const OWN: [&str; 4] = ["input_type", "truncate", "embedding_types", "images"];

/// Writes the body.
///
/// # Errors
/// [`TransformError::Member`]: the input is none.
pub(crate) fn write(members: &Members<'_>, overrides: &Members<'_>) -> Result<Vec<u8>, TransformError> {
    let texts = input::texts(members)?;
    let written = || -> Result<Vec<u8>, serde_json::Error> {
        let mut body = ObjectWriter::default();
        for (name, value) in overrides.iter() {
            body.add_raw(name, value)?;
        }
        body.add("texts", &texts)?;
        for name in OWN {
            if let Some(value) = members.get(name) {
                body.add_raw(name, value)?;
            }
        }
        body.add("input_type", PURPOSE_UNSAID)?;
        if let Some(dimensions) = members.get("dimensions") {
            body.add_raw("output_dimension", dimensions)?;
        }
        if let Some(format) = members.get("encoding_format") {
            body.add("embedding_types", &[format])?;
        }
        Ok(body.finish())
    };
    written().map_err(|error| unwritable(&error))
}

/// The vectors of an answer. It tells no usage.
///
/// # Errors
/// The answer is none.
pub(crate) fn read(body: &[u8]) -> Result<Vec<&RawValue>, ProviderFailure> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        embeddings: Vectors<'a>,
    }
    /// By type where types were asked for.
    #[derive(Deserialize)]
    struct ByType<'a> {
        #[serde(borrow, default)]
        float: Option<Vec<&'a RawValue>>,
        #[serde(borrow, default)]
        int8: Option<Vec<&'a RawValue>>,
        #[serde(borrow, default)]
        uint8: Option<Vec<&'a RawValue>>,
        #[serde(borrow, default)]
        binary: Option<Vec<&'a RawValue>>,
        #[serde(borrow, default)]
        ubinary: Option<Vec<&'a RawValue>>,
        #[serde(borrow, default)]
        base64: Option<Vec<&'a RawValue>>,
    }
    type Vectors<'a> = &'a RawValue;
    let malformed =
        || ProviderFailure::malformed(format!("the upstream's answer has no embeddings: {}", excerpt(body)));
    let answer: Body<'_> = serde_json::from_slice(body).map_err(|_| malformed())?;
    if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(answer.embeddings.get()) {
        return Ok(list);
    }
    let types: ByType<'_> = serde_json::from_str(answer.embeddings.get()).map_err(|_| malformed())?;
    let ByType { float, int8, uint8, binary, ubinary, base64 } = types;
    float.or(int8).or(uint8).or(binary).or(ubinary).or(base64).ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(body: &str) -> Result<String, String> {
        let members = Members::parse(body.as_bytes()).unwrap();
        let written = write(&members, &Members::default()).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(written).unwrap())
    }

    #[test]
    fn texts_are_told_with_what_they_are_for() {
        let body = r#"{"model":"m","input":"Hi","dimensions":256,"frob":1}"#;
        assert_eq!(written(body).unwrap(), r#"{"texts":["Hi"],"input_type":"search_document","output_dimension":256}"#);
        let query = r#"{"input":["a","b"],"input_type":"search_query"}"#;
        assert_eq!(written(query).unwrap(), r#"{"texts":["a","b"],"input_type":"search_query"}"#);
    }

    #[test]
    fn vectors_are_found_with_and_without_types() {
        let told = |body: &'static [u8]| read(body).unwrap().into_iter().map(RawValue::get).collect::<Vec<_>>();
        assert_eq!(told(br#"{"embeddings":[[0.1],[0.2]]}"#), ["[0.1]", "[0.2]"]);
        assert_eq!(told(br#"{"embeddings":{"int8":[[1]]}}"#), ["[1]"]);
        assert!(read(b"{}").is_err());
    }
}
