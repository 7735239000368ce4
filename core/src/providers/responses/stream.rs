//! A streamed answer: events pass as the bytes they came in. Only those that tell of the response as a whole, or of an
//! error, are looked into, and a byte search decides which those are.

use super::answer::usage;
use super::renamed::Naming;
use crate::api::chat::text::Text;
use crate::api::members::Members;
use crate::api::responses::answer::{Answer, Failure, Status};
use crate::api::responses::echo::Echo;
use crate::api::responses::event::{DONE_EVENT, EventWriter, OfResponse};
use crate::api::responses::id::ResponseId;
use crate::providers::decoder::{Seen, StreamDecoder};
use crate::providers::failure::ProviderFailure;
use crate::providers::openai::failure;
use crate::providers::provider::Reply;
use crate::wire::sse::{self, EventSplitter};
use crate::wire::text_bytes;
use bytes::{Bytes, BytesMut};
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Signs of the events that are looked into.
const SIGNS: [&[u8]; 3] = [b"\"response\":", b"\"response\" :", b"\"error\""];
/// Ends the name of every event with content.
const CONTENT: &[u8] = b".delta\"";
/// The member that holds text of the answer.
const TEXT: &[u8] = b"\"delta\"";

/// Reads one stream.
pub(super) struct EventReader {
    naming: Naming,
    /// What the upstream calls the response; ours until it has told.
    upstream_id: String,
    created_at: i64,
    splitter: EventSplitter,
    seen: Seen,
    /// The number of the next event.
    events: u64,
    /// The event that ends the response.
    last: Bytes,
    is_complete: bool,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    response: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

impl EventReader {
    pub(super) fn new(reply: Reply<'_>) -> Self {
        Self {
            naming: Naming::of(reply),
            upstream_id: format!("resp_{}", reply.id),
            created_at: reply.id.arrived().seconds(),
            splitter: EventSplitter::default(),
            seen: Seen::default(),
            events: 0,
            last: Bytes::new(),
            is_complete: false,
        }
    }

    fn filter(&mut self, whole: Bytes) -> Result<Bytes, ProviderFailure> {
        if self.is_complete || whole.is_empty() {
            return Ok(Bytes::new());
        }
        self.seen.content_events += memmem::find_iter(&whole, CONTENT).count() as u64;
        self.seen.content_bytes += text_bytes::of_members(&whole, &[TEXT]);
        if !SIGNS.iter().any(|sign| memmem::find(&whole, sign).is_some()) {
            self.events += sse::events(&whole).count() as u64;
            return Ok(whole);
        }
        let mut kept = BytesMut::with_capacity(whole.len() + 128);
        for event in sse::events(&whole) {
            let Some(data) = sse::data(event).filter(|data| data.starts_with(b"{")) else {
                kept.extend_from_slice(event);
                continue;
            };
            match self.judge(&data)? {
                Some(told) => kept.extend_from_slice(&told),
                None if self.is_complete => break,
                None => kept.extend_from_slice(event),
            }
            self.events += 1;
        }
        Ok(kept.freeze())
    }

    /// Reads an event. What it gives takes the event's place.
    fn judge(&mut self, data: &[u8]) -> Result<Option<Vec<u8>>, ProviderFailure> {
        let event: Event<'_> = serde_json::from_slice(data).map_err(|_| {
            let excerpt = failure::excerpt(data);
            ProviderFailure::malformed(format!("an event of the upstream's stream cannot be read: {excerpt}"))
        })?;
        match (&*event.kind, event.response) {
            ("error", _) => Err(failure::in_band(event.error.map_or(data, |error| error.get().as_bytes()))),
            ("response.failed", Some(response)) => Err(self.failed(response, data)),
            (kind @ ("response.completed" | "response.incomplete"), Some(response)) => {
                self.count(response);
                self.last = self.naming.event(kind, data).unwrap_or_default().into();
                self.is_complete = true;
                Ok(None)
            }
            (kind, Some(response)) => {
                self.note_id(response);
                Ok(self.naming.event(kind, data))
            }
            (_, None) => Ok(None),
        }
    }

    fn note_id(&mut self, response: &RawValue) {
        let response = Members::parse(response.get().as_bytes()).unwrap_or_default();
        if let Some(id) = response.read("id") {
            self.upstream_id = id;
        }
    }

    fn count(&mut self, response: &RawValue) {
        if let Ok(response) = Members::parse(response.get().as_bytes()) {
            self.seen.usage = usage(&response);
        }
    }

    /// A response that failed says so itself: its event ends the stream, and is an error here.
    fn failed(&mut self, response: &RawValue, data: &[u8]) -> ProviderFailure {
        self.count(response);
        self.last = self.naming.event("response.failed", data).unwrap_or_default().into();
        let response = Members::parse(response.get().as_bytes()).unwrap_or_default();
        let error = response.get("error").map_or("null", RawValue::get);
        failure::in_band(error.as_bytes())
    }
}

impl StreamDecoder for EventReader {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, ProviderFailure> {
        let whole = self.splitter.push(chunk).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        self.filter(whole)
    }

    fn finish(&mut self) -> Result<Bytes, ProviderFailure> {
        let rest = self.splitter.finish();
        let shown = self.filter(rest)?;
        if self.is_complete {
            return Ok(shown);
        }
        Err(ProviderFailure::malformed("the upstream ended its stream before the answer was complete"))
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn terminal(&self) -> Bytes {
        [&self.last, DONE_EVENT].concat().into()
    }

    fn broken(&self, code: &str, message: &str) -> Option<Bytes> {
        if !self.last.is_empty() && !self.is_complete {
            return Some(self.terminal());
        }
        let Naming { deployment, model } = &self.naming;
        let response = Answer {
            id: &ResponseId::name(deployment, model, &self.upstream_id),
            created_at: self.created_at,
            error: Some(Failure { code, message }),
            incomplete_details: None,
            model,
            object: "response",
            output: &[],
            status: Status::Failed,
            usage: None,
            echo: &Echo::of(b"{}"),
            provider_specific_fields: None,
        };
        let mut out = Vec::new();
        EventWriter::after(self.events).write_last("response.failed", &OfResponse { response: &response }, &mut out);
        out.extend_from_slice(DONE_EVENT);
        Some(Bytes::from(out))
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
