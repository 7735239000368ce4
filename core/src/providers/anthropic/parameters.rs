//! Parameters that only some Claude models take: refused by name, or dropped where the policy says so. What no Claude takes
//! is said in the table of all providers.

use super::abilities::Abilities;
use crate::api::chat::request::ChatRequest;
use crate::providers::parameters::policy::Policy;
use crate::providers::provider::TransformError;
use crate::providers::target::Target;
use std::borrow::Cow;

const SAMPLING: [&str; 3] = ["temperature", "top_p", "top_k"];

/// Takes out of the request what this model does not take, and adds the names to `dropped`.
///
/// # Errors
/// [`TransformError::Unsupported`]: nothing may be dropped.
pub fn settle(
    request: &mut ChatRequest<'_>,
    (abilities, target): (Abilities, &Target),
    policy: &Policy,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<(), TransformError> {
    let unsupported = unsupported(request, abilities);
    take_out(request, unsupported, (target, policy), dropped)
}

/// Takes these parameters out of the request, but for those that the operator allows, and adds the names to `dropped`.
///
/// # Errors
/// [`TransformError::Unsupported`]: nothing may be dropped.
pub(crate) fn take_out(
    request: &mut ChatRequest<'_>,
    mut unsupported: Vec<&'static str>,
    (target, policy): (&Target, &Policy),
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<(), TransformError> {
    unsupported.retain(|name| !policy.allowed.iter().any(|allowed| allowed == name));
    if !unsupported.is_empty() && !policy.drops {
        return Err(TransformError::Unsupported {
            provider: target.provider,
            model: target.model.clone(),
            params: unsupported.iter().map(|name| format!("`{name}`")).collect(),
        });
    }
    request.rest.retain(|(name, _)| !unsupported.contains(name));
    for name in &unsupported {
        match *name {
            "reasoning_effort" => request.reasoning_effort = None,
            "thinking" => request.thinking = None,
            "tool_choice" => request.tool_choice = None,
            "web_search_options" => request.web_search_options = None,
            _ => {}
        }
    }
    dropped.extend(unsupported.into_iter().map(Cow::Borrowed));
    Ok(())
}

/// What of the request this model does not take.
pub(crate) fn unsupported(request: &ChatRequest<'_>, abilities: Abilities) -> Vec<&'static str> {
    let sampling = SAMPLING.iter().copied().filter(|name| !abilities.takes_sampling && request.other(name).is_some());
    let mut names: Vec<_> = sampling.collect();
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

    fn settled(model: &str, body: &str, policy: &Policy) -> Result<Vec<Cow<'static, str>>, String> {
        let params = DeploymentParams { model: format!("anthropic/{model}"), ..DeploymentParams::default() };
        let target = target_of(&params, &Environment::default()).unwrap();
        let members = Members::parse(body.as_bytes()).unwrap();
        let mut request = ChatRequest::read(&members).unwrap();
        let abilities = Abilities::of(&target.model, target.known.as_deref());
        let mut dropped = Vec::new();
        settle(&mut request, (abilities, &target), policy, &mut dropped).map_err(|error| error.to_string())?;
        Ok(dropped)
    }

    #[test]
    fn what_only_some_models_take_depends_on_the_model() {
        let policy = Policy { drops: true, ..Policy::default() };
        let dropped = |model: &str, body: &str| settled(model, body, &policy).unwrap();
        assert_eq!(dropped("claude-3-haiku-20240307", r#"{"reasoning_effort":"low"}"#), ["reasoning_effort"]);
        assert_eq!(dropped("claude-opus-4-7", r#"{"top_p":0.5,"n":1}"#), ["top_p"]);
        assert!(dropped("claude-sonnet-4-5", r#"{"reasoning_effort":"low","n":1}"#).is_empty());
    }

    #[test]
    fn what_is_not_to_be_dropped_is_refused_by_name_or_allowed() {
        let body = r#"{"temperature":0.5,"n":2}"#;
        let refused = settled("claude-opus-4-7", body, &Policy::default()).unwrap_err();
        assert!(
            refused.starts_with("anthropic does not take `temperature`, `n` for model=claude-opus-4-7."),
            "{refused}"
        );
        let allowed = Policy { allowed: vec!["temperature".into(), "n".into()], ..Policy::default() };
        assert!(settled("claude-opus-4-7", body, &allowed).unwrap().is_empty());
    }
}
