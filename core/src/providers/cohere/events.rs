//! A streamed answer, event by event.
//!
//! Wire format: <https://docs.cohere.com/v2/docs/streaming>

use super::answer::{Call, Part};
use super::wire::{self, Counts};
use crate::api::answer::chunks::ChunkWriter;
use crate::api::answer::delta::{Delta, ToolDelta};
use crate::api::answer::message::ProviderFields;
use crate::api::chat::text::Text;
use crate::providers::failure::ProviderFailure;
use crate::providers::openai::failure;
use crate::providers::translation::ChatEvents;
use crate::usage::Usage;
use serde::Deserialize;
use serde_json::value::RawValue;

/// There is one answer to a request.
const CHOICE: u32 = 0;

/// Reads the events of one message.
#[derive(Debug, Default)]
pub(super) struct MessageEvents {
    usage: Option<Usage>,
    /// Calls of tools so far.
    calls: u32,
    /// The call that is open has told arguments.
    has_arguments: bool,
    is_complete: bool,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    delta: Option<Change<'a>>,
}

#[derive(Default, Deserialize)]
struct Change<'a> {
    #[serde(borrow, default)]
    message: Option<Piece<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<Text<'a>>,
    #[serde(default)]
    usage: Option<Counts>,
    #[serde(borrow, default)]
    error: Option<Text<'a>>,
}

/// A piece of the message. Where it begins, its members are empty lists.
#[derive(Default, Deserialize)]
struct Piece<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_plan: Option<Text<'a>>,
    #[serde(borrow, default)]
    tool_calls: Option<&'a RawValue>,
    #[serde(borrow, default)]
    citations: Option<&'a RawValue>,
}

impl ChatEvents for MessageEvents {
    fn event(&mut self, data: &[u8], out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        let event: Event<'_> = serde_json::from_slice(data).map_err(|_| unreadable(data))?;
        let change = event.delta.unwrap_or_default();
        match event.kind.as_deref() {
            Some("content-start" | "content-delta") => say(change, out),
            Some("tool-plan-delta") => plan(change, out),
            Some("tool-call-start") => self.call(change, data, out)?,
            Some("tool-call-delta") => self.arguments(change, out),
            Some("tool-call-end") => self.close(out),
            Some("citation-start") => cite(change, out),
            Some("message-end") => self.end(change, out)?,
            // An error has no type, and words of its own.
            None => return Err(failure::in_band(data)),
            // `message-start`, `content-end`, `citation-end`, and kinds to come.
            Some(_) => {}
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn usage(&self) -> Option<Usage> {
        self.usage
    }
}

impl MessageEvents {
    /// A call of a tool begins.
    fn call(&mut self, change: Change<'_>, data: &[u8], out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        let call = change.message.and_then(call_of).ok_or_else(|| unreadable(data))?;
        let index = self.calls;
        self.calls += 1;
        let (name, arguments) = call.function.map_or((None, None), |function| (function.name, function.arguments));
        let (id, name) = (call.id.unwrap_or_default(), name.unwrap_or_default());
        let arguments = arguments.unwrap_or_default();
        self.has_arguments = !arguments.is_empty();
        out.delta(
            CHOICE,
            &Delta { tool_calls: &[ToolDelta::begin(index, &id, &name, &arguments)], ..Delta::default() },
        );
        Ok(())
    }

    /// More of the open call's arguments.
    fn arguments(&mut self, change: Change<'_>, out: &mut ChunkWriter) {
        let call = change.message.and_then(call_of);
        let arguments = call.and_then(|call| call.function?.arguments).unwrap_or_default();
        if !arguments.is_empty() {
            self.tell_arguments(&arguments, out);
        }
    }

    /// The open call ends. One without arguments is told an empty object: their text must be JSON.
    fn close(&mut self, out: &mut ChunkWriter) {
        if !self.has_arguments {
            self.tell_arguments("{}", out);
        }
    }

    fn tell_arguments(&mut self, arguments: &str, out: &mut ChunkWriter) {
        self.has_arguments = true;
        let index = self.calls.saturating_sub(1);
        out.delta(CHOICE, &Delta { tool_calls: &[ToolDelta::more(index, arguments)], ..Delta::default() });
    }

    /// The message is over: why, and what it used.
    fn end(&mut self, change: Change<'_>, out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        self.usage = change.usage.as_ref().and_then(Counts::usage);
        let finish = wire::finish(change.finish_reason.as_deref()).map_err(|failure| match change.error {
            Some(words) => ProviderFailure { message: words.0.into_owned(), ..failure },
            None => failure,
        })?;
        out.finish(CHOICE, finish);
        self.is_complete = true;
        Ok(())
    }
}

fn call_of(piece: Piece<'_>) -> Option<Call<'_>> {
    serde_json::from_str(piece.tool_calls?.get()).ok()
}

/// More text, or more thoughts.
fn say(change: Change<'_>, out: &mut ChunkWriter) {
    let content = change.message.and_then(|piece| piece.content);
    let Some(part) = content.and_then(|content| serde_json::from_str::<Part<'_>>(content.get()).ok()) else { return };
    if let Some(text) = part.text.filter(|text| !text.is_empty()) {
        out.delta(CHOICE, &Delta::text(&text));
    }
    think(part.thinking, out);
}

/// More of what the model plans to do with tools.
fn plan(change: Change<'_>, out: &mut ChunkWriter) {
    think(change.message.and_then(|piece| piece.tool_plan), out);
}

fn think(thoughts: Option<Text<'_>>, out: &mut ChunkWriter) {
    if let Some(thoughts) = thoughts.filter(|thoughts| !thoughts.is_empty()) {
        out.delta(CHOICE, &Delta { reasoning_content: Some(&thoughts), ..Delta::default() });
    }
}

/// A source of what was said.
fn cite(change: Change<'_>, out: &mut ChunkWriter) {
    let Some(citation) = change.message.and_then(|piece| piece.citations) else { return };
    let mut fields = ProviderFields::default();
    fields.add("citation", &citation);
    out.delta(CHOICE, &Delta { provider_specific_fields: fields, ..Delta::default() });
}

fn unreadable(data: &[u8]) -> ProviderFailure {
    let excerpt = failure::excerpt(data);
    ProviderFailure::malformed(format!("an event of the upstream's stream cannot be read: {excerpt}"))
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
