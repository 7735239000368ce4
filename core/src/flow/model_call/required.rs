//! Whether a call has the fields that the configuration and its key ask for. Most ask for none, and cost nothing here.

use super::body;
use super::error::CallError;
use super::request::CallRequest;
use crate::api::members::Members;
use crate::config::required_fields::{RequiredFields, USER};
use crate::principal::Principal;
use crate::providers::operation::Operation;
use serde_json::{Map, Value};

/// Where what LiteLLM calls `metadata` may stand.
const METADATA: [&str; 2] = ["metadata", "litellm_metadata"];

/// Checks it. What only counts tokens is asked for nothing.
///
/// # Errors
/// [`CallError::FieldRequired`], and [`CallError::Json`] where the body cannot be read.
pub(super) fn check(rules: &RequiredFields, principal: &Principal, request: &CallRequest) -> Result<(), CallError> {
    let of_service = principal.is_service_account().then_some(&rules.service_accounts);
    let names = rules.everyone.iter().chain(of_service.into_iter().flatten()).chain(&principal.required);
    let mut names = names.peekable();
    if names.peek().is_none() || request.operation.counts() {
        return Ok(());
    }
    let members = body::parse(&request.body)?;
    let has_user = principal.token.as_ref().is_some_and(|token| token.end_user.is_some());
    let is_there = |name: &str| (has_user && name == USER) || has(request.operation, &members, name);
    match names.find(|name| !is_there(name)) {
        Some(name) => Err(CallError::FieldRequired(name.clone())),
        None => Ok(()),
    }
}

fn has(operation: Operation, members: &Members<'_>, name: &str) -> bool {
    if name == USER && body::end_user(operation, members).is_some() {
        return true;
    }
    let Some((first, rest)) = name.split_once('.') else {
        return members.get(name).is_some_and(|value| value.get() != "null");
    };
    let places = if METADATA.contains(&first) { &METADATA[..] } else { &[first] };
    places.iter().any(|place| members.read::<Map<String, Value>>(place).is_some_and(|object| leads(&object, rest)))
}

fn leads(object: &Map<String, Value>, name: &str) -> bool {
    match name.split_once('.') {
        None => object.get(name).is_some_and(|value| !value.is_null()),
        Some((first, rest)) => object.get(first).and_then(Value::as_object).is_some_and(|inner| leads(inner, rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_in(body: &str, name: &str) -> bool {
        has(Operation::Chat, &Members::parse(body.as_bytes()).unwrap(), name)
    }

    #[test]
    fn a_field_is_there_where_it_says_something() {
        assert!(has_in(r#"{"user":"anna"}"#, "user") && !has_in(r#"{"user":null}"#, "user") && !has_in("{}", "user"));
        let body = r#"{"metadata":{"a":{"b":1,"c":null}}}"#;
        assert!(has_in(body, "metadata") && has_in(body, "metadata.a") && has_in(body, "metadata.a.b"));
        assert!(!has_in(body, "metadata.b") && !has_in(body, "metadata.a.c") && !has_in(body, "metadata.a.b.d"));
        assert!(has_in(r#"{"litellm_metadata":{"x":1}}"#, "metadata.x"));
        assert!(!has_in(r#"{"metadata":"x"}"#, "metadata.x"));
    }

    #[test]
    fn anthropics_clients_name_the_user_in_their_metadata() {
        let body = r#"{"metadata":{"user_id":"anna"}}"#;
        assert!(has(Operation::Messages, &Members::parse(body.as_bytes()).unwrap(), "user"));
        assert!(!has_in(body, "user"));
    }
}
