//! A call that passes guardrails: its words are shown before it is made, beside it, or when its answer is there. Nothing is
//! counted or sent before those that are asked first have spoken, nothing is answered before those that are asked beside it
//! have, and no word of an answer goes out before those that look at answers have seen all of it.

use super::asking::{Asking, ask_all};
use super::body;
use super::calls::CallBody;
use super::error::CallError;
use super::extra_body;
use super::facts::Facts;
use super::guarded_answer;
use super::parts::ModelCalls;
use super::request::CallRequest;
use crate::api::members::Members;
use crate::config::guardrails::Mode;
use crate::guardrails::guardrail::Guardrail;
use crate::guardrails::question::Side;
use crate::guardrails::texts::request::RequestWords;
use crate::guardrails::texts::{Unreadable, Words, answer};
use crate::guardrails::verdict::GuardrailError;
use crate::principal::Principal;
use crate::providers::operation::Operation;
use bytes::Bytes;
use futures_util::future::{try_join, try_join_all};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The member that names guardrails, at the top and in what LiteLLM calls `metadata`.
const MEMBER: &str = "guardrails";
const METADATA: [&str; 2] = ["metadata", "litellm_metadata"];
/// Members that name models to ask in place of this one, each perhaps with words of its own.
const FALLBACKS: [&str; 3] = ["fallbacks", "context_window_fallbacks", "content_policy_fallbacks"];

/// Members that hold words in some dialect, or may.
const WORDY: [&str; 12] = [
    "documents",
    "extra_body",
    "input",
    "instructions",
    "messages",
    "mock_response",
    "prediction",
    "prompt",
    "query",
    "suffix",
    "system",
    "tools",
];

/// A call, and who looks at it.
struct Guarded {
    guardrails: Vec<Arc<Guardrail>>,
    asking: Asking,
    /// The request without what names guardrails.
    request: CallRequest,
    words: RequestWords,
}

impl ModelCalls {
    /// Walks a call past the guardrails that it must pass.
    pub(super) async fn walk_guarded(
        self: &Arc<Self>,
        request: &CallRequest,
        principal: Arc<Principal>,
        facts: &mut Facts,
    ) -> Result<CallBody, CallError> {
        let mut members = match request.passed {
            Some(_) => Members::default(),
            None => body::parse(&request.body)?,
        };
        extra_body::hoist(&mut members)?;
        let named = named(&members)?;
        let guardrails = self.guardrails.chosen(&principal, &named)?;
        if guardrails.is_empty() {
            let Some(_) = members.take(MEMBER) else {
                return self.walk_unguarded(request, principal, facts).await;
            };
            // An empty list names none, and is not for the provider.
            let request = CallRequest { body: members.to_json().into(), ..request.clone() };
            return self.walk_unguarded(&request, principal, facts).await;
        }
        let mut guarded = Guarded::of((request, members), &principal, (guardrails, facts))?;
        guarded.before().await?;
        let Guarded { guardrails, asking, request, words } = guarded;
        let beside = asked_at(&guardrails, Mode::DuringCall);
        let answer = if beside.is_empty() {
            self.walk_unguarded(&request, principal, facts).await?
        } else {
            let content = words.content();
            let question = asking.question(Side::Request, &content);
            let asked = beside.iter().filter(|_| !content.is_empty()).map(|guardrail| guardrail.ask(&question, false));
            let asked = async { try_join_all(asked).await.map_err(CallError::from) };
            // Whoever says no first ends the other: a call on its way then settles itself.
            try_join(self.walk_unguarded(&request, principal, facts), asked).await?.0
        };
        let after = asked_at(&guardrails, Mode::PostCall);
        if after.is_empty() { Ok(answer) } else { guarded_answer::checked(&after, &asking, &request, answer).await }
    }
}

impl Guarded {
    fn of(
        (request, mut members): (&CallRequest, Members<'_>),
        principal: &Arc<Principal>,
        (guardrails, facts): (Vec<Arc<Guardrail>>, &mut Facts),
    ) -> Result<Self, CallError> {
        facts.guardrails = guardrails.iter().map(|guardrail| guardrail.name.clone()).collect();
        let operation = request.operation;
        let unreadable = |Unreadable(what)| GuardrailError::Unreadable { name: facts.guardrails.join(", "), what };
        if request.passed.is_some() {
            return Err(
                unreadable(Unreadable("calls of a provider's own API are not read by guardrails".to_owned())).into()
            );
        }
        members.take(MEMBER);
        if !asked_at(&guardrails, Mode::PostCall).is_empty() {
            answer::is_readable(operation).map_err(unreadable)?;
            // Its answer would be fetched later, past everybody.
            if operation == Operation::Responses && members.read::<bool>("background") == Some(true) {
                return Err(unreadable(Unreadable("'background' answers are not read by guardrails".to_owned())).into());
            }
        }
        let words = RequestWords::read(operation, &members).map_err(unreadable)?;
        if let Some(member) = own_words(&members) {
            let message = format!("'{member}' may only name models where a call passes guardrails.");
            return Err(CallError::Member { member, message });
        }
        let asking = Asking {
            id: facts.id.to_string(),
            model: request.path_model.clone().or_else(|| members.read("model")),
            headers: request.headers.clone(),
            principal: Arc::clone(principal),
            end_user: body::end_user(operation, &members),
        };
        let request = CallRequest { body: written(&words, members)?, ..request.clone() };
        Ok(Self { guardrails, asking, request, words })
    }

    /// Asks those that are asked before the call, one after the other: each sees what the one before it has made of it.
    async fn before(&mut self) -> Result<(), CallError> {
        let before = asked_at(&self.guardrails, Mode::PreCall);
        if !before.is_empty() && ask_all(&before, (&self.asking, Side::Request), &mut self.words).await? {
            let body = written(&self.words, body::parse(&self.request.body)?)?;
            self.request.body = body;
        }
        Ok(())
    }
}

/// A body with these words.
fn written(words: &RequestWords, mut members: Members<'_>) -> Result<Bytes, CallError> {
    words.write(&mut members).map_err(|error| CallError::Json(error.to_string()))?;
    Ok(members.to_json().into())
}

fn asked_at(guardrails: &[Arc<Guardrail>], mode: Mode) -> Vec<Arc<Guardrail>> {
    guardrails.iter().filter(|guardrail| guardrail.is_asked(mode)).cloned().collect()
}

/// The guardrails that a request names.
fn named(members: &Members<'_>) -> Result<Vec<String>, CallError> {
    let mut named = Vec::new();
    if let Some(list) = members.read::<Value>(MEMBER) {
        read_names(&list, &mut named)?;
    }
    for name in METADATA {
        let metadata = members.read::<Map<String, Value>>(name);
        if let Some(list) = metadata.as_ref().and_then(|metadata| metadata.get(MEMBER)) {
            read_names(list, &mut named)?;
        }
    }
    Ok(named)
}

/// Reads a list of names, each of which may stand as the one member of an object.
fn read_names(list: &Value, names: &mut Vec<String>) -> Result<(), CallError> {
    let wrong = |what: &str| CallError::Member { member: MEMBER, message: format!("'{MEMBER}' {what}.") };
    let list = match list {
        Value::Null => return Ok(()),
        Value::Array(list) => list,
        _ => return Err(wrong("must be a list of names")),
    };
    for name in list {
        match name {
            Value::String(name) => names.push(name.clone()),
            Value::Object(one) if one.len() == 1 => {
                let is_plain = |said: &Value| said.as_object().is_none_or(Map::is_empty);
                if !one.values().all(is_plain) {
                    return Err(wrong("takes names only: what a guardrail is sent is said in the configuration"));
                }
                names.extend(one.keys().cloned());
            }
            _ => return Err(wrong("must be a list of names")),
        }
    }
    Ok(())
}

/// The member that has words of its own for a model that stands in, which nobody would look at.
fn own_words(members: &Members<'_>) -> Option<&'static str> {
    let has_own = |value: &Value| value.as_array().is_some_and(|list| list.iter().any(brings_words));
    FALLBACKS.into_iter().find(|name| members.read::<Value>(name).as_ref().is_some_and(has_own))
}

/// Whether an entry names a model and gives it words of its own.
fn brings_words(entry: &Value) -> bool {
    let entry = entry.as_object().filter(|entry| entry.get("model").is_some_and(Value::is_string));
    entry.is_some_and(|entry| entry.keys().any(|name| WORDY.contains(&name.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn guardrails_are_named_in_a_list() {
        let read = |list: Value| {
            let mut names = Vec::new();
            read_names(&list, &mut names).map(|()| names)
        };
        assert_eq!(read(json!(["a", {"b": {}}, {"c": null}])).unwrap(), ["a", "b", "c"]);
        assert_eq!(read(json!(null)).unwrap(), [] as [&str; 0]);
        for wrong in [json!("a"), json!([1]), json!([{"a": {"extra_body": {}}}]), json!([{"a": {}, "b": {}}])] {
            assert!(matches!(read(wrong.clone()), Err(CallError::Member { .. })), "{wrong}");
        }
    }

    #[test]
    fn models_that_stand_in_may_not_bring_words_that_nobody_has_seen() {
        let own = |body: Value| own_words(&Members::parse(body.to_string().as_bytes()).unwrap()).map(str::to_owned);
        assert_eq!(own(json!({"fallbacks": ["a", {"m": ["b"]}, {"model": "c", "temperature": 0}]})), None);
        let brought = json!({"fallbacks": [{"model": "c", "messages": []}]});
        assert_eq!(own(brought).unwrap(), "fallbacks");
        assert_eq!(
            own(json!({"content_policy_fallbacks": [{"model": "c", "prompt": "x"}]})).unwrap(),
            "content_policy_fallbacks"
        );
    }
}
