//! A piece of a streamed answer.

use super::media::{AnswerAudio, AnswerImage};
use super::message::ProviderFields;
use serde::Serialize;
use serde_json::value::RawValue;

/// A piece: what is new since the last one.
#[derive(Debug, Default, Serialize)]
pub struct Delta<'a> {
    /// More text. Written as empty in pieces that tell something else, as clients of LiteLLM see it.
    pub content: &'a str,
    /// More of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<&'a str>,
    /// More thoughts, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<&'a str>,
    /// More thoughts, as blocks; a signature ends one.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub thinking_blocks: &'a [Box<RawValue>],
    /// More of tool calls.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub tool_calls: &'a [ToolDelta<'a>],
    /// What was drawn.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub images: &'a [AnswerImage],
    /// More of what is said aloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<AnswerAudio<'a>>,
    /// What only this provider tells.
    #[serde(skip_serializing_if = "ProviderFields::is_empty")]
    pub provider_specific_fields: ProviderFields,
}

impl<'a> Delta<'a> {
    /// More text.
    pub fn text(content: &'a str) -> Self {
        Self { content, ..Self::default() }
    }

    /// Bytes of the text in it, said, thought or for a tool. What was drawn or is said aloud is no text.
    pub(super) fn text_bytes(&self) -> u64 {
        let texts = [self.refusal, self.reasoning_content].into_iter().flatten().map(str::len);
        let calls = self.tool_calls.iter().map(|call| call.function.arguments.len());
        (self.content.len() + texts.chain(calls).sum::<usize>()) as u64
    }
}

/// A piece of a tool call.
#[derive(Debug, Serialize)]
pub struct ToolDelta<'a> {
    /// Which call, counted from 0 through the whole answer.
    pub index: u32,
    /// Its id; only in its first piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
    function: FunctionDelta<'a>,
}

#[derive(Debug, Serialize)]
struct FunctionDelta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

impl<'a> ToolDelta<'a> {
    /// The first piece of a call. `arguments` is empty where they follow.
    pub fn begin(index: u32, id: &'a str, name: &'a str, arguments: &'a str) -> Self {
        let function = FunctionDelta { name: Some(name), arguments };
        Self { index, id: Some(id), kind: "function", function }
    }

    /// More of its arguments.
    pub fn more(index: u32, arguments: &'a str) -> Self {
        Self { index, id: None, kind: "function", function: FunctionDelta { name: None, arguments } }
    }
}
