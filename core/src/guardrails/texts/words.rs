//! What everything has in common that has words in it.

use crate::guardrails::question::Content;

/// Something with words in it.
pub trait Words: Send {
    /// What is said.
    fn content(&self) -> Content;

    /// Puts others in the place of its texts: as many, in the same order.
    fn replace(&mut self, texts: Vec<String>);
}

/// What would have to be read cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);
