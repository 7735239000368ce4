//! Embeddings: the inputs are always a list, and what the server does not know of stands in `options`.

use crate::api::answer::embeddings;
use crate::api::members::Members;
use crate::api::object::ObjectWriter;
use crate::providers::envelope::unwritable;
use crate::providers::failure::ProviderFailure;
use crate::providers::provider::{TransformError, WholeAnswer};
use crate::usage::Usage;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Members that are the server's.
const OF_THE_SERVER: [&str; 4] = ["dimensions", "truncate", "keep_alive", "options"];
/// Members that are ours to read, or said in another way.
const READ: [&str; 3] = ["model", "input", "encoding_format"];

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    embeddings: Vec<&'a RawValue>,
    #[serde(default)]
    prompt_eval_count: Option<u64>,
}

/// The body of a request for embeddings.
pub(super) fn write(members: &Members<'_>, model: &str, overrides: &Members<'_>) -> Result<Vec<u8>, TransformError> {
    let mut body = ObjectWriter::default();
    let mut options = Members::default();
    let mut fill = || -> Result<(), serde_json::Error> {
        for (name, value) in overrides.iter() {
            body.add_raw(name, value)?;
        }
        body.add("model", model)?;
        if let Some(input) = members.get("input") {
            if input.get().starts_with('[') { body.add_raw("input", input)? } else { body.add("input", &[input])? }
        }
        for (name, value) in members.iter().filter(|(name, _)| !READ.contains(name)) {
            if OF_THE_SERVER.contains(&name) {
                body.add_raw(name, value)?;
            } else {
                options.set(name.to_owned(), value.to_owned());
            }
        }
        if options.iter().next().is_some() {
            let json = String::from_utf8(options.to_json()).map_err(serde::ser::Error::custom)?;
            body.add_raw("options", &RawValue::from_string(json)?)?;
        }
        Ok(())
    };
    fill().map_err(|error| unwritable(&error))?;
    Ok(body.finish())
}

/// Reads an answer of status 200.
pub(super) fn read(model: &str, body: &Bytes) -> Result<WholeAnswer, ProviderFailure> {
    let answer: Body<'_> = serde_json::from_slice(body)
        .map_err(|_| ProviderFailure::malformed("the upstream's answer holds no embeddings"))?;
    let usage = answer.prompt_eval_count.map(|prompt_tokens| Usage { prompt_tokens, ..Usage::default() }.checked());
    let written = embeddings::write(model, &answer.embeddings, usage.as_ref())
        .map_err(|error| ProviderFailure::malformed(error.to_string()))?;
    Ok(WholeAnswer { body: Bytes::from(written), usage })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::failure::FailureClass;
    use serde_json::{Value, json};

    fn written(body: &str) -> Value {
        let members = Members::parse(body.as_bytes()).unwrap();
        serde_json::from_slice(&write(&members, "nomic", &Members::default()).unwrap()).unwrap()
    }

    #[test]
    fn one_input_is_a_list_of_one_and_what_is_not_known_is_an_option() {
        let body = written(r#"{"model":"mine","input":"Hi","dimensions":256,"frob":1}"#);
        assert_eq!(body, json!({"model": "nomic", "input": ["Hi"], "dimensions": 256, "options": {"frob": 1}}));
        assert_eq!(written(r#"{"input":["a","b"]}"#), json!({"model": "nomic", "input": ["a", "b"]}));
    }

    #[test]
    fn vectors_are_told_in_order_and_counted_where_the_server_counts() {
        let body = Bytes::from_static(br#"{"embeddings":[[0.125],[1]],"prompt_eval_count":4}"#);
        let answer = read("mine", &body).unwrap();
        let told: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((&told["data"][1]["embedding"], answer.usage.unwrap().prompt_tokens), (&json!([1]), 4));
        let failure = read("mine", &Bytes::from_static(b"{}")).unwrap_err();
        assert_eq!(failure.class, FailureClass::Malformed);
    }
}
