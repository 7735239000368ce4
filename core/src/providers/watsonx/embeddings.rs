//! Embeddings: texts alone, and parameters in an object of their own.

use super::address::{deployment, endpoint};
use crate::api::answer::embeddings;
use crate::api::members::Members;
use crate::api::object::ObjectWriter;
use crate::providers::embedding_input::tokens_as_texts;
use crate::providers::envelope::{Extras, post, set_headers, unwritable};
use crate::providers::failure::ProviderFailure;
use crate::providers::parameters::admit::admit;
use crate::providers::provider::{Call, TransformError, WholeAnswer};
use crate::providers::target::Target;
use crate::usage::Usage;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Members that are no parameters.
const OF_THE_REQUEST: [&str; 2] = ["project_id", "space_id"];
/// Members that are said in another way.
const READ: [&str; 2] = ["model", "input"];

/// The inputs: one text, or a list of them.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Inputs {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    results: Vec<Entry<'a>>,
    #[serde(default)]
    input_token_count: Option<u64>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    embedding: &'a RawValue,
}

/// The upstream request.
pub(super) fn request(mut call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
    let extras = Extras::take(call.members, target)?;
    let overrides = extras.overrides()?;
    admit(&mut call, &target.profile, &target.model)?;
    tokens_as_texts(call.members)?;
    let body = write(call.members, target, &overrides)?;
    let mut request = post(&endpoint(target, "text/embeddings"), body)?;
    set_headers(request.headers_mut(), extras.headers, target)?;
    Ok(request)
}

fn write(members: &Members<'_>, target: &Target, overrides: &Members<'_>) -> Result<Vec<u8>, TransformError> {
    let inputs = match members.read("input") {
        Some(Inputs::One(text)) => vec![text],
        Some(Inputs::Many(texts)) => texts,
        None => {
            let reason = "'input' must be a text or a list of texts.".to_owned();
            return Err(TransformError::Member { member: "input", reason });
        }
    };
    let others = members.iter().filter(|(name, _)| !READ.contains(name));
    let (own, parameters): (Vec<_>, Vec<_>) = others.partition(|(name, _)| OF_THE_REQUEST.contains(name));
    let parameters: BTreeMap<&str, &RawValue> = parameters.into_iter().collect();
    let is_deployment = deployment(&target.model).is_some();
    let mut body = ObjectWriter::default();
    let mut fill = || -> Result<(), serde_json::Error> {
        for (name, value) in overrides.iter() {
            body.add_raw(name, value)?;
        }
        body.add("inputs", &inputs)?;
        if !is_deployment {
            body.add("model_id", &target.model)?;
            own.iter().try_for_each(|(name, value)| body.add_raw(name, value))?;
        }
        if parameters.is_empty() { Ok(()) } else { body.add("parameters", &parameters) }
    };
    fill().map_err(|error| unwritable(&error))?;
    Ok(body.finish())
}

/// Reads an answer of status 200.
pub(super) fn read(model: &str, body: &Bytes) -> Result<WholeAnswer, ProviderFailure> {
    let answer: Body<'_> = serde_json::from_slice(body)
        .map_err(|_| ProviderFailure::malformed("the upstream's answer holds no embeddings"))?;
    let usage = answer.input_token_count.map(|prompt_tokens| Usage { prompt_tokens, ..Usage::default() }.checked());
    let vectors: Vec<&RawValue> = answer.results.iter().map(|entry| entry.embedding).collect();
    let written = embeddings::write(model, &vectors, usage.as_ref())
        .map_err(|error| ProviderFailure::malformed(error.to_string()))?;
    Ok(WholeAnswer { body: Bytes::from(written), usage })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::resolve::target_of;
    use serde_json::{Value, json};

    fn written(body: &str) -> Result<Value, TransformError> {
        let params = DeploymentParams {
            model: "watsonx/ibm/slate".to_owned(),
            api_base: Some("https://ibm.test".to_owned()),
            ..DeploymentParams::default()
        };
        let target = target_of(&params, &Environment::default()).unwrap();
        let members = Members::parse(body.as_bytes()).unwrap();
        Ok(serde_json::from_slice(&write(&members, &target, &Members::default())?).unwrap())
    }

    #[test]
    fn inputs_are_a_list_and_parameters_an_object() {
        let body = written(r#"{"model":"mine","input":"Hi","project_id":"p","truncate_input_tokens":9}"#).unwrap();
        let wanted = json!({
            "inputs": ["Hi"], "model_id": "ibm/slate", "project_id": "p", "parameters": {"truncate_input_tokens": 9}
        });
        assert_eq!(body, wanted);
        assert!(written(r#"{"input":"Hi"}"#).unwrap().get("parameters").is_none());
    }

    #[test]
    fn tokens_are_refused_by_the_members_name() {
        let refused = written(r#"{"input":[1,2,3]}"#);
        assert!(matches!(refused, Err(TransformError::Member { member: "input", .. })));
    }

    #[test]
    fn vectors_are_counted_as_the_provider_counts() {
        let body = Bytes::from_static(br#"{"results":[{"embedding":[0.5],"input":"x"}],"input_token_count":3}"#);
        let answer = read("mine", &body).unwrap();
        assert_eq!(answer.usage.unwrap().prompt_tokens, 3);
        assert!(read("mine", &Bytes::from_static(b"{}")).is_err());
    }
}
