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

/// Takes out of the request what the model does not take, and gives the names. `drops`: they may be dropped.
///
/// # Errors
/// [`TransformError::Unsupported`]: nothing may be dropped.
pub(super) fn settle(
    request: &mut ChatRequest<'_>,
    abilities: Abilities,
    target: &Target,
    drops: bool,
) -> Result<Vec<&'static str>, TransformError> {
    let unsupported = unsupported(request, abilities);
    if !unsupported.is_empty() && !drops {
        return Err(TransformError::Unsupported {
            provider: target.provider,
            model: target.model.clone(),
            params: unsupported.iter().map(|name| (*name).to_owned()).collect(),
        });
    }
    request.rest.retain(|(name, _)| !unsupported.contains(name));
    request.n = None;
    if !abilities.thinks {
        request.reasoning_effort = None;
        request.thinking = None;
    }
    Ok(unsupported)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::members::Members;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::resolve::target_of;

    fn settled(model: &str, body: &str, drops: bool) -> Result<(Vec<&'static str>, Vec<String>), String> {
        let params = DeploymentParams { model: format!("anthropic/{model}"), ..DeploymentParams::default() };
        let target = target_of(&params, &Environment::default()).unwrap();
        let members = Members::parse(body.as_bytes()).unwrap();
        let mut request = ChatRequest::read(&members).unwrap();
        let abilities = Abilities::of(&target.model, target.known.as_deref());
        let dropped = settle(&mut request, abilities, &target, drops).map_err(|error| error.to_string())?;
        Ok((dropped, request.rest.iter().map(|(name, _)| (*name).to_owned()).collect()))
    }

    #[test]
    fn what_no_claude_takes_is_refused_by_name_or_dropped() {
        let body = r#"{"logprobs":true,"seed":1,"n":2,"temperature":0.5,"frob":1}"#;
        let refused = settled("claude-sonnet-4-5", body, false).unwrap_err();
        assert!(
            refused.starts_with("anthropic does not take logprobs, seed, n for model=claude-sonnet-4-5."),
            "{refused}"
        );
        let (dropped, rest) = settled("claude-sonnet-4-5", body, true).unwrap();
        assert_eq!((dropped, rest), (vec!["logprobs", "seed", "n"], vec!["temperature".into(), "frob".into()]));
    }

    #[test]
    fn what_only_some_models_take_depends_on_the_model() {
        let dropped = |model: &str, body: &str| settled(model, body, true).unwrap().0;
        assert_eq!(dropped("claude-3-haiku-20240307", r#"{"reasoning_effort":"low"}"#), ["reasoning_effort"]);
        assert_eq!(dropped("claude-opus-4-7", r#"{"top_p":0.5,"n":1}"#), ["top_p"]);
        assert!(dropped("claude-sonnet-4-5", r#"{"reasoning_effort":"low","n":1,"seed":null}"#).is_empty());
    }
}
