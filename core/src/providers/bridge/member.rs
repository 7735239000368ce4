//! Members of a client's request, read and said as a chat's.

use crate::api::members::{Members, raw};
use crate::providers::provider::TransformError;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Reads a member.
///
/// # Errors
/// [`TransformError::Member`]: it is something else.
pub(super) fn read<'v, T: Deserialize<'v>>(member: &'static str, value: &'v RawValue) -> Result<T, TransformError> {
    serde_json::from_str(value.get()).map_err(|error| unfit(member, &format!("'{member}' cannot be used: {error}")))
}

/// Sets a member of the chat.
///
/// # Errors
/// Those of the serialiser; none for values that were read from JSON.
pub(super) fn set(
    chat: &mut Members<'_>,
    name: &'static str,
    value: &(impl Serialize + ?Sized),
) -> Result<(), TransformError> {
    let value = raw(&value).map_err(|error| unfit(name, &error.to_string()))?;
    chat.set(Cow::Borrowed(name), value);
    Ok(())
}

/// What is wrong with a member.
pub(super) fn unfit(member: &'static str, reason: &str) -> TransformError {
    TransformError::Member { member, reason: reason.to_owned() }
}

/// Notes what could not be said, once.
pub(super) fn note(dropped: &mut Vec<Cow<'static, str>>, name: impl Into<Cow<'static, str>>) {
    let name = name.into();
    if !dropped.contains(&name) {
        dropped.push(name);
    }
}
