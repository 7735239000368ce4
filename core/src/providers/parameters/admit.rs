//! Lets a request's members through: what the model takes passes, what is never to be sent is taken out, the rest is
//! dropped and reported or refused by name.

use super::policy::Policy;
use super::profile::Profile;
use super::set::ParamSet;
use crate::api::members::{Members, raw};
use crate::providers::operation::Operation;
use crate::providers::provider::{Call, TransformError};
use serde_json::Value;
use std::borrow::Cow;

/// Parameters that are left out without a word where they are not taken: they ask for nothing that an answer could lack.
const SILENT: [&str; 2] = ["user", "stream_options"];

/// Lets the members through.
///
/// # Errors
/// [`TransformError::Unsupported`] names every parameter that is not taken, where none may be dropped.
pub fn admit(call: &mut Call<'_, '_>, profile: &Profile, model: &str) -> Result<(), TransformError> {
    let Call { operation, members, policy, dropped, .. } = call;
    let (operation, takes) = (*operation, profile.takes(*operation));
    leave_out(members, policy, dropped);
    let mut refused: Vec<String> = Vec::new();
    members.retain(|name, _| {
        let Some(one) = known(operation, name) else { return true };
        if takes.has(one) || policy.allowed.iter().any(|allowed| allowed == name) {
            return true;
        }
        if policy.drops || (operation.generates() && SILENT.contains(&name)) {
            dropped.push(Cow::Owned(name.to_owned()));
        } else {
            refused.push(format!("`{name}`"));
        }
        false
    });
    if refused.is_empty() {
        return Ok(());
    }
    Err(TransformError::Unsupported { provider: profile.provider, model: model.to_owned(), params: refused })
}

/// Whether a model takes every parameter of a request, or may do without.
pub fn takes_all(operation: Operation, members: &Members<'_>, profile: &Profile, policy: &Policy) -> bool {
    let takes = profile.takes(operation);
    let is_said = |list: &[String], name: &str| list.iter().any(|listed| listed == name);
    policy.drops
        || members.iter().all(|(name, _)| {
            known(operation, name).is_none_or(|one| takes.has(one))
                || (operation.generates() && SILENT.contains(&name))
                || is_said(&policy.allowed, name)
                || is_said(&policy.never_sent, name)
        })
}

/// Takes out what is never to be sent.
pub fn leave_out(members: &mut Members<'_>, policy: &Policy, dropped: &mut Vec<Cow<'static, str>>) {
    for path in &policy.never_sent {
        take_path(members, path, dropped);
    }
}

fn known(operation: Operation, name: &str) -> Option<ParamSet> {
    match operation {
        Operation::Chat => ParamSet::one(name),
        Operation::Embedding => ParamSet::one_of_embeddings(name),
        Operation::Completion if name == "user" => ParamSet::one(name),
        Operation::ImageGeneration => ParamSet::one_of_images(name),
        // What the others take is the upstream's to say.
        _ => None,
    }
}

/// Takes a member out, or what a path of names and `[*]` or `[0]` leads to.
fn take_path(members: &mut Members<'_>, path: &str, dropped: &mut Vec<Cow<'static, str>>) {
    if members.take(path).is_some() {
        dropped.push(Cow::Owned(path.to_owned()));
        return;
    }
    let Some((root, rest)) = path.split_once(['.', '[']) else { return };
    let steps: Vec<&str> = rest.split(['.', '[', ']']).filter(|step| !step.is_empty()).collect();
    let Some(mut value) = members.read::<Value>(root) else { return };
    if remove(&mut value, &steps)
        && let Ok(value) = raw(&value)
    {
        members.replace(root, value);
        dropped.push(Cow::Owned(path.to_owned()));
    }
}

/// Whether something was removed.
fn remove(value: &mut Value, steps: &[&str]) -> bool {
    match (value, steps) {
        (Value::Object(map), [last]) => map.shift_remove(*last).is_some(),
        (Value::Object(map), [step, rest @ ..]) => map.get_mut(*step).is_some_and(|inner| remove(inner, rest)),
        (Value::Array(list), ["*", rest @ ..]) => {
            list.iter_mut().filter_map(|inner| remove(inner, rest).then_some(())).count() > 0
        }
        (Value::Array(list), [step, rest @ ..]) => {
            let inner = step.parse::<usize>().ok().and_then(|at| list.get_mut(at));
            inner.is_some_and(|inner| remove(inner, rest))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Admitted {
        body: Value,
        dropped: Vec<String>,
        refused: Option<String>,
    }

    fn admitted(provider: &'static str, model: &str, body: &Value, policy: &Policy) -> Admitted {
        let text = body.to_string();
        let (mut members, mut dropped) = (Members::parse(text.as_bytes()).unwrap(), Vec::new());
        let profile = Profile::of(provider, model);
        let operation = if body.get("input").is_some() { Operation::Embedding } else { Operation::Chat };
        let mut call = Call { operation, members: &mut members, stream: false, policy, dropped: &mut dropped };
        let refused = admit(&mut call, &profile, model).err().map(|error| error.to_string());
        let body = serde_json::from_slice(&members.to_json()).unwrap();
        Admitted { body, dropped: dropped.into_iter().map(Cow::into_owned).collect(), refused }
    }

    #[test]
    fn what_a_model_does_not_take_is_refused_by_name() {
        let body = json!({"top_k": 5, "n": 2, "seed": 7, "logprobs": true});
        let refused = admitted("mistral", "mistral-large-latest", &body, &Policy::default()).refused.unwrap();
        assert!(
            refused.starts_with("mistral does not take `n`, `logprobs` for model=mistral-large-latest."),
            "{refused}"
        );
    }

    #[test]
    fn what_may_be_dropped_is_dropped_and_reported() {
        let policy = Policy { drops: true, ..Policy::default() };
        let body = json!({"top_k": 5, "n": 2, "seed": 7});
        let admitted = admitted("mistral", "mistral-large-latest", &body, &policy);
        assert_eq!((admitted.body, admitted.refused), (json!({"top_k": 5, "seed": 7}), None));
        assert_eq!(admitted.dropped, ["n"]);
    }

    #[test]
    fn a_person_behind_the_call_is_never_a_reason_to_refuse() {
        let admitted = admitted("groq", "llama-3.3-70b-versatile", &json!({"user": "u"}), &Policy::default());
        assert_eq!((admitted.body, admitted.dropped), (json!({}), vec!["user".to_owned()]));
    }

    #[test]
    fn a_model_takes_all_that_it_knows_that_is_allowed_and_that_it_may_do_without() {
        let takes = |body: &Value, policy: &Policy| {
            let (text, profile) = (body.to_string(), Profile::of("mistral", "mistral-large-latest"));
            takes_all(Operation::Chat, &Members::parse(text.as_bytes()).unwrap(), &profile, policy)
        };
        let usual = Policy::default();
        assert!(takes(&json!({"temperature": 1, "user": "u", "own": true}), &usual));
        let body = json!({"temperature": 1, "n": 2});
        assert!(!takes(&body, &usual));
        assert!(takes(&body, &Policy { drops: true, ..Policy::default() }));
        assert!(takes(&body, &Policy { allowed: vec!["n".into()], ..Policy::default() }));
        assert!(takes(&body, &Policy { never_sent: vec!["n".into()], ..Policy::default() }));
    }

    #[test]
    fn what_the_operator_allows_is_sent_all_the_same() {
        let policy = Policy { allowed: vec!["n".into()], ..Policy::default() };
        assert_eq!(admitted("mistral", "x", &json!({"n": 2}), &policy).body, json!({"n": 2}));
    }

    #[test]
    fn what_is_never_to_be_sent_goes_out_at_any_depth() {
        let never_sent = ["seed", "tools[*].function.strict", "messages[1].name", "nowhere.at.all"];
        let policy = Policy { never_sent: never_sent.map(str::to_owned).to_vec(), ..Policy::default() };
        let body = json!({
            "seed": 1, "tools": [{"function": {"strict": true, "name": "f"}}], "messages": [{"name": "a"}, {"name": "b"}]
        });
        let admitted = admitted("openai", "gpt-4o", &body, &policy);
        let wanted = json!({"tools": [{"function": {"name": "f"}}], "messages": [{"name": "a"}, {}]});
        assert_eq!(admitted.body, wanted);
        assert_eq!(admitted.dropped, ["seed", "tools[*].function.strict", "messages[1].name"]);
    }

    #[test]
    fn embeddings_have_parameters_of_their_own() {
        let body = json!({"input": "a", "dimensions": 8, "n": 2});
        assert!(admitted("mistral", "mistral-embed", &body, &Policy::default()).refused.is_some());
        assert!(admitted("openai", "text-embedding-3-small", &body, &Policy::default()).refused.is_none());
    }
}
