//! Small changes to raw members: values written, words taken out at any depth.

use crate::api::members::{Members, raw};
use crate::providers::provider::TransformError;
use memchr::memmem;
use serde_json::Value;
use serde_json::value::RawValue;

/// A value as a raw member.
pub(super) fn member(value: &impl serde::Serialize, name: &'static str) -> Result<Box<RawValue>, TransformError> {
    raw(value).map_err(|error| unwritable(name, &error))
}

/// Bytes that are JSON as a raw member.
pub(super) fn into_raw(json: Vec<u8>, name: &'static str) -> Result<Box<RawValue>, TransformError> {
    let text = String::from_utf8(json).map_err(|error| unwritable(name, &error))?;
    RawValue::from_string(text).map_err(|error| unwritable(name, &error))
}

/// The error of a member that cannot be written.
pub(super) fn unwritable(member: &'static str, error: &dyn std::error::Error) -> TransformError {
    TransformError::Member { member, reason: error.to_string() }
}

/// Takes members with these names out of a member's value, at any depth. A value that does not hold the words stays the
/// bytes that it is.
pub(super) fn remove(members: &mut Members<'_>, name: &'static str, words: &[&str]) -> Result<(), TransformError> {
    let holds =
        |value: &RawValue| words.iter().any(|word| memmem::find(value.get().as_bytes(), word.as_bytes()).is_some());
    let is_text = |value: &RawValue| value.get().starts_with('"');
    if !members.get(name).is_some_and(|value| !is_text(value) && holds(value)) {
        return Ok(());
    }
    let Some(mut value) = members.read::<Value>(name) else { return Ok(()) };
    remove_from(&mut value, words);
    members.replace(name, member(&value, name)?);
    Ok(())
}

/// The depth is bounded by the parser's own.
fn remove_from(value: &mut Value, words: &[&str]) {
    match value {
        Value::Object(map) => {
            map.retain(|name, _| !words.contains(&name.as_str()));
            map.values_mut().for_each(|inner| remove_from(inner, words));
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| remove_from(inner, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
