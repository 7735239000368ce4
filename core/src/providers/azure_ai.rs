//! Azure's catalog of models: in the OpenAI dialect, but for Claude, which is spoken to as Anthropic does, and for
//! embeddings of images, which have an address of their own.
//!
//! <https://learn.microsoft.com/azure/ai-foundry/model-inference/reference/reference-model-inference-api>

use super::decoder::StreamDecoder;
use super::failure::ProviderFailure;
use super::openai::{self, OpenAi};
use super::operation::Operation;
use super::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use super::target::Target;
use crate::api::members::{Members, raw};
use bytes::Bytes;
use serde::Serialize;

/// Azure's catalog of models, without Claude.
#[derive(Clone, Copy, Debug, Default)]
pub struct AzureAi;

/// Whether a model is Claude.
pub fn is_claude(model: &str) -> bool {
    model.to_ascii_lowercase().contains("claude")
}

/// Whether a key is sent under Azure's own name for it: to resources of Azure, and for Claude. A model that is served by
/// itself takes its key as a bearer token.
pub fn names_key(api_base: &str, model: &str) -> bool {
    let uri = api_base.parse::<http::Uri>().ok();
    let host = uri.as_ref().and_then(http::Uri::host).unwrap_or_default();
    is_claude(model) || host.ends_with(".services.ai.azure.com") || host.ends_with(".openai.azure.com")
}

impl Provider for AzureAi {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        match call.operation {
            Operation::Embedding if holds_image(call.members) => embed_images(call, target),
            _ => OpenAi.request(call, target),
        }
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        OpenAi.answer(reply, body)
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        OpenAi.decoder(reply)
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        OpenAi.failure(status, body)
    }
}

#[derive(Serialize)]
struct ImageInput<'a> {
    image: &'a str,
}

fn holds_image(members: &Members<'_>) -> bool {
    members.get("input").is_some_and(|input| input.get().contains("\"data:image/"))
}

/// Images have an operation of their own, which takes no texts.
fn embed_images(mut call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
    let unfit = || TransformError::Member {
        member: "input",
        reason: "'input' must be images alone, or texts alone.".to_owned(),
    };
    let images = {
        let inputs: Vec<&str> =
            call.members.read("input").or_else(|| Some(vec![call.members.read("input")?])).ok_or_else(unfit)?;
        if !inputs.iter().all(|input| input.starts_with("data:image/")) {
            return Err(unfit());
        }
        let images: Vec<_> = inputs.iter().map(|image| ImageInput { image }).collect();
        raw(&images).map_err(|error| super::envelope::unwritable(&error))?
    };
    call.members.replace("input", images);
    // The client's name for the model is nobody else's. A model that is served by itself needs none.
    call.members.take("model");
    let is_shared = names_key(&target.api_base, &target.model);
    let names: &[(&'static str, &str)] = if is_shared { &[("model", &target.model)] } else { &[] };
    let body = openai::body(&mut call, target, names)?;
    let (base, query) =
        target.api_base.split_once('?').map_or((target.api_base.as_str(), None), |(base, query)| (base, Some(query)));
    openai::post(&openai::azure_models(target, base.trim_end_matches('/'), query, "/images/embeddings"), body, target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::resolve::target_of;
    use serde_json::{Value, json};

    fn sent(base: &str, input: &Value) -> Result<http::Request<Bytes>, TransformError> {
        let params = DeploymentParams {
            model: "azure_ai/Cohere-embed-v3-english".to_owned(),
            api_base: Some(base.to_owned()),
            api_key: Some(crate::secret::Secret::new("sk")),
            ..DeploymentParams::default()
        };
        let target = target_of(&params, &Environment::default()).unwrap();
        let body = json!({"model": "mine", "input": input}).to_string();
        let mut members = Members::parse(body.as_bytes()).unwrap();
        let (policy, dropped) = (&target.policy, &mut Vec::new());
        let call = Call { operation: Operation::Embedding, members: &mut members, stream: false, policy, dropped };
        AzureAi.request(call, &target)
    }

    #[test]
    fn images_go_to_an_address_of_their_own() {
        let request = sent("https://u.test", &json!(["data:image/png;base64,AA"])).unwrap();
        assert_eq!(request.uri(), "https://u.test/images/embeddings");
        assert_eq!(&request.body()[..], br#"{"input":[{"image":"data:image/png;base64,AA"}]}"#);
        let one = sent("https://r.services.ai.azure.com", &json!("data:image/png;base64,AA")).unwrap();
        assert_eq!(one.uri().path(), "/models/images/embeddings");
        assert_eq!(one.headers()["api-key"], "sk");
        let text = sent("https://u.test", &json!("a text")).unwrap();
        assert_eq!(
            (text.uri().path(), &text.headers()["authorization"]),
            ("/embeddings", &"Bearer sk".parse().unwrap())
        );
    }

    #[test]
    fn texts_among_images_are_refused() {
        let mixed = sent("https://u.test", &json!(["data:image/png;base64,AA", "a text"]));
        assert!(matches!(mixed, Err(TransformError::Member { member: "input", .. })));
    }
}
