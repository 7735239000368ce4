//! The request: a prompt, a suffix, and how to fill in what stands between them.

use crate::providers::envelope::{self, Extras};
use crate::providers::outgoing::member;
use crate::providers::parameters::admit::admit;
use crate::providers::provider::{Call, TransformError};
use crate::providers::target::Target;
use bytes::Bytes;
use http::Request;
use std::borrow::Cow;

/// Where it is called, below the API's version.
const PATH: &str = "/fim/completions";

/// Parameters of legacy completions that are not known there.
const UNKNOWN: [&str; 4] = ["n", "logprobs", "echo", "best_of"];

/// Builds the upstream request.
pub(super) fn build(mut call: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
    let extras = Extras::take(call.members, target)?;
    admit(&mut call, &target.profile, &target.model)?;
    settle(&mut call, target)?;
    let members = call.members;
    members.rename("max_completion_tokens", "max_tokens");
    members.rename("seed", "random_seed");
    // One text is completed at a time; several are taken for its parts.
    if let Some(parts) = members.read::<Vec<String>>("prompt") {
        members.set("prompt", member(&parts.join(" "), "prompt")?);
    }
    members.set("model", member(&target.model, "model")?);
    members.set_all(&extras.overrides()?);
    let base = target.api_base.trim_end_matches('/');
    let address = if base.ends_with(PATH) { base.to_owned() } else { format!("{base}{PATH}") };
    let mut request = envelope::post(&address, members.to_json())?;
    envelope::set_headers(request.headers_mut(), extras.headers, target)?;
    Ok(request)
}

/// Takes out what is not known, and what speaks to others.
fn settle(call: &mut Call<'_, '_>, target: &Target) -> Result<(), TransformError> {
    let mut refused = Vec::new();
    for name in UNKNOWN.into_iter().chain(["user", "stream_options"]) {
        let is_allowed = call.policy.allowed.iter().any(|allowed| allowed == name);
        if is_allowed || call.members.take(name).is_none() {
            continue;
        }
        if UNKNOWN.contains(&name) && !call.policy.drops {
            refused.push(format!("`{name}`"));
        } else {
            call.dropped.push(Cow::Borrowed(name));
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    Err(TransformError::Unsupported { provider: target.provider, model: target.model.clone(), params: refused })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::members::Members;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::operation::Operation;
    use crate::providers::resolve::target_of;
    use serde_json::{Value, json};

    fn said(body: &Value) -> Result<Value, TransformError> {
        let model = "text-completion-codestral/codestral-latest".to_owned();
        let params = DeploymentParams { model, ..DeploymentParams::default() };
        let target = target_of(&params, &Environment::default()).unwrap();
        let text = body.to_string();
        let (mut members, mut dropped) = (Members::parse(text.as_bytes()).unwrap(), Vec::new());
        let (operation, policy) = (Operation::Completion, &target.policy);
        let call = Call { operation, members: &mut members, stream: false, policy, dropped: &mut dropped };
        let request = build(call, &target)?;
        assert_eq!(request.uri(), "https://codestral.mistral.ai/v1/fim/completions");
        Ok(serde_json::from_slice(request.body()).unwrap())
    }

    #[test]
    fn a_prompt_is_one_text_and_a_seed_has_mistrals_name() {
        let body = json!({"prompt": ["def f(", "x):"], "suffix": "return y", "seed": 1, "user": "u"});
        let wanted =
            json!({"prompt": "def f( x):", "suffix": "return y", "random_seed": 1, "model": "codestral-latest"});
        assert_eq!(said(&body).unwrap(), wanted);
    }

    #[test]
    fn what_is_not_known_is_refused_by_name() {
        let refused = said(&json!({"prompt": "x", "n": 2, "echo": true})).unwrap_err().to_string();
        assert!(refused.starts_with("text-completion-codestral does not take `n`, `echo`"), "{refused}");
    }
}
