//! Hugging Face: chats in the OpenAI dialect, embeddings in the form of its own inference servers.
//!
//! <https://huggingface.co/docs/inference-providers/tasks/feature-extraction>

use super::catalog;
use super::decoder::StreamDecoder;
use super::embedding_input::tokens_as_texts;
use super::envelope::{Extras, post, set_headers, unwritable};
use super::failure::ProviderFailure;
use super::openai::OpenAi;
use super::operation::Operation;
use super::parameters::admit::admit;
use super::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use super::target::Target;
use crate::api::answer::embeddings;
use crate::api::object::ObjectWriter;
use bytes::Bytes;
use serde_json::value::RawValue;

/// Hugging Face's inference servers and its router to them.
#[derive(Clone, Copy, Debug, Default)]
pub struct HuggingFace;

impl Provider for HuggingFace {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        if call.operation == Operation::Embedding { embed(call, target) } else { OpenAi.request(call, target) }
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        if reply.operation != Operation::Embedding {
            return OpenAi.answer(reply, body);
        }
        let malformed = |what: &str| ProviderFailure::malformed(format!("the upstream's answer holds no {what}"));
        let rows: Vec<&RawValue> = serde_json::from_slice(&body).map_err(|_| malformed("embeddings"))?;
        // A single input may be answered by its vector alone.
        let is_vector = rows.first().is_some_and(|row| !row.get().starts_with('['));
        let whole: &RawValue = serde_json::from_slice(&body).map_err(|_| malformed("embeddings"))?;
        let vectors = if is_vector { vec![whole] } else { rows };
        if vectors.iter().any(|vector| vector.get().starts_with("[[")) {
            return Err(malformed("embeddings of whole texts, but of each token; this model needs pooling"));
        }
        let written = embeddings::write(reply.model, &vectors, None);
        let written = written.map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        Ok(WholeAnswer { body: Bytes::from(written), usage: None })
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        OpenAi.decoder(reply)
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        OpenAi.failure(status, body)
    }
}

/// Inputs have another name, and the address names the model.
fn embed(mut call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
    let extras = Extras::take(call.members, target)?;
    let overrides = extras.overrides()?;
    admit(&mut call, &target.profile, &target.model)?;
    tokens_as_texts(call.members)?;
    let mut body = ObjectWriter::default();
    let others = call.members.iter().filter(|(name, _)| *name != "model");
    let said = others.map(|(name, value)| (if name == "input" { "inputs" } else { name }, value));
    for (name, value) in overrides.iter().chain(said) {
        body.add_raw(name, value).map_err(|error| unwritable(&error))?;
    }
    let mut request = post(&endpoint(target), body.finish())?;
    set_headers(request.headers_mut(), extras.headers, target)?;
    Ok(request)
}

/// A server of one's own answers at its address; the router names the model in the path.
fn endpoint(target: &Target) -> String {
    let is_router = catalog::find("huggingface").and_then(|own| own.api_base) == Some(&target.api_base);
    if is_router {
        format!("{}/hf-inference/models/{}/pipeline/feature-extraction", target.api_base, target.model)
    } else {
        target.api_base.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::members::Members;
    use crate::clock::Timestamp;
    use crate::config::{DeploymentParams, Environment};
    use crate::id::RequestId;
    use crate::providers::resolve::target_of;
    use serde_json::{Value, json};

    fn sent(api_base: Option<&str>, body: &'static str) -> http::Request<Bytes> {
        let params = DeploymentParams {
            model: "huggingface/BAAI/bge-small-en".to_owned(),
            api_base: api_base.map(str::to_owned),
            ..DeploymentParams::default()
        };
        let target = target_of(&params, &Environment::default()).unwrap();
        let mut members = Members::parse(body.as_bytes()).unwrap();
        let (policy, dropped) = (&target.policy, &mut Vec::new());
        let call = Call { operation: Operation::Embedding, members: &mut members, stream: false, policy, dropped };
        HuggingFace.request(call, &target).unwrap()
    }

    fn told(body: &'static str) -> Result<Value, ProviderFailure> {
        let id = RequestId::at(Timestamp::from_seconds(1), &[1; 10]);
        let reply = Reply {
            operation: Operation::Embedding,
            id,
            model: "mine",
            deployment: "d",
            asked: &[],
            show_usage: false,
        };
        let answer = HuggingFace.answer(reply, Bytes::from_static(body.as_bytes()))?;
        Ok(serde_json::from_slice(&answer.body).unwrap())
    }

    #[test]
    fn a_server_of_ones_own_is_called_where_it_is_and_the_router_by_the_models_name() {
        let request = sent(Some("http://tei.test"), r#"{"model":"mine","input":["a"],"normalize":true}"#);
        assert_eq!(request.uri(), "http://tei.test/");
        assert_eq!(&request.body()[..], br#"{"inputs":["a"],"normalize":true}"#);
        let path = "/hf-inference/models/BAAI/bge-small-en/pipeline/feature-extraction";
        assert_eq!(sent(None, r#"{"input":"a"}"#).uri().path(), path);
    }

    #[test]
    fn vectors_come_in_a_list_or_alone_and_those_of_tokens_are_none() {
        assert_eq!(told("[[0.5,1],[2,3]]").unwrap()["data"][1]["embedding"], json!([2, 3]));
        assert_eq!(told("[0.5, 1]").unwrap()["data"][0]["embedding"], json!([0.5, 1]));
        assert!(told("[[[0.5]]]").unwrap_err().message.contains("pooling"));
        assert!(told("{\"id\":").is_err());
    }
}
