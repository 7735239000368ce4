//! A streamed answer in a dialect of its own, written anew for the client. What every such reader does is here: events
//! made whole, the usage chunk, the one terminal event, and that a stream cut short is an error. A dialect only says what
//! each event means.

use super::decoder::{Seen, StreamDecoder};
use super::failure::ProviderFailure;
use super::provider::Reply;
use crate::api::answer::chunks::{ChunkWriter, DONE_EVENT};
use crate::api::answer::head::Head;
use crate::usage::Usage;
use crate::wire::framing::Framing;
use crate::wire::sse::EventSplitter;
use bytes::Bytes;

/// What the events of one dialect mean. Fed whole events, in order.
pub trait ChatEvents: Send {
    /// Reads the data of one event and writes what the client sees of it.
    ///
    /// # Errors
    /// The event tells of a failure, or breaks the dialect.
    fn event(&mut self, data: &[u8], out: &mut ChunkWriter) -> Result<(), ProviderFailure>;

    /// Whether the upstream has said all.
    fn is_complete(&self) -> bool;

    /// What was used, once the upstream has told all of it.
    fn usage(&self) -> Option<Usage>;

    /// What the upstream has counted so far, in a dialect that counts along.
    fn so_far(&self) -> Option<Usage> {
        self.usage()
    }

    /// The upstream has closed the stream. A dialect in which that is how an answer ends says here why it ended.
    fn close(&mut self, _out: &mut ChunkWriter) {}
}

/// Reads the events of a stream by what they mean; `F` is how the stream is cut into events.
pub struct Translation<E, F = EventSplitter> {
    splitter: F,
    events: E,
    out: ChunkWriter,
    show_usage: bool,
    seen: Seen,
    is_over: bool,
}

impl<E: ChatEvents> Translation<E> {
    /// A reader for one answer in server-sent events.
    pub fn new(reply: Reply<'_>, events: E) -> Self {
        Self::framed(reply, events)
    }
}

impl<E: ChatEvents, F: Framing> Translation<E, F> {
    /// A reader for one answer in another format: `Translation::<_, LineSplitter>::framed(reply, events)`.
    pub fn framed(reply: Reply<'_>, events: E) -> Self {
        let out = ChunkWriter::new(Head { id: reply.id, model: reply.model });
        let (splitter, seen) = (F::default(), Seen::default());
        Self { splitter, events, out, show_usage: reply.show_usage, seen, is_over: false }
    }

    fn read(&mut self, whole: &[u8]) -> Result<(), ProviderFailure> {
        for data in F::events(whole) {
            if self.is_over {
                break;
            }
            self.events.event(&data, &mut self.out)?;
            if self.events.is_complete() {
                self.end();
            }
        }
        (self.seen.content_events, self.seen.content_bytes) = (self.out.deltas(), self.out.text_bytes());
        (self.seen.usage, self.seen.so_far) = (self.events.usage(), self.events.so_far());
        Ok(())
    }

    fn end(&mut self) {
        self.is_over = true;
        if let Some(usage) = self.events.usage().filter(|_| self.show_usage) {
            self.out.usage(&usage);
        }
    }
}

impl<E: ChatEvents, F: Framing> StreamDecoder for Translation<E, F> {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, ProviderFailure> {
        let whole = self.splitter.push(chunk).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        self.read(&whole)?;
        Ok(self.out.take())
    }

    fn finish(&mut self) -> Result<Bytes, ProviderFailure> {
        let rest = self.splitter.finish();
        self.read(&rest)?;
        if !self.is_over {
            self.events.close(&mut self.out);
            // An answer that told why it ended is whole, even if the event that closes the stream is missing.
            if !self.out.is_finished() {
                let message = "the upstream ended its stream before the answer was complete";
                return Err(ProviderFailure::malformed(message));
            }
            self.end();
        }
        Ok(self.out.take())
    }

    fn is_complete(&self) -> bool {
        self.is_over
    }

    fn terminal(&self) -> Bytes {
        Bytes::from_static(DONE_EVENT)
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}
