//! A stream whose maker's events are those of a dialect that streams in server-sent events: they are taken out of AWS's
//! messages, written as such, and read by that dialect's own reader.

use super::chunk;
use crate::providers::decoder::{Seen, StreamDecoder};
use crate::providers::failure::ProviderFailure;
use crate::usage::Usage;
use crate::wire::event_stream::MessageSplitter;
use crate::wire::framing::Framing;
use bytes::{Bytes, BytesMut};

/// Writes one event as server-sent ones.
pub(crate) type Write = fn(event: &[u8], out: &mut BytesMut) -> Result<(), ProviderFailure>;

/// Reads one stream.
pub(crate) struct Frames {
    splitter: MessageSplitter,
    write: Write,
    /// Reads what is written.
    inner: Box<dyn StreamDecoder>,
}

impl Frames {
    /// A reader for one answer.
    pub(crate) fn new(inner: Box<dyn StreamDecoder>, write: Write) -> Self {
        Self { splitter: MessageSplitter::default(), write, inner }
    }
}

/// Writes the data of an event, and its end.
pub(crate) fn write_data(json: &[u8], out: &mut BytesMut) {
    out.reserve(json.len() + "data: \n\n".len());
    out.extend_from_slice(b"data: ");
    // A line's end would end the event. In JSON it only stands between the parts.
    out.extend(json.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
    out.extend_from_slice(b"\n\n");
}

impl StreamDecoder for Frames {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, ProviderFailure> {
        let whole = self.splitter.push(chunk).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        let mut events = BytesMut::new();
        for message in MessageSplitter::events(&whole) {
            if self.inner.is_complete() {
                break;
            }
            if let Some(event) = chunk::event(&message)? {
                (self.write)(&event, &mut events)?;
            }
        }
        self.inner.push(events.freeze())
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
