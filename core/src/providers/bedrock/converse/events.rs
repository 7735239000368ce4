//! A streamed answer, event by event: each has its method.
//!
//! Wire format: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>

use super::answer::ThinkingBlock;
use super::tools::ANSWER_TOOL;
use super::wire::{self, Counts, Fields, Tier};
use crate::api::answer::chunks::ChunkWriter;
use crate::api::answer::delta::{Delta, ToolDelta};
use crate::api::answer::finish::Finish;
use crate::api::answer::message::ProviderFields;
use crate::api::chat::text::Text;
use crate::api::members::raw;
use crate::providers::bedrock::failure;
use crate::providers::failure::ProviderFailure;
use crate::providers::translation::ChatEvents;
use crate::usage::Usage;
use crate::wire::event_stream::Message;
use serde::Deserialize;
use serde_json::value::RawValue;

/// There is one answer to a request.
const CHOICE: u32 = 0;

/// Reads the events of one message.
#[derive(Debug, Default)]
pub(crate) struct ConverseEvents {
    block: Block,
    /// Calls of tools so far.
    calls: u32,
    is_form: bool,
    fields: Option<Fields>,
    usage: Option<Usage>,
    is_complete: bool,
}

/// The block that is open.
#[derive(Debug, Default)]
enum Block {
    /// Text, or thoughts.
    #[default]
    Spoken,
    /// A call of a tool.
    Call { index: u32, has_arguments: bool },
    /// The call whose arguments are the answer.
    Form,
}

#[derive(Deserialize)]
struct Started<'a> {
    #[serde(borrow, default)]
    start: Start<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start<'a> {
    #[serde(borrow, default)]
    tool_use: Option<Called<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Called<'a> {
    #[serde(borrow)]
    tool_use_id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
}

#[derive(Deserialize)]
struct Changed<'a> {
    #[serde(borrow)]
    delta: Change<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    tool_use: Option<Input<'a>>,
    #[serde(borrow, default)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    citation: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Input<'a> {
    #[serde(borrow, default)]
    input: Text<'a>,
}

/// A piece of thoughts: text, the signature that ends it, or what nobody may read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Thought<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    signature: Option<Text<'a>>,
    #[serde(borrow, default)]
    redacted_content: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stopped<'a> {
    #[serde(borrow, default)]
    stop_reason: Text<'a>,
    #[serde(borrow, default)]
    additional_model_response_fields: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    usage: Option<Counts>,
    #[serde(default)]
    service_tier: Option<Tier>,
}

impl ChatEvents for ConverseEvents {
    fn event(&mut self, data: &[u8], out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        let message = Message::read(data).ok_or_else(|| unreadable(data))?;
        if message.is_failure {
            return Err(failure::in_stream(message.kind, message.payload));
        }
        self.told(message.kind, message.payload, out)
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn usage(&self) -> Option<Usage> {
        self.usage
    }
}

impl ConverseEvents {
    /// An event of this kind.
    ///
    /// # Errors
    /// It breaks the dialect.
    pub(crate) fn told(&mut self, kind: &str, json: &[u8], out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        match kind {
            "contentBlockStart" => self.open(parsed::<Started<'_>>(json)?.start, out),
            "contentBlockDelta" => self.change(&parsed::<Changed<'_>>(json)?.delta, out)?,
            "contentBlockStop" => self.close_block(out),
            "messageStop" => self.stop(&parsed(json)?, out),
            "metadata" => self.count(&parsed(json)?, out),
            // `messageStart`, which tells who speaks, and kinds to come.
            _ => {}
        }
        Ok(())
    }

    /// A block begins. Those of text have no such event.
    fn open(&mut self, start: Start<'_>, out: &mut ChunkWriter) {
        self.block = match start.tool_use {
            None => Block::Spoken,
            Some(call) if &*call.name == ANSWER_TOOL => {
                self.is_form = true;
                Block::Form
            }
            Some(call) => {
                let index = self.calls;
                self.calls += 1;
                let begun = ToolDelta::begin(index, &call.tool_use_id, &call.name, "");
                out.delta(CHOICE, &Delta { tool_calls: &[begun], ..Delta::default() });
                Block::Call { index, has_arguments: false }
            }
        };
    }

    /// More of the open block.
    fn change(&mut self, change: &Change<'_>, out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        if let Some(text) = change.text.as_deref().filter(|text| !text.is_empty()) {
            out.delta(CHOICE, &Delta::text(text));
        }
        if let Some(json) = change.tool_use.as_ref().map(|call| &*call.input).filter(|json| !json.is_empty()) {
            match &mut self.block {
                Block::Call { index, has_arguments } => {
                    *has_arguments = true;
                    out.delta(CHOICE, &Delta { tool_calls: &[ToolDelta::more(*index, json)], ..Delta::default() });
                }
                Block::Form => out.delta(CHOICE, &Delta::text(json)),
                Block::Spoken => {}
            }
        }
        if let Some(whole) = change.reasoning_content {
            think(whole, out)?;
        }
        if let Some(citation) = change.citation {
            tell("citation", citation, out);
        }
        Ok(())
    }

    /// The open block ends. A call that had no arguments is told that it has none: their text must be JSON.
    fn close_block(&mut self, out: &mut ChunkWriter) {
        if let Block::Call { index, has_arguments: false } = std::mem::take(&mut self.block) {
            out.delta(CHOICE, &Delta { tool_calls: &[ToolDelta::more(index, "{}")], ..Delta::default() });
        }
    }

    /// The message is over, but for its counts.
    fn stop(&mut self, stopped: &Stopped<'_>, out: &mut ChunkWriter) {
        let fields = stopped.additional_model_response_fields;
        self.fields = fields.and_then(|fields| serde_json::from_str(fields.get()).ok());
        if out.is_finished() {
            return;
        }
        let finish = wire::finish(&stopped.stop_reason);
        let is_form_alone = self.is_form && self.calls == 0;
        out.finish(CHOICE, if is_form_alone && finish == Finish::ToolCalls { Finish::Stop } else { finish });
    }

    /// What the answer used: the last event.
    fn count(&mut self, metadata: &Metadata, out: &ChunkWriter) {
        let counts = metadata.usage.as_ref();
        self.usage = counts.map(|counts| counts.usage(metadata.service_tier.as_ref(), self.fields.as_ref()));
        self.is_complete = out.is_finished();
    }
}

/// More thoughts. LiteLLM's clients look for the blocks in two places.
fn think(whole: &RawValue, out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
    let thought: Thought<'_> = parsed(whole.get().as_bytes())?;
    let text = thought.text.as_deref().unwrap_or_default();
    let block = match &thought.redacted_content {
        Some(data) => ThinkingBlock::RedactedThinking { data },
        None => ThinkingBlock::Thinking { thinking: text, signature: thought.signature.as_deref() },
    };
    let blocks: Vec<_> = raw(&block).into_iter().collect();
    let mut fields = ProviderFields::default();
    fields.add("reasoningContent", &whole);
    let delta = Delta {
        reasoning_content: (!text.is_empty()).then_some(text),
        thinking_blocks: &blocks,
        provider_specific_fields: fields,
        ..Delta::default()
    };
    out.delta(CHOICE, &delta);
    Ok(())
}

fn tell(name: &'static str, value: &RawValue, out: &mut ChunkWriter) {
    let mut fields = ProviderFields::default();
    fields.add(name, &value);
    out.delta(CHOICE, &Delta { provider_specific_fields: fields, ..Delta::default() });
}

fn parsed<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, ProviderFailure> {
    serde_json::from_slice(json).map_err(|_| unreadable(json))
}

fn unreadable(data: &[u8]) -> ProviderFailure {
    ProviderFailure::malformed(format!("an event of the upstream's stream cannot be read: {}", failure::excerpt(data)))
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
