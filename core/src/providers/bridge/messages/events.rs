//! A streamed answer, told as a message: one block is open at a time, and each kind of news has its method.

use super::image;
use crate::api::completion::{Completion, Function, Image, Message};
use crate::api::messages::event::{Beginning, BlockDelta, Empty, Ending, Event, Opening};
use crate::api::messages::stop::StopReason;
use crate::api::messages::usage::MessageUsage;
use crate::providers::bridge::dialect::ClientEvents;
use crate::providers::failure::ProviderFailure;
use crate::providers::provider::Reply;
use crate::usage::Usage;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

const MIXED: &str = "the upstream's stream mixes the pieces of several calls of tools";

/// Tells one message.
#[derive(Debug)]
pub(super) struct MessageTeller {
    id: String,
    model: String,
    has_begun: bool,
    /// Blocks that have begun.
    blocks: u32,
    open: Open,
    /// The id of the call that is open.
    call_id: String,
    stop: Option<StopReason>,
    refused: bool,
    has_called: bool,
}

/// The block that is open: the last that has begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Open {
    #[default]
    None,
    Text,
    Thinking,
    /// A call, by the choice and the place that the upstream gives it.
    Call(u32, u32),
}

/// A block of thoughts, or what is new of one.
#[derive(Deserialize)]
struct Thought {
    #[serde(default)]
    thinking: Option<String>,
    #[serde(default)]
    signature: Option<String>,
    #[serde(default)]
    data: Option<String>,
}

impl MessageTeller {
    /// A teller of one message.
    pub(super) fn new(reply: Reply<'_>) -> Self {
        Self {
            id: format!("msg_{}", reply.id),
            model: reply.model.to_owned(),
            has_begun: false,
            blocks: 0,
            open: Open::None,
            call_id: String::new(),
            stop: None,
            refused: false,
            has_called: false,
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !self.has_begun {
            self.has_begun = true;
            Event::MessageStart { message: Beginning::new(&self.id, &self.model) }.write(out);
        }
    }

    /// What is new of one choice.
    fn message(&mut self, choice: u32, message: &Message<'_>, out: &mut Vec<u8>) -> Result<(), ProviderFailure> {
        match message.thinking_blocks.as_deref() {
            Some(blocks) if !blocks.is_empty() => blocks.iter().for_each(|block| self.thought(block, out)),
            _ => self.think(message.reasoning_content.as_deref(), out),
        }
        self.say(message.text(), out);
        if let Some(refusal) = message.refusal.as_deref().filter(|refusal| !refusal.is_empty()) {
            self.refused = true;
            self.say(Some(refusal), out);
        }
        message.images().iter().for_each(|drawn| self.draw(drawn, out));
        if let Some(function) = &message.function_call {
            self.call(Open::Call(choice, 0), None, function, out)?;
        }
        message.calls().iter().try_for_each(|call| {
            let Some(function) = &call.function else { return Ok(()) };
            let id = call.id.as_deref().filter(|id| !id.is_empty());
            self.call(Open::Call(choice, call.index.unwrap_or(0)), id, function, out)
        })
    }

    fn say(&mut self, text: Option<&str>, out: &mut Vec<u8>) {
        let Some(text) = text else { return };
        self.turn_to(Open::Text, Opening::Text { text: "" }, out);
        self.add(BlockDelta::TextDelta { text }, out);
    }

    /// An image comes in one piece.
    fn draw(&mut self, drawn: &Image<'_>, out: &mut Vec<u8>) {
        self.turn_to(Open::None, Opening::Image { source: image::source(drawn) }, out);
        self.end_block(out);
    }

    fn think(&mut self, thinking: Option<&str>, out: &mut Vec<u8>) {
        let Some(thinking) = thinking.filter(|thinking| !thinking.is_empty()) else { return };
        self.turn_to(Open::Thinking, Opening::Thinking { thinking: "", signature: "" }, out);
        self.add(BlockDelta::ThinkingDelta { thinking }, out);
    }

    /// More thoughts in Anthropic's form. A signature ends a block.
    fn thought(&mut self, block: &RawValue, out: &mut Vec<u8>) {
        let Ok(thought) = serde_json::from_str::<Thought>(block.get()) else { return };
        if let Some(data) = thought.data {
            self.turn_to(Open::None, Opening::RedactedThinking { data: &data }, out);
            self.end_block(out);
            return;
        }
        self.think(thought.thinking.as_deref(), out);
        if let Some(signature) = thought.signature.filter(|signature| !signature.is_empty()) {
            self.turn_to(Open::Thinking, Opening::Thinking { thinking: "", signature: "" }, out);
            self.add(BlockDelta::SignatureDelta { signature: &signature }, out);
            self.close(out);
        }
    }

    /// A call begins, or goes on. Some upstreams number all calls alike, and some tell the id again with each piece.
    fn call(
        &mut self,
        this: Open,
        id: Option<&str>,
        function: &Function<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), ProviderFailure> {
        if self.open != this || id.is_some_and(|id| id != self.call_id) {
            let name = function.name.as_deref().filter(|name| !name.is_empty());
            // Blocks end in order: what belongs to a call that has ended has no place any more.
            let Some(name) = name else { return Err(ProviderFailure::malformed(MIXED)) };
            self.call_id = id.map_or_else(|| format!("toolu_{}_{}", self.id, self.blocks), str::to_owned);
            self.close(out);
            let opening = Opening::ToolUse { id: &self.call_id, name, input: Empty {} };
            Event::ContentBlockStart { index: self.blocks, content_block: opening }.write(out);
            self.blocks += 1;
            self.open = this;
            self.has_called = true;
        }
        if let Some(partial_json) = function.arguments.as_deref().filter(|json| !json.is_empty()) {
            self.add(BlockDelta::InputJsonDelta { partial_json }, out);
        }
        Ok(())
    }

    /// Begins a block of this kind, where none is open.
    fn turn_to(&mut self, wanted: Open, opening: Opening<'_>, out: &mut Vec<u8>) {
        if self.open == wanted && wanted != Open::None {
            return;
        }
        self.close(out);
        Event::ContentBlockStart { index: self.blocks, content_block: opening }.write(out);
        self.blocks += 1;
        self.open = wanted;
    }

    fn add(&self, delta: BlockDelta<'_>, out: &mut Vec<u8>) {
        Event::ContentBlockDelta { index: self.blocks.saturating_sub(1), delta }.write(out);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if self.open != Open::None {
            self.end_block(out);
        }
    }

    fn end_block(&mut self, out: &mut Vec<u8>) {
        self.open = Open::None;
        Event::ContentBlockStop { index: self.blocks.saturating_sub(1) }.write(out);
    }
}

impl ClientEvents for MessageTeller {
    fn chunk(&mut self, chunk: &Completion<'_>, out: &mut Vec<u8>) -> Result<(), ProviderFailure> {
        self.begin(out);
        for choice in chunk.choices() {
            let index = choice.index.unwrap_or(0);
            if let Some(message) = &choice.message {
                self.message(index, message, out)?;
            }
            // There is one message: it ended as the first of the answers did.
            if let Some(reason) = choice.finish_reason.as_deref().filter(|_| index == 0 || self.stop.is_none()) {
                self.stop = Some(StopReason::of_finish(reason));
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        if self.blocks == 0 {
            self.turn_to(Open::Text, Opening::Text { text: "" }, out);
        }
        self.close(out);
    }

    fn terminal(&self, usage: &Usage) -> Bytes {
        let stop_reason = match self.stop.unwrap_or_default() {
            _ if self.refused => StopReason::Refusal,
            // Clients go by this: a call that is not announced is not made.
            StopReason::EndTurn if self.has_called => StopReason::ToolUse,
            stop => stop,
        };
        let mut out = Vec::with_capacity(256);
        let delta = Ending { stop_reason, stop_sequence: None };
        Event::MessageDelta { delta, usage: MessageUsage::from(usage) }.write(&mut out);
        Event::MessageStop.write(&mut out);
        Bytes::from(out)
    }
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
