//! Parameters that Claude does not take: refused by name, or dropped where the deployment says so.

use super::abilities::Abilities;
use crate::api::chat::request::ChatRequest;
use crate::providers::provider::TransformError;
use crate::providers::target::Target;

/// Parameters of the OpenAI dialect that no Claude takes.
const NEVER: [&str; 19] = [
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "store",
    "functions",
    "function_call",
    "prediction",
    "modalities",
    "audio",
    "verbosity",
    "service_tier",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "moderation",
    "max_retries",
];
/// Parameters that only some take.
const SAMPLING: [&str; 3] = ["temperature", "top_p", "top_k"];

/// Takes out of the request what the model does not take, and gives the names.
///
/// # Errors
/// [`TransformError::Unsupported`]: nothing may be dropped.
pub(super) fn settle(
    request: &mut ChatRequest<'_>,
    abilities: Abilities,
    target: &Target,
) -> Result<Vec<&'static str>, TransformError> {
    let unsupported = unsupported(request, abilities);
    if !unsupported.is_empty() && !drops(target) {
        return Err(TransformError::Unsupported {
            provider: target.provider,
            model: target.model.clone(),
            params: unsupported.iter().map(|name| (*name).to_owned()).collect(),
        });
    }
    request.rest.retain(|(name, _)| !unsupported.contains(name) && !OURS.contains(name));
    request.n = None;
    if !abilities.thinks {
        request.reasoning_effort = None;
        request.thinking = None;
    }
    Ok(unsupported)
}

/// Settings of the gateway that a deployment's parameters may hold.
const OURS: [&str; 1] = ["drop_params"];

/// Whether parameters are dropped rather than refused.
fn drops(target: &Target) -> bool {
    target.default_params.get("drop_params").and_then(serde_json::Value::as_bool).unwrap_or(false)
}

fn unsupported(request: &ChatRequest<'_>, abilities: Abilities) -> Vec<&'static str> {
    let sampling = SAMPLING.iter().filter(|_| !abilities.takes_sampling);
    let mut names: Vec<_> =
        NEVER.iter().chain(sampling).copied().filter(|name| request.other(name).is_some()).collect();
    if request.n.is_some_and(|answers| answers != 1) {
        names.push("n");
    }
    if !abilities.thinks {
        names.extend(request.reasoning_effort.map(|_| "reasoning_effort"));
        names.extend(request.thinking.map(|_| "thinking"));
    }
    names
}
