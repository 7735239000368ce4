//! watsonx as a [`Provider`].

use super::address::{deployment, endpoint};
use super::embeddings;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::ProviderFailure;
use crate::providers::openai::{self, OpenAi};
use crate::providers::operation::Operation;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use bytes::Bytes;

/// IBM's watsonx.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watsonx;

impl Provider for Watsonx {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        match call.operation {
            Operation::Chat => chat(call, target),
            Operation::Embedding => embeddings::request(call, target),
            _ => {
                let reason = format!("`{}` has no such operation: it chats and embeds.", target.provider);
                Err(TransformError::Unsayable { reason })
            }
        }
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        if reply.operation == Operation::Embedding {
            embeddings::read(reply.model, &body)
        } else {
            OpenAi.answer(reply, body)
        }
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        OpenAi.decoder(reply)
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        OpenAi.failure(status, body)
    }
}

/// The model is named by IBM's name for it, and by OpenAI's, as LiteLLM does. A deployment is named by its address, and
/// belongs to a project itself.
fn chat(mut call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
    let address = endpoint(target, if call.stream { "text/chat_stream" } else { "text/chat" });
    let model = target.model.as_str();
    if deployment(model).is_none() {
        let body = openai::body(&mut call, target, &[("model", model), ("model_id", model)])?;
        return openai::post(&address, body, target);
    }
    call.members.take("model");
    let mut target = target.clone();
    target.default_params.retain(|name, _| !matches!(name.as_str(), "project_id" | "space_id"));
    let body = openai::body(&mut call, &target, &[])?;
    openai::post(&address, body, &target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::members::Members;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::resolve::target_of;
    use serde_json::{Value, json};

    fn sent(model: &str, body: &Value) -> (http::Request<Bytes>, Value) {
        let mut params = DeploymentParams {
            model: format!("watsonx/{model}"),
            api_base: Some("https://us-south.ml.cloud.ibm.com".to_owned()),
            ..DeploymentParams::default()
        };
        params.rest.insert("project_id".to_owned(), json!("p"));
        params.account.token = Some(crate::secret::Secret::new("iam"));
        let target = target_of(&params, &Environment::default()).unwrap();
        let text = body.to_string();
        let mut members = Members::parse(text.as_bytes()).unwrap();
        let (policy, dropped) = (&target.policy, &mut Vec::new());
        let stream = body.get("stream").is_some();
        let call = Call { operation: Operation::Chat, members: &mut members, stream, policy, dropped };
        let request = Watsonx.request(call, &target).unwrap();
        let body = serde_json::from_slice(request.body()).unwrap();
        (request, body)
    }

    #[test]
    fn a_model_belongs_to_a_project_and_the_token_stays_out_of_the_body() {
        let (request, body) = sent("ibm/granite", &json!({"model": "mine", "messages": [], "tool_choice": "auto"}));
        let address = "https://us-south.ml.cloud.ibm.com/ml/v1/text/chat?version=2024-03-13";
        assert_eq!(
            (request.uri().to_string().as_str(), &request.headers()["authorization"]),
            (address, &"Bearer iam".parse().unwrap())
        );
        let wanted = json!({
            "messages": [], "tool_choice_option": "auto", "model": "ibm/granite", "model_id": "ibm/granite",
            "project_id": "p", "stream": false
        });
        assert_eq!(body, wanted);
    }

    #[test]
    fn a_deployment_is_named_by_its_address_alone() {
        let (request, body) = sent("deployment/dep-1", &json!({"model": "mine", "messages": [], "stream": true}));
        assert_eq!(request.uri().path(), "/ml/v1/deployments/dep-1/text/chat_stream");
        assert_eq!(body, json!({"messages": [], "stream": true}));
    }
}
