//! A streamed answer told in the client's dialect: the inner reader says what is new in chunks of a chat, the dialect
//! tells it. A stream cut short is the inner reader's error, so it is never a clean end here.

use super::dialect::ClientEvents;
use crate::api::completion::Completion;
use crate::providers::decoder::{Seen, StreamDecoder};
use crate::providers::failure::ProviderFailure;
use crate::usage::Usage;
use crate::wire::sse::{self, EventSplitter};
use bytes::Bytes;
use std::cell::OnceCell;

/// Reads a stream through another reader.
pub(super) struct Bridged {
    inner: Box<dyn StreamDecoder>,
    events: Box<dyn ClientEvents>,
    splitter: EventSplitter,
    is_over: bool,
    /// What was counted here, where the upstream told nothing.
    counted: OnceCell<Usage>,
}

impl Bridged {
    /// A reader of one answer.
    pub(super) fn new(inner: Box<dyn StreamDecoder>, events: Box<dyn ClientEvents>) -> Self {
        Self { inner, events, splitter: EventSplitter::default(), is_over: false, counted: OnceCell::new() }
    }

    fn tell(&mut self, whole: &[u8], out: &mut Vec<u8>) -> Result<(), ProviderFailure> {
        for data in sse::events(whole).filter_map(sse::data) {
            let chunk = Completion::read(&data).map_err(|error| {
                ProviderFailure::malformed(format!("an event of the upstream's stream cannot be read: {error}"))
            })?;
            self.events.chunk(&chunk, out)?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if !self.is_over {
            self.is_over = true;
            self.events.end(out);
        }
    }
}

impl StreamDecoder for Bridged {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, ProviderFailure> {
        let chunks = self.inner.push(chunk)?;
        let whole = self.splitter.push(chunks).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        let mut out = Vec::new();
        self.tell(&whole, &mut out)?;
        if self.inner.is_complete() {
            let rest = self.splitter.finish();
            self.tell(&rest, &mut out)?;
            self.end(&mut out);
        }
        Ok(Bytes::from(out))
    }

    fn finish(&mut self) -> Result<Bytes, ProviderFailure> {
        let chunks = self.inner.finish()?;
        let mut out = Vec::new();
        let whole = self.splitter.push(chunks).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        self.tell(&whole, &mut out)?;
        let rest = self.splitter.finish();
        self.tell(&rest, &mut out)?;
        self.end(&mut out);
        Ok(Bytes::from(out))
    }

    fn is_complete(&self) -> bool {
        self.is_over
    }

    fn counted(&self, usage: &dyn Fn() -> Usage) -> Bytes {
        self.counted.get_or_init(usage);
        Bytes::new()
    }

    fn terminal(&self) -> Bytes {
        let usage = self.inner.seen().usage.or(self.counted.get().copied()).unwrap_or_default();
        self.events.terminal(&usage)
    }

    fn broken(&self, code: &str, message: &str) -> Option<Bytes> {
        self.events.broken(code, message)
    }

    fn seen(&self) -> &Seen {
        self.inner.seen()
    }
}
