//! A streamed answer: Claude's events, taken out of AWS's messages and read as the server-sent events that they are at
//! Anthropic.

use crate::api::chat::text::Text;
use crate::providers::bedrock::failure::excerpt;
use crate::providers::bedrock::invoke::chunk;
use crate::providers::decoder::{Seen, StreamDecoder};
use crate::providers::failure::ProviderFailure;
use crate::wire::event_stream::MessageSplitter;
use crate::wire::framing::Framing;
use bytes::{Bytes, BytesMut};
use serde::Deserialize;

/// Reads one stream.
pub(super) struct ClaudeFrames {
    splitter: MessageSplitter,
    /// Reads Claude's events.
    inner: Box<dyn StreamDecoder>,
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
}

impl ClaudeFrames {
    pub(super) fn new(inner: Box<dyn StreamDecoder>) -> Self {
        Self { splitter: MessageSplitter::default(), inner }
    }
}

/// Writes one event as a server-sent one.
fn write(event: &[u8], out: &mut BytesMut) -> Result<(), ProviderFailure> {
    let kind: Kind<'_> = serde_json::from_slice(event).map_err(|_| {
        let excerpt = excerpt(event);
        ProviderFailure::malformed(format!("an event of the upstream's stream cannot be read: {excerpt}"))
    })?;
    out.reserve(event.len() + kind.kind.len() + "event: \ndata: \n\n".len());
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(kind.kind.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    // A line's end would end the event. In JSON it only stands between the parts.
    out.extend(event.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
    out.extend_from_slice(b"\n\n");
    Ok(())
}

impl StreamDecoder for ClaudeFrames {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, ProviderFailure> {
        let whole = self.splitter.push(chunk).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        let mut events = BytesMut::new();
        for message in MessageSplitter::events(&whole) {
            if self.inner.is_complete() {
                break;
            }
            if let Some(event) = chunk::event(&message)? {
                write(&event, &mut events)?;
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

    fn seen(&self) -> &Seen {
        self.inner.seen()
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
