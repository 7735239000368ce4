//! A stream of AWS's messages, whose payloads are pieces of the container's own stream, cut anywhere.
//!
//! Wire format: <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_PayloadPart.html>

use super::failure;
use crate::providers::decoder::{Seen, StreamDecoder};
use crate::providers::failure::ProviderFailure;
use crate::usage::Usage;
use crate::wire::event_stream::{Message, MessageSplitter};
use crate::wire::framing::Framing;
use bytes::{Bytes, BytesMut};

/// The event that carries a piece.
const PIECE: &str = "PayloadPart";

/// Takes the container's stream out of AWS's, for the reader of the former.
pub(super) struct Unpacked {
    splitter: MessageSplitter,
    inner: Box<dyn StreamDecoder>,
}

impl Unpacked {
    /// Over the reader of the container's stream.
    pub(super) fn new(inner: Box<dyn StreamDecoder>) -> Self {
        Self { splitter: MessageSplitter::default(), inner }
    }
}

impl StreamDecoder for Unpacked {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, ProviderFailure> {
        let whole = self.splitter.push(chunk).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        let mut told = BytesMut::new();
        for message in MessageSplitter::events(&whole) {
            let unreadable = || ProviderFailure::malformed("a message of the upstream's stream cannot be read");
            let message = Message::read(&message).ok_or_else(unreadable)?;
            if message.is_failure {
                return Err(failure::in_stream(message.kind, message.payload));
            }
            if message.kind == PIECE && !self.inner.is_complete() {
                told.extend_from_slice(&self.inner.push(Bytes::copy_from_slice(message.payload))?);
            }
        }
        Ok(told.freeze())
    }

    fn finish(&mut self) -> Result<Bytes, ProviderFailure> {
        self.inner.finish()
    }

    fn is_complete(&self) -> bool {
        self.inner.is_complete()
    }

    fn terminal(&self) -> Bytes {
        self.inner.terminal()
    }

    fn counted(&self, usage: &dyn Fn() -> Usage) -> Bytes {
        self.inner.counted(usage)
    }

    fn seen(&self) -> &Seen {
        self.inner.seen()
    }
}

#[cfg(test)]
#[path = "unpacked_tests.rs"]
mod tests;
