//! Small changes to raw members: values written, words taken out at any depth.

use crate::api::members::Members;
pub(super) use crate::providers::outgoing::{into_raw, member, unwritable};
use crate::providers::provider::TransformError;
use memchr::memmem;
use serde_json::Value;
use serde_json::value::RawValue;

/// Edits each object of a member that is a list of objects. Another value stays.
pub(super) fn each(members: &mut Members<'_>, name: &'static str, mut edit: impl FnMut(&mut Members<'_>)) {
    let list = members.get(name).and_then(|list| serde_json::from_str::<Vec<Members<'_>>>(list.get()).ok());
    let Some(mut list) = list else { return };
    list.iter_mut().for_each(&mut edit);
    if let Ok(rewritten) = into_raw(list_to_json(&list), name) {
        members.replace(name, rewritten);
    }
}

/// Edits a member that is an object. Another value stays.
pub(super) fn inside(members: &mut Members<'_>, name: &'static str, edit: impl FnOnce(&mut Members<'_>)) {
    let object = members.get(name).and_then(|object| Members::parse(object.get().as_bytes()).ok());
    let Some(mut object) = object else { return };
    edit(&mut object);
    if let Ok(rewritten) = into_raw(object.to_json(), name) {
        members.replace(name, rewritten);
    }
}

/// A list of objects as JSON.
pub(super) fn list_to_json(list: &[Members<'_>]) -> Vec<u8> {
    let mut json = vec![b'['];
    for (at, object) in list.iter().enumerate() {
        if at > 0 {
            json.push(b',');
        }
        json.extend_from_slice(&object.to_json());
    }
    json.push(b']');
    json
}

/// Takes members with these names out of a member's value, at any depth. A value that does not hold the words stays the
/// bytes that it is.
pub(in crate::providers) fn remove(
    members: &mut Members<'_>,
    name: &'static str,
    words: &[&str],
) -> Result<(), TransformError> {
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
