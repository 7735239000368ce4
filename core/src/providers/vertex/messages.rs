//! Claude on Vertex AI, to clients that speak Anthropic's dialect: what either says passes as it is, but for the model, which
//! stands in the address, and the version of the API, which stands in the body.

use super::address;
use super::claude::{PUBLISHER, VERSION};
use crate::api::members::{Members, raw};
use crate::providers::anthropic::AnthropicMessages;
use crate::providers::decoder::StreamDecoder;
use crate::providers::envelope::{setting, unwritable};
use crate::providers::failure::ProviderFailure;
use crate::providers::gemini::failure;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use bytes::Bytes;

static MESSAGES: AnthropicMessages = AnthropicMessages { forwards: &["anthropic-version", "anthropic-beta"] };

/// Claude on Vertex AI, to clients of Anthropic's dialect.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct VertexMessages;

impl Provider for VertexMessages {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        let method = if call.stream { "streamRawPredict" } else { "rawPredict" };
        let address = address::method(target, PUBLISHER, method)?;
        let mut request = MESSAGES.request(call, target)?;
        *request.uri_mut() = address.parse().map_err(|error| setting("api_base", &error))?;
        request.headers_mut().remove("anthropic-version");
        let mut members = Members::parse(request.body()).map_err(|error| unwritable(&error))?;
        members.take("model");
        if !members.has(VERSION.0) {
            members.set(VERSION.0, raw(&VERSION.1).map_err(|error| unwritable(&error))?);
        }
        let body = Bytes::from(members.to_json());
        Ok(request.map(|_| body))
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        MESSAGES.answer(reply, body)
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        MESSAGES.decoder(reply)
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        MESSAGES.failure(status, body)
    }

    fn forwards(&self) -> &'static [&'static str] {
        MESSAGES.forwards()
    }

    fn retry_after(&self, body: &[u8]) -> Option<u32> {
        failure::retry_after(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::operation::Operation;
    use crate::providers::resolve::target_of;
    use serde_json::{Value, json};

    #[test]
    fn what_the_client_says_passes_with_the_model_in_the_address() {
        let params = json!({"model": "vertex_ai/claude-sonnet-4@20250514", "vertex_project": "p"});
        let params: DeploymentParams = serde_json::from_value(params).unwrap();
        let target = target_of(&params, &Environment::default()).unwrap();
        let body = r#"{"model":"mine","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}"#;
        let (mut members, mut dropped) = (Members::parse(body.as_bytes()).unwrap(), Vec::new());
        let policy = &target.policy;
        let call = Call {
            operation: Operation::Messages,
            members: &mut members,
            stream: false,
            policy,
            dropped: &mut dropped,
        };
        let sent = VertexMessages.request(call, &target).unwrap();
        assert!(sent.uri().path().ends_with("/publishers/anthropic/models/claude-sonnet-4@20250514:rawPredict"));
        assert!(!sent.headers().contains_key("anthropic-version"));
        let wanted = json!({"max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}], "stream": false,
            "anthropic_version": "vertex-2023-10-16"});
        assert_eq!(serde_json::from_slice::<Value>(sent.body()).unwrap(), wanted);
    }
}
