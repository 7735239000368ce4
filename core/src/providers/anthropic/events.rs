//! A streamed answer, event by event: one block at a time is open, and each event has its method.
//!
//! Wire format: <https://docs.anthropic.com/en/docs/build-with-claude/streaming>

use super::answer::AnswerBlock;
use super::failure::{self, ErrorMember};
use super::tools::ANSWER_TOOL;
use super::wire::{self, Counts};
use crate::api::answer::arguments;
use crate::api::answer::chunks::ChunkWriter;
use crate::api::answer::delta::{Delta, ToolDelta};
use crate::api::answer::finish::Finish;
use crate::api::answer::message::ProviderFields;
use crate::api::chat::text::Text;
use crate::api::members::raw;
use crate::providers::failure::ProviderFailure;
use crate::providers::translation::ChatEvents;
use crate::usage::Usage;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// There is one answer to a request.
const CHOICE: u32 = 0;

/// Reads the events of one message.
#[derive(Debug, Default)]
pub struct MessageEvents {
    counts: Counts,
    /// The counts are those of the whole answer.
    has_counted: bool,
    block: Block,
    /// Calls of tools so far.
    calls: u32,
    is_form: bool,
    is_complete: bool,
}

/// The block that is open.
#[derive(Debug, Default)]
enum Block {
    /// None, or one that says nothing more.
    #[default]
    Quiet,
    Text,
    /// A call of a tool. `input`: what came with its beginning, to be told if nothing follows.
    Call {
        index: u32,
        has_arguments: bool,
        input: String,
    },
    /// The call whose arguments are the answer.
    Form,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(default)]
    message: Option<Started>,
    #[serde(borrow, default)]
    content_block: Option<&'a RawValue>,
    #[serde(borrow, default)]
    delta: Option<Change<'a>>,
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

/// The member `delta`, of a block or of the message.
#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    partial_json: Option<Text<'a>>,
    #[serde(borrow, default)]
    thinking: Option<Text<'a>>,
    #[serde(borrow, default)]
    signature: Option<Text<'a>>,
    #[serde(borrow, default)]
    citation: Option<&'a RawValue>,
    #[serde(borrow, default)]
    stop_reason: Option<Text<'a>>,
}

/// A piece of a thinking block: text, or the signature that ends it.
#[derive(Serialize)]
struct Thought<'a> {
    r#type: &'static str,
    thinking: &'a str,
    signature: &'a str,
}

impl ChatEvents for MessageEvents {
    fn event(&mut self, data: &[u8], out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        let event: Event<'_> = serde_json::from_slice(data).map_err(|_| {
            let excerpt = failure::excerpt(data);
            ProviderFailure::malformed(format!("an event of the upstream's stream cannot be read: {excerpt}"))
        })?;
        match &*event.kind {
            "message_start" => self.start(event.message),
            "content_block_start" => self.open(event.content_block, out)?,
            "content_block_delta" => self.change(event.delta, out),
            "content_block_stop" => self.close(out),
            "message_delta" => self.outcome(event.delta, event.usage, out),
            "message_stop" => self.stop(out),
            "error" => {
                let error = event.error.ok_or_else(|| ProviderFailure::malformed("an error without words"))?;
                return Err(failure::in_band(error));
            }
            // `ping`, and kinds to come.
            _ => {}
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn usage(&self) -> Option<Usage> {
        self.has_counted.then(|| self.counts.usage())
    }

    fn so_far(&self) -> Option<Usage> {
        self.counts.are_told().then(|| self.counts.usage())
    }
}

impl MessageEvents {
    /// The message begins, and its input has been counted.
    fn start(&mut self, message: Option<Started>) {
        if let Some(counts) = message.and_then(|message| message.usage) {
            self.counts.update(counts);
        }
    }

    /// A block begins.
    fn open(&mut self, whole: Option<&RawValue>, out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        let malformed = || ProviderFailure::malformed("a block of the upstream's stream cannot be read");
        let whole = whole.ok_or_else(malformed)?;
        let block: AnswerBlock<'_> = serde_json::from_str(whole.get()).map_err(|_| malformed())?;
        self.block = match &*block.kind {
            "text" => {
                say(block.text.as_deref(), out);
                Block::Text
            }
            "tool_use" | "server_tool_use" if block.name.as_deref() == Some(ANSWER_TOOL) => {
                self.is_form = true;
                Block::Form
            }
            "tool_use" | "server_tool_use" => self.call(&block, out),
            "redacted_thinking" => {
                think("", &[whole.to_owned()], out);
                Block::Quiet
            }
            "web_search_tool_result" | "web_fetch_tool_result" => {
                tell("web_search_results", &[whole], out);
                Block::Quiet
            }
            kind if kind.ends_with("_tool_result") => {
                tell("tool_results", &[whole], out);
                Block::Quiet
            }
            _ => Block::Quiet,
        };
        Ok(())
    }

    fn call(&mut self, block: &AnswerBlock<'_>, out: &mut ChunkWriter) -> Block {
        let index = self.calls;
        self.calls += 1;
        let (id, name) = (block.id.as_deref().unwrap_or_default(), block.name.as_deref().unwrap_or_default());
        out.delta(CHOICE, &Delta { tool_calls: &[ToolDelta::begin(index, id, name, "")], ..Delta::default() });
        Block::Call { index, has_arguments: false, input: arguments::text_of(block.input.map_or("{}", RawValue::get)) }
    }

    /// More of the open block.
    fn change(&mut self, change: Option<Change<'_>>, out: &mut ChunkWriter) {
        let Some(change) = change else { return };
        match (&mut self.block, &change.partial_json) {
            (Block::Call { index, has_arguments, .. }, Some(json)) if !json.is_empty() => {
                *has_arguments = true;
                out.delta(CHOICE, &Delta { tool_calls: &[ToolDelta::more(*index, json)], ..Delta::default() });
            }
            (Block::Form, json) => say(json.as_deref(), out),
            (_, _) => say(change.text.as_deref(), out),
        }
        if change.thinking.is_some() || change.signature.is_some() {
            let (thinking, signature) =
                (change.thinking.as_deref().unwrap_or_default(), change.signature.as_deref().unwrap_or_default());
            let blocks = raw(&Thought { r#type: "thinking", thinking, signature });
            think(thinking, &blocks.into_iter().collect::<Vec<_>>(), out);
        }
        if let Some(citation) = change.citation {
            tell("citation", citation, out);
        }
    }

    /// The open block ends. A call that had no arguments is told what came with its beginning: its text must be JSON.
    fn close(&mut self, out: &mut ChunkWriter) {
        if let Block::Call { index, has_arguments: false, input } = std::mem::take(&mut self.block) {
            out.delta(CHOICE, &Delta { tool_calls: &[ToolDelta::more(index, &input)], ..Delta::default() });
        }
    }

    /// Why the message ends, and what it used.
    fn outcome(&mut self, change: Option<Change<'_>>, counts: Option<Counts>, out: &mut ChunkWriter) {
        if let Some(counts) = counts {
            self.counts.update(counts);
            self.has_counted = true;
        }
        let reason = change.and_then(|change| change.stop_reason);
        if reason.is_some() {
            self.finish(wire::finish(reason.as_ref()), out);
        }
    }

    /// The message is over.
    fn stop(&mut self, out: &mut ChunkWriter) {
        self.finish(Finish::Stop, out);
        self.is_complete = true;
    }

    fn finish(&mut self, finish: Finish, out: &mut ChunkWriter) {
        if out.is_finished() {
            return;
        }
        let is_form_alone = self.is_form && self.calls == 0;
        out.finish(CHOICE, if is_form_alone && finish == Finish::ToolCalls { Finish::Stop } else { finish });
    }
}

fn say(text: Option<&str>, out: &mut ChunkWriter) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        out.delta(CHOICE, &Delta::text(text));
    }
}

/// More thoughts. LiteLLM's clients look for the blocks in two places.
fn think(text: &str, blocks: &[Box<RawValue>], out: &mut ChunkWriter) {
    let mut fields = ProviderFields::default();
    fields.add("thinking_blocks", &blocks);
    let reasoning_content = (!text.is_empty()).then_some(text);
    let delta =
        Delta { reasoning_content, thinking_blocks: blocks, provider_specific_fields: fields, ..Delta::default() };
    out.delta(CHOICE, &delta);
}

fn tell(name: &'static str, value: &(impl Serialize + ?Sized), out: &mut ChunkWriter) {
    let mut fields = ProviderFields::default();
    fields.add(name, &value);
    out.delta(CHOICE, &Delta { provider_specific_fields: fields, ..Delta::default() });
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
