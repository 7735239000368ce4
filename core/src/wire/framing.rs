//! What the formats of streams have in common: bytes come in as the network cuts them, whole events come out.

use super::sse::{self, EventSplitter, EventTooLong};
use bytes::Bytes;
use std::borrow::Cow;

/// Cuts one stream into events.
pub trait Framing: Default + Send {
    /// Takes the next bytes and gives all events that are now whole, back to back (may be none).
    ///
    /// # Errors
    /// [`FramingError`]: the stream must be given up.
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, FramingError>;

    /// What is left when the stream ends. Formats whose last event may lack its end give it here.
    fn finish(&mut self) -> Bytes;

    /// What each of these events carries. Events that carry nothing are left out.
    fn events(whole: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>>;
}

/// Why a stream cannot be cut into events.
#[derive(Debug, thiserror::Error)]
pub enum FramingError {
    /// An event is longer than any that is taken.
    #[error(transparent)]
    TooLong(#[from] EventTooLong),
    /// The bytes are not of the format.
    #[error("the upstream's stream is damaged: {what}")]
    Damaged {
        /// What is wrong with them.
        what: &'static str,
    },
}

impl Framing for EventSplitter {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, FramingError> {
        Ok(Self::push(self, chunk)?)
    }

    fn finish(&mut self) -> Bytes {
        Self::finish(self)
    }

    fn events(whole: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>> {
        sse::events(whole).filter_map(sse::data)
    }
}
