//! What is changed: objects that administrators manage, and what is done with them.

use crate::store::item::Key;

/// An object that administrators manage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Of which kind, in the words of those who read the log.
    pub kind: &'static str,
    /// Which one.
    pub id: String,
}

/// Which object an item is. `None`: it only serves others (a place in a list, a counter of calls).
pub type Objects = fn(&Key) -> Option<Object>;

/// What was done with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It was made.
    Created,
    /// It was changed.
    Updated,
    /// It was removed.
    Deleted,
}

impl Action {
    /// LiteLLM's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
        }
    }
}
