//! Claude on Vertex AI: Anthropic's dialect, with the model in the address and the version of the API in the body.
//!
//! Wire format: <https://docs.claude.com/en/api/claude-on-vertex-ai>

use super::address;
use crate::api::answer::head::Head;
use crate::api::answer::whole;
use crate::api::chat::request::ChatRequest;
use crate::api::members::raw;
use crate::providers::anthropic::abilities::Abilities;
use crate::providers::anthropic::body::{self, Surroundings};
use crate::providers::anthropic::events::MessageEvents;
use crate::providers::anthropic::{answer, parameters};
use crate::providers::decoder::StreamDecoder;
use crate::providers::envelope::{self, Extras, deployment_headers, setting, told, unwritable};
use crate::providers::failure::ProviderFailure;
use crate::providers::gemini::failure;
use crate::providers::operation::Operation;
use crate::providers::parameters::admit::admit;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use crate::providers::translation::Translation;
use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use std::borrow::Cow;

pub(super) const PUBLISHER: &str = "anthropic";
const BETA: HeaderName = HeaderName::from_static("anthropic-beta");
/// The version of the API, as Vertex AI knows it.
pub(super) const VERSION: (&str, &str) = ("anthropic_version", "vertex-2023-10-16");
/// Searching the web is a feature that must be named here, though not at Anthropic itself.
const WEB_SEARCH: &str = "web-search-2025-03-05";

/// Claude on Vertex AI.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct VertexClaude;

impl Provider for VertexClaude {
    fn request(&self, mut call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        if call.operation != Operation::Chat {
            let reason = format!("`{}` has no such operation: this model only chats.", target.provider);
            return Err(TransformError::Unsayable { reason });
        }
        let extras = Extras::take(call.members, target)?;
        let mut overrides = extras.overrides()?;
        if !overrides.has(VERSION.0) {
            overrides.set(VERSION.0, raw(&VERSION.1).map_err(|error| unwritable(&error))?);
        }
        admit(&mut call, &target.profile, &target.model)?;
        let Call { members, stream, policy, dropped, .. } = call;
        let abilities = Abilities::of(&target.model, target.known.as_deref());
        let mut request = ChatRequest::read(members).map_err(told)?;
        parameters::settle(&mut request, (abilities, target), policy, dropped)?;
        let around = Surroundings { model: None, stream, overrides: &overrides };
        let mut written = body::write(&request, abilities, &around).map_err(told)?;
        dropped.extend(written.dropped.into_iter().map(Cow::Borrowed));
        if request.web_search_options.is_some() || request.tools.iter().any(|tool| tool.kind.starts_with("web_search_"))
        {
            written.betas.push(WEB_SEARCH);
        }
        let method = if stream { "streamRawPredict" } else { "rawPredict" };
        let mut sent = envelope::post(&address::method(target, PUBLISHER, method)?, written.body)?;
        set_headers(sent.headers_mut(), &extras.headers, target, &written.betas)?;
        Ok(sent)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        let answer = answer::read(&body)?;
        let head = Head { id: reply.id, model: reply.model };
        let written = whole::write(head, &answer).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        Ok(WholeAnswer { usage: answer.usage, body: Bytes::from(written) })
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        Box::new(Translation::new(reply, MessageEvents::default()))
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        failure::read(status, body)
    }

    fn retry_after(&self, body: &[u8]) -> Option<u32> {
        failure::retry_after(body)
    }
}

/// The client's headers and the deployment's. Features add up; any other header of the deployment's wins.
fn set_headers(
    headers: &mut HeaderMap,
    client: &HeaderMap,
    target: &Target,
    betas: &[&'static str],
) -> Result<(), TransformError> {
    let mut features: Vec<String> = betas.iter().map(|beta| (*beta).to_owned()).collect();
    let deployment = deployment_headers(target)?;
    let own = deployment.iter().map(|(name, value)| (name, value));
    for (name, value) in client.iter().chain(own) {
        match value.to_str() {
            Ok(list) if *name == BETA => features.extend(list.split(',').map(|beta| beta.trim().to_owned())),
            _ => {
                headers.insert(name.clone(), value.clone());
            }
        }
    }
    features.sort_unstable();
    features.dedup();
    if !features.is_empty() {
        headers.insert(BETA, features.join(",").parse().map_err(|error| setting("extra_headers", &error))?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::members::Members;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::parameters::policy::Policy;
    use crate::providers::resolve::target_of;
    use serde_json::{Value, json};

    #[test]
    fn the_model_stands_in_the_address_the_version_in_the_body_and_the_key_nowhere() {
        let params = json!({
            "model": "vertex_ai/claude-sonnet-4@20250514", "vertex_project": "p", "vertex_location": "us-east5",
            "extra_headers": {"anthropic-beta": "context-1m-2025-08-07"},
        });
        let params: DeploymentParams = serde_json::from_value(params).unwrap();
        let target = target_of(&params, &Environment::default()).unwrap();
        let body = r#"{"messages":[{"role":"user","content":"Hi"}],"web_search_options":{}}"#;
        let (mut members, mut dropped) = (Members::parse(body.as_bytes()).unwrap(), Vec::new());
        let policy = Policy::default();
        let call = Call {
            operation: Operation::Chat,
            members: &mut members,
            stream: true,
            policy: &policy,
            dropped: &mut dropped,
        };
        let sent = VertexClaude.request(call, &target).unwrap();
        let address = "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/publishers/anthropic/\
                       models/claude-sonnet-4@20250514:streamRawPredict";
        assert_eq!(sent.uri().to_string(), address);
        assert_eq!(sent.headers()["anthropic-beta"], "context-1m-2025-08-07,web-search-2025-03-05");
        assert!(!sent.headers().contains_key("x-api-key") && target.identity.is_some());
        let body: Value = serde_json::from_slice(sent.body()).unwrap();
        assert_eq!((&body["anthropic_version"], body.get("model")), (&json!("vertex-2023-10-16"), None));
    }
}
