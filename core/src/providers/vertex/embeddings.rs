//! Embeddings: one instance for each input, and parameters beside them.
//!
//! Wire format: <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api>

use crate::api::answer::embeddings;
use crate::api::members::Members;
use crate::api::object::ObjectWriter;
use crate::providers::envelope::unwritable;
use crate::providers::failure::ProviderFailure;
use crate::providers::gemini::embeddings::inputs;
use crate::providers::provider::{Reply, TransformError, WholeAnswer};
use crate::usage::Usage;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What an input is for, by the names that clients have for it.
const TASKS: [&str; 3] = ["input_type", "task_type", "taskType"];
/// Members that are read, or that ask for what is given anyway.
const READ: [&str; 4] = ["model", "input", "encoding_format", "title"];

#[derive(Serialize)]
struct Instance<'a> {
    content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_type: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a RawValue>,
}

/// The body of a request for embeddings.
///
/// # Errors
/// [`TransformError::Member`]: the input is no text and no list of texts.
pub(super) fn write(members: &Members<'_>, overrides: &Members<'_>) -> Result<Vec<u8>, TransformError> {
    let inputs = inputs(members)?;
    let task_type = TASKS.iter().find_map(|name| members.get(name));
    let title = members.get("title");
    let instances: Vec<_> = inputs.iter().map(|content| Instance { content, task_type, title }).collect();
    let write = || -> Result<Vec<u8>, serde_json::Error> {
        let mut parameters = ObjectWriter::default();
        for (name, value) in members.iter().filter(|(name, _)| !READ.contains(name)) {
            parameters.add_raw(if name == "dimensions" { "outputDimensionality" } else { name }, value)?;
        }
        // Some models look for it here, and none minds: parameters that a model does not know count for nothing.
        task_type.map_or(Ok(()), |task_type| parameters.add_raw("task_type", task_type))?;
        let parameters: Box<RawValue> = serde_json::from_slice(&parameters.finish())?;
        let mut body = ObjectWriter::default();
        for (name, value) in overrides.iter() {
            body.add_raw(name, value)?;
        }
        body.add("instances", &instances)?;
        body.add_raw("parameters", &parameters)?;
        Ok(body.finish())
    };
    write().map_err(|error| unwritable(&error))
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    predictions: Vec<Prediction<'a>>,
}

#[derive(Deserialize)]
struct Prediction<'a> {
    #[serde(borrow)]
    embeddings: Vector<'a>,
}

#[derive(Deserialize)]
struct Vector<'a> {
    #[serde(borrow)]
    values: &'a RawValue,
    #[serde(default)]
    statistics: Statistics,
}

#[derive(Default, Deserialize)]
struct Statistics {
    /// Written with a fraction by some models.
    #[serde(default)]
    token_count: f64,
}

/// Reads an answer of status 200.
pub(super) fn read(reply: Reply<'_>, body: &[u8]) -> Result<WholeAnswer, ProviderFailure> {
    let answer: Body<'_> = serde_json::from_slice(body)
        .map_err(|_| ProviderFailure::malformed("the upstream's answer holds no embeddings"))?;
    let tokens: f64 = answer.predictions.iter().map(|one| one.embeddings.statistics.token_count).sum();
    // A float-to-int cast saturates, and what is below zero counts as nothing.
    let usage = Usage { prompt_tokens: tokens as u64, ..Usage::default() }.checked();
    let vectors: Vec<&RawValue> = answer.predictions.iter().map(|one| one.embeddings.values).collect();
    let written = embeddings::write(reply.model, &vectors, Some(&usage))
        .map_err(|error| ProviderFailure::malformed(error.to_string()))?;
    Ok(WholeAnswer { body: written.into(), usage: Some(usage) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn each_input_is_an_instance_and_what_it_is_for_stands_with_it() {
        let body = br#"{"input":["a","b"],"dimensions":8,"input_type":"RETRIEVAL_QUERY","autoTruncate":false}"#;
        let written = write(&Members::parse(body).unwrap(), &Members::default()).unwrap();
        let written: Value = serde_json::from_slice(&written).unwrap();
        let of = |text: &str| json!({"content": text, "task_type": "RETRIEVAL_QUERY"});
        assert_eq!(written["instances"], json!([of("a"), of("b")]));
        let (dimensions, task) = (&written["parameters"]["outputDimensionality"], &written["parameters"]["task_type"]);
        assert_eq!((dimensions, task), (&json!(8), &json!("RETRIEVAL_QUERY")));
        assert_eq!(written["parameters"]["autoTruncate"], json!(false));
    }
}
