//! The upstream request: the client's members, with the model's own name and the deployment's additions.

use crate::api::members::raw;
use crate::providers::anthropic::request::{endpoint, set_headers};
use crate::providers::envelope::{self, Extras, unwritable};
use crate::providers::operation::Operation;
use crate::providers::parameters::admit::admit;
use crate::providers::provider::{Call, TransformError};
use crate::providers::target::Target;
use bytes::Bytes;
use http::Request;
use std::borrow::Cow;

/// The members that make up what is counted.
const COUNTED: [&str; 10] = [
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "mcp_servers",
    "context_management",
    "output_config",
    "output_format",
];
/// The members that a message has besides: <https://docs.anthropic.com/en/api/messages>
const OF_MESSAGES: [&str; 13] = [
    "max_tokens",
    "metadata",
    "stop_sequences",
    "stream",
    "temperature",
    "top_k",
    "top_p",
    "service_tier",
    "container",
    "cache_control",
    "inference_geo",
    "speed",
    "betas",
];
/// The feature that counting has been.
const COUNTING_BETA: &str = "token-counting-2024-11-01";

/// Builds the upstream request.
pub(super) fn build(mut call: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
    let extras = match call.operation {
        Operation::Messages => Extras::take(call.members, target)?,
        _ => Extras::split_off(call.members, target)?,
    };
    admit(&mut call, &target.profile, &target.model)?;
    let Call { operation, members, stream, policy, dropped } = call;
    members.retain(|name, value| {
        let is_counted = COUNTED.contains(&name);
        let is_known = is_counted || operation == Operation::Messages && OF_MESSAGES.contains(&name);
        let is_sent = is_known || policy.allowed.iter().any(|allowed| allowed == name);
        if !is_sent && value.get() != "null" {
            dropped.push(Cow::Owned(name.to_owned()));
        }
        is_sent && value.get() != "null"
    });
    members.set("model", raw(&target.model).map_err(|error| unwritable(&error))?);
    if operation == Operation::Messages {
        members.set("stream", raw(&stream).map_err(|error| unwritable(&error))?);
        members.set_all(&extras.overrides()?);
    }
    let betas: &[&'static str] = if operation == Operation::CountTokens { &[COUNTING_BETA] } else { &[] };
    let mut request = envelope::post(&address(target, operation), members.to_json())?;
    set_headers(request.headers_mut(), target, betas, &extras.headers)?;
    Ok(request)
}

/// The address of messages, or of counting them.
fn address(target: &Target, operation: Operation) -> String {
    let messages = match target.provider {
        "deepseek" => endpoint(&deepseek_base(&target.api_base)),
        _ => endpoint(&target.api_base),
    };
    if operation != Operation::CountTokens {
        return messages;
    }
    match messages.split_once('?') {
        Some((path, query)) => format!("{path}/count_tokens?{query}"),
        None => format!("{messages}/count_tokens"),
    }
}

/// DeepSeek speaks this dialect beside OpenAI's: <https://api-docs.deepseek.com/guides/anthropic_api>
fn deepseek_base(api_base: &str) -> String {
    let base = api_base.trim_end_matches('/');
    if base.contains("/anthropic") {
        return base.to_owned();
    }
    let base = base.strip_suffix("/v1").or_else(|| base.strip_suffix("/beta")).unwrap_or(base);
    format!("{base}/anthropic")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::members::Members;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::resolve::target_of;
    use serde_json::{Value, json};

    fn sent(model: &str, operation: Operation, body: &Value) -> (Request<Bytes>, Vec<Cow<'static, str>>) {
        let params = DeploymentParams {
            model: model.to_owned(),
            api_base: Some("http://u".to_owned()),
            api_key: Some(crate::secret::Secret::new("sk-up")),
            ..DeploymentParams::default()
        };
        let target = target_of(&params, &Environment::default()).unwrap();
        let text = body.to_string();
        let mut members = Members::parse(text.as_bytes()).unwrap();
        let (policy, mut dropped) = (&target.policy, Vec::new());
        let call = Call { operation, members: &mut members, stream: false, policy, dropped: &mut dropped };
        (build(call, &target).unwrap(), dropped)
    }

    fn body(request: &Request<Bytes>) -> Value {
        serde_json::from_slice(request.body()).unwrap()
    }

    #[test]
    fn what_the_client_says_passes_and_only_the_model_is_named_anew() {
        let said = json!({"model": "mine", "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}],
            "metadata": {"user_id": "u"}, "thinking": {"type": "enabled", "budget_tokens": 1024}, "top_k": 5, "x": null});
        let (request, dropped) = sent("anthropic/claude-x", Operation::Messages, &said);
        assert_eq!(request.uri(), "http://u/v1/messages");
        assert_eq!((&request.headers()["x-api-key"], dropped.len()), (&"sk-up".parse().unwrap(), 0));
        let mut wanted = said;
        wanted["model"] = json!("claude-x");
        wanted["stream"] = json!(false);
        wanted.as_object_mut().unwrap().remove("x");
        assert_eq!(body(&request), wanted);
    }

    #[test]
    fn what_the_dialect_does_not_have_is_dropped_by_name_and_extra_body_is_not() {
        let said = json!({"model": "m", "messages": [], "max_tokens": 5, "frob": 1, "extra_body": {"flag": true}});
        let (request, dropped) = sent("anthropic/claude-x", Operation::Messages, &said);
        assert_eq!((dropped, body(&request)["flag"].clone()), (vec![Cow::from("frob")], json!(true)));
    }

    #[test]
    fn counting_asks_for_what_is_counted_alone() {
        let said = json!({"model": "m", "messages": [1], "max_tokens": 5, "system": "x"});
        let (request, _) = sent("anthropic/claude-x", Operation::CountTokens, &said);
        assert_eq!(request.uri(), "http://u/v1/messages/count_tokens");
        assert_eq!(request.headers()["anthropic-beta"], COUNTING_BETA);
        assert_eq!(body(&request), json!({"model": "claude-x", "messages": [1], "system": "x"}));
    }

    #[test]
    fn deepseek_is_asked_at_the_address_of_its_other_dialect() {
        let said = json!({"model": "m", "messages": [], "max_tokens": 5});
        let (request, _) = sent("deepseek/deepseek-chat", Operation::Messages, &said);
        assert_eq!(request.uri(), "http://u/anthropic/v1/messages");
        assert_eq!(deepseek_base("http://u/beta/"), "http://u/anthropic");
        assert_eq!(deepseek_base("http://u/anthropic"), "http://u/anthropic");
    }
}
