//! Anthropic's dialect by `InvokeModel`, as a [`Provider`].

use super::{body, stream};
use crate::providers::anthropic::AnthropicMessages;
use crate::providers::bedrock::abilities::Abilities;
use crate::providers::bedrock::address;
use crate::providers::bedrock::betas::{self, BETA};
use crate::providers::bedrock::failure;
use crate::providers::bedrock::invoke::frames::Frames;
use crate::providers::bedrock::model::{BedrockModel, Route};
use crate::providers::decoder::StreamDecoder;
use crate::providers::envelope::{credential, setting, unwritable};
use crate::providers::failure::ProviderFailure;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;

static MESSAGES: AnthropicMessages = AnthropicMessages { forwards: &["anthropic-version", "anthropic-beta"] };
/// Headers of Anthropic's own service: its key, and its version, which stands in the body here.
const OF_ANTHROPIC: [&str; 2] = ["x-api-key", "anthropic-version"];

/// Claude by `InvokeModel`, to clients of Anthropic's dialect.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::providers) struct BedrockMessages;

impl Provider for BedrockMessages {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
        let model = BedrockModel::of(&target.model);
        let address = address::endpoint(&target.api_base, &model, call.stream);
        let mut request = MESSAGES.request(call, target)?;
        *request.uri_mut() = address.parse().map_err(|error| setting("api_base", &error))?;
        let headers = request.headers_mut();
        OF_ANTHROPIC.iter().for_each(|name| drop(headers.remove(*name)));
        if let Some(key) = &target.api_key {
            headers.insert(AUTHORIZATION, credential("Bearer ", key)?);
        }
        let named = headers.remove(BETA);
        let named: Vec<&str> = betas::listed(named.as_ref()).collect();
        let abilities = Abilities::of(&model, target);
        let body = body::write(request.body(), &abilities, &named).map_err(|error| unwritable(&error))?;
        Ok(request.map(|_| Bytes::from(body)))
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        MESSAGES.answer(reply, body)
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        Box::new(Frames::new(MESSAGES.decoder(reply), stream::write))
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        failure::read(status, body)
    }

    fn forwards(&self) -> &'static [&'static str] {
        MESSAGES.forwards()
    }

    fn forwarded(&self, request: &mut Request<Bytes>) {
        betas::tell(request, Route::Invoke);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::members::Members;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::operation::Operation;
    use crate::providers::resolve::target_of;
    use serde_json::{Value, json};

    #[test]
    fn what_the_client_says_passes_with_the_model_and_the_stream_in_the_address() {
        let model = "bedrock/invoke/anthropic.claude-3-haiku-20240307-v1:0";
        let params = json!({"model": model, "api_base": "http://b.test", "api_key": "k"});
        let params: DeploymentParams = serde_json::from_value(params).unwrap();
        let target = target_of(&params, &Environment::default()).unwrap();
        let body = r#"{"model":"mine","max_tokens":5,"messages":[{"role":"user","content":"Hi"}],"betas":["b"]}"#;
        let (mut members, mut dropped) = (Members::parse(body.as_bytes()).unwrap(), Vec::new());
        let (policy, operation) = (&target.policy, Operation::Messages);
        let call = Call { operation, members: &mut members, stream: true, policy, dropped: &mut dropped };
        let sent = BedrockMessages.request(call, &target).unwrap();
        let path = "/model/anthropic.claude-3-haiku-20240307-v1:0/invoke-with-response-stream";
        assert_eq!(sent.uri().path(), path);
        assert_eq!(sent.headers()[AUTHORIZATION], "Bearer k");
        assert!(!sent.headers().contains_key("x-api-key") && !sent.headers().contains_key("anthropic-version"));
        let wanted = json!({"max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}],
            "anthropic_version": "bedrock-2023-05-31", "anthropic_beta": ["b"]});
        assert_eq!(serde_json::from_slice::<Value>(sent.body()).unwrap(), wanted);
    }
}
