//! A streamed answer, line by line.

use super::answer::{Function, Line};
use super::called;
use super::thoughts::{Thoughts, Told};
use crate::api::answer::arguments;
use crate::api::answer::chunks::ChunkWriter;
use crate::api::answer::delta::{Delta, ToolDelta};
use crate::api::chat::text::Text;
use crate::id::RequestId;
use crate::providers::failure::ProviderFailure;
use crate::providers::translation::ChatEvents;
use crate::usage::Usage;

/// There is one answer to a request.
const CHOICE: u32 = 0;

/// Reads the lines of one answer.
#[derive(Debug)]
pub(super) struct LineEvents {
    id: RequestId,
    thoughts: Thoughts,
    /// Text that may become a call.
    held: Option<String>,
    /// Calls of tools so far.
    calls: u32,
    usage: Option<Usage>,
    is_complete: bool,
}

impl LineEvents {
    /// A reader for the answer of this id, whose text may be a call where `calls_in_text` says so.
    pub(super) fn new(id: RequestId, calls_in_text: bool) -> Self {
        let (thoughts, held) = (Thoughts::default(), calls_in_text.then(String::new));
        Self { id, thoughts, held, calls: 0, usage: None, is_complete: false }
    }

    /// A piece of the text, which may hold thoughts.
    fn take(&mut self, told: &Told, out: &mut ChunkWriter) {
        think(&told.thought, out);
        if told.text.is_empty() {
            return;
        }
        match &mut self.held {
            None => say(&told.text, out),
            Some(held) => {
                held.push_str(&told.text);
                if !called::may_come_of(held) {
                    say(&self.held.take().unwrap_or_default(), out);
                }
            }
        }
    }

    fn call(&mut self, name: &str, arguments: &str, out: &mut ChunkWriter) {
        let index = self.calls;
        self.calls += 1;
        let id = called::id(self.id, index as usize);
        let call = ToolDelta::begin(index, &id, name, arguments);
        out.delta(CHOICE, &Delta { tool_calls: &[call], ..Delta::default() });
    }

    fn call_function(&mut self, function: &Function<'_>, out: &mut ChunkWriter) {
        self.call(&function.name, &function.arguments(), out);
    }

    /// The last line: what was held is told, and why the answer ended.
    fn end(&mut self, line: &Line<'_>, out: &mut ChunkWriter) {
        let rest = self.thoughts.finish();
        self.take(&rest, out);
        if let Some(held) = self.held.take() {
            match called::in_text(&held) {
                Some(called) => self.call(&called.name, &arguments::text_of(called.arguments.get()), out),
                None => say(&held, out),
            }
        }
        self.usage = line.usage();
        out.finish(CHOICE, line.finish(self.calls > 0));
        self.is_complete = true;
    }
}

impl ChatEvents for LineEvents {
    fn event(&mut self, data: &[u8], out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        let line = Line::read(data)?;
        let said = line.message.as_ref();
        let text = |text: Option<&Text<'_>>| text.map(|text| text.to_string()).unwrap_or_default();
        let thinking = said.map_or(line.thinking.as_ref(), |said| said.thinking.as_ref());
        think(&text(thinking), out);
        let content = said.map_or(line.response.as_ref(), |said| said.content.as_ref());
        let told = self.thoughts.push(content.map(|content| &**content).unwrap_or_default());
        self.take(&told, out);
        for call in said.and_then(|said| said.tool_calls.as_deref()).unwrap_or_default() {
            self.call_function(&call.function, out);
        }
        if line.done {
            self.end(&line, out);
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

fn say(text: &str, out: &mut ChunkWriter) {
    if !text.is_empty() {
        out.delta(CHOICE, &Delta::text(text));
    }
}

fn think(thought: &str, out: &mut ChunkWriter) {
    if !thought.is_empty() {
        out.delta(CHOICE, &Delta { reasoning_content: Some(thought), ..Delta::default() });
    }
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
