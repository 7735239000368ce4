//! The upstream request: the client's members with the model's own name. What the API does not have is dropped and
//! reported.

use crate::providers::openai::address;
use crate::providers::openai::post;
use crate::providers::operation::Operation;
use crate::providers::outgoing::{self, member};
use crate::providers::parameters::admit::leave_out;
use crate::providers::provider::{Call, TransformError};
use crate::providers::target::Target;
use bytes::Bytes;
use http::Request;
use std::borrow::Cow;

/// The members of a request: <https://platform.openai.com/docs/api-reference/responses/create>
const MEMBERS: [&str; 30] = [
    "background",
    "context_management",
    "conversation",
    "include",
    "input",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "model",
    "moderation",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
];

/// Builds the upstream request.
pub(super) fn build(call: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
    let Call { members, policy, dropped, .. } = call;
    let extra_body = members.take("extra_body");
    outgoing::fill_in(members, target)?;
    leave_out(members, policy, dropped);
    members.retain(|name, _| {
        let is_sent = MEMBERS.contains(&name) || policy.allowed.iter().any(|allowed| allowed == name);
        if !is_sent {
            dropped.push(Cow::Owned(name.to_owned()));
        }
        is_sent
    });
    if members.has("reasoning") && knows_no_reasoning(target) && !policy.allowed.iter().any(|name| name == "reasoning")
    {
        if !policy.drops {
            let (provider, model) = (target.provider, target.model.clone());
            return Err(TransformError::Unsupported { provider, model, params: vec!["`reasoning`".to_owned()] });
        }
        members.take("reasoning");
        dropped.push(Cow::Borrowed("reasoning"));
    }
    members.set("model", member(&target.model, "model")?);
    outgoing::add_extra_body(members, target, extra_body)?;
    post(&address::responses(target, ""), members.to_json(), target)
}

/// Whether this is a model of OpenAI's that is known to answer without thinking.
fn knows_no_reasoning(target: &Target) -> bool {
    target.provider == "openai" && !target.profile.takes(Operation::Chat).takes("reasoning_effort")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::members::Members;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::resolve::target_of;
    use serde_json::{Value, json};

    fn sent(model: &str, body: &Value) -> Result<(Value, Vec<Cow<'static, str>>), TransformError> {
        let (model, api_base) = (model.to_owned(), Some("http://u/v1".to_owned()));
        let params = DeploymentParams { model, api_base, ..DeploymentParams::default() };
        let target = target_of(&params, &Environment::default()).unwrap();
        let text = body.to_string();
        let (mut members, mut dropped) = (Members::parse(text.as_bytes()).unwrap(), Vec::new());
        let (operation, policy) = (Operation::Responses, &target.policy);
        let call = Call { operation, members: &mut members, stream: false, policy, dropped: &mut dropped };
        let request = build(call, &target)?;
        assert_eq!(request.uri(), "http://u/v1/responses");
        Ok((serde_json::from_slice(request.body()).unwrap(), dropped))
    }

    #[test]
    fn what_the_client_says_passes_and_the_model_is_named_anew() {
        let mut body = json!({"model": "mine", "input": [{"type": "new_kind", "x": 1.0}], "metadata": {"a": "b"},
            "tools": [{"type": "mcp"}], "store": false, "user": "u"});
        let (sent, dropped) = sent("openai/gpt-4o", &body).unwrap();
        body["model"] = json!("gpt-4o");
        assert_eq!((sent, dropped.len()), (body, 0));
    }

    #[test]
    fn what_the_api_does_not_have_is_dropped_by_name_and_extra_body_is_not() {
        let body = json!({"input": "x", "frob": 1, "extra_body": {"top_k": 3}});
        let (sent, dropped) = sent("hosted_vllm/q", &body).unwrap();
        assert_eq!(sent, json!({"input": "x", "model": "q", "top_k": 3}));
        assert_eq!(dropped, ["frob"]);
    }

    #[test]
    fn thinking_is_refused_for_a_model_that_is_known_not_to() {
        let body = json!({"input": "x", "reasoning": {"effort": "low"}});
        assert!(matches!(sent("openai/gpt-4o", &body), Err(TransformError::Unsupported { .. })));
        assert_eq!(sent("openai/o3", &body).unwrap().0["reasoning"]["effort"], "low");
        assert_eq!(sent("openai/of-ones-own", &body).unwrap().0["reasoning"]["effort"], "low");
    }
}
