//! A streamed answer: events pass as the bytes they came in. Only those that begin or end the message, count, or tell of
//! an error are looked into, and a byte search decides which those are.

use super::overload::known;
use crate::api::chat::text::Text;
use crate::api::members::{Members, raw};
use crate::providers::anthropic::failure::{self, ErrorMember};
use crate::providers::anthropic::wire::Counts;
use crate::providers::decoder::{Seen, StreamDecoder};
use crate::providers::failure::ProviderFailure;
use crate::wire::sse::{self, EventSplitter};
use crate::wire::text_bytes;
use bytes::{Bytes, BytesMut};
use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;

const STOP_EVENT: &[u8] = b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
/// Words that stand in every event which is looked into.
const SIGNS: [&[u8]; 2] = [b"\"message_", b"\"error\""];
/// The word that stands in every event with content.
const CONTENT: &[u8] = b"\"content_block_delta\"";
/// The members that hold text of the answer.
const TEXTS: [&[u8]; 3] = [b"\"text\"", b"\"thinking\"", b"\"partial_json\""];

/// Reads one stream.
pub(super) struct EventReader {
    /// The client's name for the model.
    model: String,
    splitter: EventSplitter,
    counts: Counts,
    seen: Seen,
    /// Why the message ends has been told.
    has_ended: bool,
    is_complete: bool,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(default)]
    message: Option<Started>,
    #[serde(default)]
    delta: Option<Change>,
    #[serde(default)]
    usage: Option<Counts>,
    #[serde(default)]
    error: Option<ErrorMember>,
}

#[derive(Deserialize)]
struct Started {
    #[serde(default)]
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Change {
    #[serde(default)]
    stop_reason: Option<IgnoredAny>,
}

impl EventReader {
    pub(super) fn new(model: &str) -> Self {
        Self {
            model: model.to_owned(),
            splitter: EventSplitter::default(),
            counts: Counts::default(),
            seen: Seen::default(),
            has_ended: false,
            is_complete: false,
        }
    }

    fn filter(&mut self, whole: Bytes) -> Result<Bytes, ProviderFailure> {
        if self.is_complete {
            return Ok(Bytes::new());
        }
        self.seen.content_events += memmem::find_iter(&whole, CONTENT).count() as u64;
        self.seen.content_bytes += text_bytes::of_members(&whole, &TEXTS);
        if !SIGNS.iter().any(|sign| memmem::find(&whole, sign).is_some()) {
            return Ok(whole);
        }
        let mut kept = BytesMut::with_capacity(whole.len() + 64);
        for event in sse::events(&whole) {
            let Some(data) = sse::data(event) else {
                kept.extend_from_slice(event);
                continue;
            };
            match self.judge(&data)? {
                Some(told) => kept.extend_from_slice(&told),
                None if self.is_complete => break,
                None => kept.extend_from_slice(event),
            }
        }
        Ok(kept.freeze())
    }

    /// Reads an event. What it gives takes the event's place.
    fn judge(&mut self, data: &[u8]) -> Result<Option<Vec<u8>>, ProviderFailure> {
        let event: Event<'_> = serde_json::from_slice(data).map_err(|_| {
            let excerpt = failure::excerpt(data);
            ProviderFailure::malformed(format!("an event of the upstream's stream cannot be read: {excerpt}"))
        })?;
        match &*event.kind {
            "message_start" => {
                if let Some(counts) = event.message.and_then(|message| message.usage) {
                    self.counts.update(counts);
                    self.seen.so_far = Some(self.counts.usage());
                }
                return Ok(self.named(data));
            }
            "message_delta" => {
                if let Some(counts) = event.usage {
                    self.counts.update(counts);
                    self.seen.usage = Some(self.counts.usage());
                }
                self.has_ended |= event.delta.is_some_and(|delta| delta.stop_reason.is_some());
            }
            "message_stop" => self.is_complete = true,
            "error" => {
                let error = event.error.ok_or_else(|| ProviderFailure::malformed("an error without words"))?;
                return Err(known(failure::in_band(error)));
            }
            _ => {}
        }
        Ok(None)
    }

    /// The event that begins the message, with the client's name for the model.
    fn named(&self, data: &[u8]) -> Option<Vec<u8>> {
        let mut event = Members::parse(data).ok()?;
        let mut message = Members::parse(event.get("message")?.get().as_bytes()).ok()?;
        message.replace("model", raw(&self.model).ok()?);
        let message = raw(&serde_json::from_slice::<&serde_json::value::RawValue>(&message.to_json()).ok()?).ok()?;
        event.replace("message", message);
        let mut told = b"event: message_start\ndata: ".to_vec();
        told.extend_from_slice(&event.to_json());
        told.extend_from_slice(b"\n\n");
        Some(told)
    }
}

impl StreamDecoder for EventReader {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, ProviderFailure> {
        let whole = self.splitter.push(chunk).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        self.filter(whole)
    }

    fn finish(&mut self) -> Result<Bytes, ProviderFailure> {
        let rest = self.splitter.finish();
        let last = self.filter(rest)?;
        // An answer that told why it ended is whole, even if the event that closes the stream is missing.
        if self.is_complete || self.has_ended {
            return Ok(last);
        }
        Err(ProviderFailure::malformed("the upstream ended its stream before the answer was complete"))
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn terminal(&self) -> Bytes {
        Bytes::from_static(STOP_EVENT)
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
