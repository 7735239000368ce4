//! A streamed answer, event by event. Only what is new is told; what events tell again as a whole is passed over.

use super::wire::{OutputItem, Response};
use crate::api::answer::chunks::ChunkWriter;
use crate::api::answer::delta::{Delta, ToolDelta};
use crate::api::chat::text::Text;
use crate::providers::failure::ProviderFailure;
use crate::providers::openai::failure;
use crate::providers::translation::ChatEvents;
use crate::usage::Usage;
use serde::Deserialize;

/// There is one answer to a request.
const CHOICE: u32 = 0;

/// Reads the events of one response.
#[derive(Debug, Default)]
pub(super) struct ResponseEvents {
    /// The calls so far, by the place of their items.
    calls: Vec<Call>,
    usage: Option<Usage>,
    is_complete: bool,
}

#[derive(Debug)]
struct Call {
    output_index: u64,
    has_arguments: bool,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(default)]
    output_index: u64,
    #[serde(borrow, default)]
    delta: Option<Text<'a>>,
    #[serde(borrow, default)]
    item: Option<OutputItem<'a>>,
    #[serde(borrow, default)]
    response: Option<Response<'a>>,
}

impl ChatEvents for ResponseEvents {
    fn event(&mut self, data: &[u8], out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        let event: Event<'_> = serde_json::from_slice(data).map_err(|_| {
            let excerpt = failure::excerpt(data);
            ProviderFailure::malformed(format!("an event of the upstream's stream cannot be read: {excerpt}"))
        })?;
        match &*event.kind {
            "response.output_text.delta" => tell(event.delta, out, |text| Delta::text(text)),
            "response.refusal.delta" => {
                tell(event.delta, out, |text| Delta { refusal: Some(text), ..Delta::default() });
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                tell(event.delta, out, |text| Delta { reasoning_content: Some(text), ..Delta::default() });
            }
            "response.output_item.added" => self.begin(event.output_index, event.item.as_ref(), out),
            "response.function_call_arguments.delta" => self.argue(event.output_index, event.delta.as_deref(), out),
            "response.output_item.done" => self.end_item(event.output_index, event.item.as_ref(), out),
            "response.completed" | "response.incomplete" => self.end(event.response, out)?,
            "response.failed" | "response.cancelled" => {
                let failure = event.response.and_then(|response| response.failure());
                return Err(failure.unwrap_or_else(|| ProviderFailure::malformed("the upstream's answer failed")));
            }
            "error" => return Err(failure::in_band(data)),
            // Beginnings and ends of parts, what the provider's own tools do, and kinds to come.
            _ => {}
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

impl ResponseEvents {
    /// An item begins. Only calls tell something with it.
    fn begin(&mut self, output_index: u64, item: Option<&OutputItem<'_>>, out: &mut ChunkWriter) {
        let Some(item) = item.filter(|item| &*item.kind == "function_call") else { return };
        let index = u32::try_from(self.calls.len()).unwrap_or(u32::MAX);
        self.calls.push(Call { output_index, has_arguments: false });
        let (id, name) = (item.call_id.as_deref().unwrap_or_default(), item.name.as_deref().unwrap_or_default());
        out.delta(CHOICE, &Delta { tool_calls: &[ToolDelta::begin(index, id, name, "")], ..Delta::default() });
    }

    /// More of a call's arguments.
    fn argue(&mut self, output_index: u64, arguments: Option<&str>, out: &mut ChunkWriter) {
        let Some(arguments) = arguments.filter(|arguments| !arguments.is_empty()) else { return };
        let call = (0_u32..).zip(&mut self.calls).find(|(_, call)| call.output_index == output_index);
        if let Some((index, call)) = call {
            call.has_arguments = true;
            out.delta(CHOICE, &Delta { tool_calls: &[ToolDelta::more(index, arguments)], ..Delta::default() });
        }
    }

    /// An item ends. A call whose arguments did not come piece by piece has them here.
    fn end_item(&mut self, output_index: u64, item: Option<&OutputItem<'_>>, out: &mut ChunkWriter) {
        let is_told = self.calls.iter().any(|call| call.output_index == output_index && call.has_arguments);
        if let Some(item) = item.filter(|item| !is_told && &*item.kind == "function_call") {
            self.argue(output_index, item.arguments.as_deref(), out);
        }
    }

    /// The response is over.
    fn end(&mut self, response: Option<Response<'_>>, out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        let response = response.unwrap_or_default();
        if let Some(failure) = response.failure() {
            return Err(failure);
        }
        self.usage = response.usage();
        out.finish(CHOICE, response.finish(!self.calls.is_empty()));
        self.is_complete = true;
        Ok(())
    }
}

fn tell<'d>(text: Option<Text<'d>>, out: &mut ChunkWriter, delta: impl for<'t> FnOnce(&'t str) -> Delta<'t>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        out.delta(CHOICE, &delta(&text));
    }
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
