//! How large a request is, asked of an upstream that counts in another dialect than the client's: the request is said as a
//! chat, the upstream's transform says that, and what is left of it without how the answer is to be is counted.

use super::dialect::{Asked, ClientDialect};
use crate::api::members::{Members, raw};
use crate::providers::bridge::generate_content;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::ProviderFailure;
use crate::providers::operation::Operation;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use crate::usage::Usage;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Uri};
use serde::Deserialize;
use serde_json::json;

/// A counter over an upstream's transform.
pub struct Counting {
    /// What the client speaks.
    pub dialect: &'static dyn ClientDialect,
    /// Who says a chat to the upstream.
    pub inner: &'static dyn Provider,
    /// Where it counts, below the address of chats.
    pub below: &'static str,
    /// The members that make up what is counted.
    pub counted: &'static [&'static str],
    /// What it has to be asked with.
    pub header: Option<(&'static str, &'static str)>,
}

/// What upstreams answer: <https://docs.anthropic.com/en/api/messages-count-tokens>,
/// <https://platform.openai.com/docs/api-reference/responses/input-tokens>.
#[derive(Deserialize)]
struct Count {
    #[serde(alias = "totalTokens")]
    input_tokens: u64,
}

impl Provider for Counting {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
        let Call { members, policy, dropped, .. } = call;
        let unsaid = |error: serde_json::Error| TransformError::Unsayable { reason: error.to_string() };
        generate_content::counted(members)?;
        let mut chat = self.dialect.ask(Asked { members, target, dropped: &mut *dropped })?;
        chat.set("stream", raw(&false).map_err(unsaid)?);
        let call = Call { operation: Operation::Chat, members: &mut chat, stream: false, policy, dropped };
        let mut request = self.inner.request(call, target)?;
        let mut body = Members::parse(request.body()).map_err(unsaid)?;
        body.retain(|name, _| self.counted.contains(&name));
        let body = body.to_json();
        *request.body_mut() = body.into();
        *request.uri_mut() = below(request.uri(), self.below)?;
        if let Some((name, value)) = self.header {
            request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Ok(request)
    }

    fn answer(&self, _: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        let count: Count = serde_json::from_slice(&body)
            .map_err(|_| ProviderFailure::malformed("the upstream's answer counts nothing"))?;
        let told = json!({
            "totalTokens": count.input_tokens, "promptTokensDetails": [], "litellm_count_source": "provider"
        });
        // Counting is free.
        Ok(WholeAnswer { body: told.to_string().into(), usage: Some(Usage::default()) })
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        self.inner.decoder(reply)
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        self.inner.failure(status, body)
    }

    fn retry_after(&self, body: &[u8]) -> Option<u32> {
        self.inner.retry_after(body)
    }
}

fn below(address: &Uri, below: &str) -> Result<Uri, TransformError> {
    let text = address.to_string();
    let longer = match text.split_once('?') {
        Some((path, query)) => format!("{path}{below}?{query}"),
        None => format!("{text}{below}"),
    };
    longer.parse().map_err(|_| TransformError::Setting { setting: "api_base", reason: "it is no address".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::registry;
    use crate::providers::resolve::target_of;
    use serde_json::Value;

    fn asked(model: &str, body: &Value) -> (String, Value) {
        let (model, api_base) = (model.to_owned(), Some("http://u".to_owned()));
        let params = DeploymentParams { model, api_base, ..DeploymentParams::default() };
        let target = target_of(&params, &Environment::default()).unwrap();
        let text = body.to_string();
        let (mut members, mut dropped) = (Members::parse(text.as_bytes()).unwrap(), Vec::new());
        let (operation, policy) = (Operation::CountContent, &target.policy);
        let call = Call { operation, members: &mut members, stream: false, policy, dropped: &mut dropped };
        let request = registry::provider(&target, operation).request(call, &target).unwrap();
        (request.uri().to_string(), serde_json::from_slice(request.body()).unwrap())
    }

    #[test]
    fn what_is_counted_is_said_in_the_upstreams_words() {
        let contents = json!([{"role": "user", "parts": [{"text": "Hi"}]}]);
        let system = json!({"parts": [{"text": "Terse."}]});
        let whole = json!({"generateContentRequest": {
            "model": "models/x", "contents": contents, "systemInstruction": system, "generationConfig": {"topK": 1}
        }});
        let (address, body) = asked("anthropic/claude-x", &whole);
        assert_eq!(address, "http://u/v1/messages/count_tokens");
        assert_eq!((body.get("max_tokens"), body.get("top_k"), &body["model"]), (None, None, &json!("claude-x")));
        assert_eq!(body["system"][0]["text"], "Terse.");
        let (address, body) = asked("openai/gpt-4o", &json!({"contents": contents}));
        assert!(address.ends_with("/responses/input_tokens"), "{address}");
        assert_eq!((&body["model"], body.get("stream")), (&json!("gpt-4o"), None));
        let (address, body) = asked("gemini/gemini-2.5-flash", &json!({"contents": contents}));
        assert!(address.ends_with("/models/gemini-2.5-flash:countTokens"), "{address}");
        assert_eq!(body, json!({"contents": contents}));
    }
}
