//! Lets a request's members through: what the model takes passes, what is never to be sent is taken out, the rest is
//! dropped and reported or refused by name.

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
    for path in &policy.never_sent {
        take_path(members, path, dropped);
    }
    let mut refused: Vec<String> = Vec::new();
    members.retain(|name, _| {
        let Some(one) = known(operation, name) else { return true };
        if takes.has(one) || policy.allowed.iter().any(|allowed| allowed == name) {
            return true;
        }
        if policy.drops || (operation != Operation::Embedding && SILENT.contains(&name)) {
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

fn known(operation: Operation, name: &str) -> Option<ParamSet> {
    match operation {
        Operation::Chat => ParamSet::one(name),
        Operation::Embedding => ParamSet::one_of_embeddings(name),
        // What legacy completions take is the upstream's to say.
        Operation::Completion => None,
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
