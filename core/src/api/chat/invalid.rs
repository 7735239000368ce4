//! What is wrong with a member of a request, told by its path.

use serde::Deserialize;
use serde_json::value::RawValue;

/// A member that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{path}' cannot be used: {reason}")]
pub struct InvalidMember {
    /// The member of the body that it stands in.
    pub member: &'static str,
    /// Where exactly: `messages[2].content[0]`.
    pub path: String,
    /// What is wrong.
    pub reason: String,
}

impl InvalidMember {
    /// Something wrong with a member as a whole.
    pub fn whole(member: &'static str, reason: impl Into<String>) -> Self {
        Self { member, path: member.to_owned(), reason: reason.into() }
    }

    /// Something wrong below a member.
    pub fn at(member: &'static str, path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { member, path: path.into(), reason: reason.into() }
    }
}

/// Reads a value that stands at `path` below `member`.
///
/// # Errors
/// [`InvalidMember`], with the parser's reason.
pub(in crate::api) fn read<'a, T: Deserialize<'a>>(
    value: &'a RawValue,
    member: &'static str,
    path: impl FnOnce() -> String,
) -> Result<T, InvalidMember> {
    serde_json::from_str(value.get()).map_err(|error| InvalidMember::at(member, path(), plain(&error)))
}

/// The elements of a list.
pub(in crate::api) fn elements<'a>(
    value: &'a RawValue,
    member: &'static str,
    path: &str,
) -> Result<Vec<&'a RawValue>, InvalidMember> {
    serde_json::from_str(value.get()).map_err(|_| InvalidMember::at(member, path, "it must be a list"))
}

/// The parser's reason without the place, which counts from the value's own beginning and would mislead.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.as_str(), |(reason, _)| reason).to_owned()
}
