//! What the model said, as a whole.

use super::finish::Finish;
use super::media::{AnswerAudio, AnswerImage};
use crate::usage::Usage;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A whole answer.
#[derive(Debug, Default)]
pub struct ChatAnswer<'a> {
    /// The answers, in order; the place is the index.
    pub choices: Vec<Choice<'a>>,
    /// What was used, where the provider told.
    pub usage: Option<Usage>,
}

/// One of the answers.
#[derive(Debug, Default)]
pub struct Choice<'a> {
    /// What was said.
    pub message: AnswerMessage<'a>,
    /// Why it ended.
    pub finish: Finish,
    /// The likelihood of its tokens, as OpenAI writes it.
    pub logprobs: Option<Cow<'a, RawValue>>,
}

/// What was said.
#[derive(Debug, Default, serde::Serialize)]
pub struct AnswerMessage<'a> {
    /// Who speaks: always the model.
    pub role: Assistant,
    /// The text.
    pub content: Option<Cow<'a, str>>,
    /// Why the model refused, in its words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Cow<'a, str>>,
    /// What the model thought, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<Cow<'a, str>>,
    /// What the model thought, in signed blocks that the provider wants back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub thinking_blocks: Vec<Cow<'a, RawValue>>,
    /// What it calls; the place is the index.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "indexed")]
    pub tool_calls: Vec<AnswerToolCall<'a>>,
    /// What it drew.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<AnswerImage>,
    /// What it said aloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<AnswerAudio<'a>>,
    /// Sources, as OpenAI writes them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Box<RawValue>>,
    /// What only this provider tells.
    #[serde(skip_serializing_if = "ProviderFields::is_empty")]
    pub provider_specific_fields: ProviderFields,
}

/// A call of a tool.
#[derive(Debug)]
pub struct AnswerToolCall<'a> {
    /// Its id.
    pub id: Cow<'a, str>,
    /// The function.
    pub name: Cow<'a, str>,
    /// Its arguments: JSON.
    pub arguments: Cow<'a, str>,
}

/// What only one provider tells, by name.
#[derive(Debug, Default)]
pub struct ProviderFields(pub Vec<(&'static str, Box<RawValue>)>);

impl ProviderFields {
    /// Adds a field. A value that is no JSON is left out.
    pub fn add(&mut self, name: &'static str, value: &impl Serialize) {
        if let Ok(value) = crate::api::members::raw(value) {
            self.0.push((name, value));
        }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for ProviderFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// The one who answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Assistant;

impl Serialize for Assistant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("assistant")
    }
}

struct Indexed<'c, 'a>(usize, &'c AnswerToolCall<'a>);

impl Serialize for Indexed<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Function<'f> {
            name: &'f str,
            arguments: &'f str,
        }
        let Self(index, call) = self;
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("index", index)?;
        map.serialize_entry("id", &call.id)?;
        map.serialize_entry("type", "function")?;
        map.serialize_entry("function", &Function { name: &call.name, arguments: &call.arguments })?;
        map.end()
    }
}

fn indexed<S: Serializer>(calls: &[AnswerToolCall<'_>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(calls.iter().enumerate().map(|(index, call)| Indexed(index, call)))
}
