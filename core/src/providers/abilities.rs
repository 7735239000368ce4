//! What each provider can be asked for: its transform is given the smallest request of each kind, and where it goes is
//! looked at. Nothing is sent.

use super::catalog::Provider;
use super::operation::Operation;
use super::parameters::policy::Policy;
use super::provider::{Call, Provider as _};
use super::registry;
use super::resolve::target_of;
use crate::api::form::Form;
use crate::api::members::Members;
use crate::config::{DeploymentParams, Environment};
use bytes::Bytes;
use serde_json::json;

/// Where operators each have an address of their own.
const BASE: &str = "http://BASE";

const FORM_TYPE: &str = "multipart/form-data; boundary=b";

/// The smallest body that makes sense, where it is JSON.
fn smallest(operation: Operation) -> Option<&'static str> {
    Some(match operation {
        Operation::Chat => r#"{"messages":[{"role":"user","content":"Hi"}]}"#,
        Operation::Completion => r#"{"prompt":"Hi"}"#,
        Operation::Embedding | Operation::Responses | Operation::Moderation => r#"{"input":"Hi"}"#,
        Operation::Rerank => r#"{"query":"Hi","documents":["a","b"]}"#,
        Operation::Messages | Operation::CountTokens => {
            r#"{"max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#
        }
        Operation::GenerateContent | Operation::StreamGenerateContent | Operation::CountContent => {
            r#"{"contents":[{"parts":[{"text":"Hi"}]}]}"#
        }
        Operation::ImageGeneration => r#"{"prompt":"A hill"}"#,
        Operation::Speech => r#"{"input":"Hi","voice":"alloy"}"#,
        Operation::ImageEdit | Operation::Transcription | Operation::Translation | Operation::PassThrough => {
            return None;
        }
    })
}

/// The path below the provider's address that a request of this kind goes to; `None` where the transform refuses it.
pub fn upstream_path(provider: &Provider, operation: Operation) -> Option<String> {
    let mut params: DeploymentParams = serde_json::from_value(json!({
        "model": format!("{}/{}", provider.name, model(provider.name, operation)),
        "vertex_project": "PROJECT", "aws_region_name": "REGION", "api_version": "VERSION",
    }))
    .ok()?;
    if provider.api_base.is_none() && is_each_operators_own(provider.name) {
        params.api_base = Some(BASE.to_owned());
    }
    let environment = Environment::from_pairs([("CLOUDFLARE_ACCOUNT_ID", "ACCOUNT")]);
    let target = target_of(&params, &environment).ok()?;
    let speaker = registry::provider(&target, operation);
    let (policy, dropped) = (&Policy::default(), &mut Vec::new());
    let request = match smallest(operation) {
        Some(body) => {
            let mut members = Members::parse(body.as_bytes()).ok()?;
            speaker.request(Call { operation, members: &mut members, stream: false, policy, dropped }, &target)
        }
        None => {
            let form = Form::parse(FORM_TYPE, files(operation)).ok()?;
            let texts = form.to_json().ok()?;
            let mut members = Members::parse(&texts).ok()?;
            let call = Call { operation, members: &mut members, stream: false, policy, dropped };
            speaker.form_request(call, &form, &target)
        }
    };
    let address = request.ok()?.uri().to_string();
    let path = address.strip_prefix(target.api_base.as_str()).unwrap_or(&address);
    Some(path.replace(BASE, ""))
}

/// Whether each operator has an address of its own; else it goes by the region.
pub fn is_each_operators_own(provider: &str) -> bool {
    !["bedrock", "vertex", "sagemaker"].iter().any(|by_region| provider.starts_with(by_region))
}

/// The smallest form that makes sense.
fn files(operation: Operation) -> Bytes {
    let (name, file) = if operation == Operation::ImageEdit { ("image", "a.png") } else { ("file", "a.wav") };
    let prompt = "--b\r\ncontent-disposition: form-data; name=\"prompt\"\r\n\r\nHi\r\n";
    let head = format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\r\n");
    format!("{prompt}{head}bytes\r\n--b--\r\n").into()
}

/// A model that does what is asked, where the way of asking depends on it.
fn model(provider: &str, operation: Operation) -> &'static str {
    match (provider, operation) {
        ("bedrock" | "bedrock_converse", Operation::Embedding) => "amazon.titan-embed-text-v2:0",
        ("bedrock" | "bedrock_converse", Operation::ImageGeneration) => "amazon.nova-canvas-v1:0",
        ("bedrock" | "bedrock_converse", Operation::Rerank) => "cohere.rerank-v3-5:0",
        ("bedrock" | "bedrock_converse", _) => "us.amazon.nova-pro-v1:0",
        ("vertex_ai" | "vertex_ai_beta", Operation::Embedding) => "text-embedding-005",
        ("vertex_ai" | "vertex_ai_beta" | "gemini", Operation::ImageGeneration) => "imagen-4.0-generate-001",
        ("vertex_ai" | "vertex_ai_beta" | "gemini", _) => "gemini-2.5-pro",
        ("replicate", _) => "owner/model",
        _ => "MODEL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::catalog::find;

    #[test]
    fn a_provider_is_asked_for_what_its_transform_can_say() {
        let path = |name: &str, operation| upstream_path(find(name).unwrap(), operation);
        assert_eq!(path("openai", Operation::Transcription).as_deref(), Some("/audio/transcriptions"));
        assert_eq!(path("openai", Operation::ImageEdit).as_deref(), Some("/images/edits"));
        assert_eq!(path("openai", Operation::Responses).as_deref(), Some("/responses"));
        assert_eq!(path("anthropic", Operation::Responses).as_deref(), Some("/v1/messages"));
        assert_eq!(path("anthropic", Operation::Embedding), None);
        assert_eq!(path("anthropic", Operation::Transcription), None);
    }
}
