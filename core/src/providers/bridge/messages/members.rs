//! Members: how the client's are read, the chat's are written, and what becomes of those that have no form in a chat.

use crate::api::members::{Members, raw};
use crate::providers::provider::TransformError;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Whether markers of what to cache are said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    are_kept: bool,
}

impl Marks {
    /// Markers of what to cache mean nothing to models other than Claude.
    pub(super) fn for_model(model: &str) -> Self {
        Self { are_kept: model.to_ascii_lowercase().contains("claude") }
    }

    /// The marker, where it is said.
    pub(super) fn kept(self, marker: Option<&RawValue>) -> Option<&RawValue> {
        marker.filter(|marker| self.are_kept && marker.get() != "null")
    }
}

/// Reads a member.
pub(super) fn read<'v, T: Deserialize<'v>>(member: &'static str, value: &'v RawValue) -> Result<T, TransformError> {
    serde_json::from_str(value.get()).map_err(|error| unfit(member, &format!("'{member}' cannot be used: {error}")))
}

/// Sets a member of the chat.
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
pub(super) fn note(dropped: &mut Vec<Cow<'static, str>>, name: &'static str) {
    if !dropped.iter().any(|dropped| dropped == name) {
        dropped.push(Cow::Borrowed(name));
    }
}
