//! The words of a request: the members of its body that hold them.

use super::tool_calls::tool_calls_of;
use super::walk::{each_of_any_name, each_text, images_of, put};
use super::words::{Unreadable, Words};
use crate::api::members::{self, Members};
use crate::guardrails::question::Content;
use crate::providers::operation::Operation;
use serde_json::{Value, json};

/// A template that the provider keeps, with what is filled into it.
const TEMPLATE: &str = "prompt";

/// The words of a request.
pub struct RequestWords {
    operation: Operation,
    /// The members that hold words.
    parts: Vec<(&'static str, Value)>,
    tools: Option<Value>,
}

/// The members of an operation's body that hold words; `None`: what it sends is not read here.
fn places(operation: Operation) -> Option<&'static [&'static str]> {
    Some(match operation {
        Operation::Chat => &["messages", "prediction"],
        Operation::Completion => &["prompt", "suffix"],
        Operation::Embedding | Operation::Moderation => &["input"],
        Operation::Messages | Operation::CountTokens => &["system", "messages"],
        Operation::Responses => &["instructions", "input", TEMPLATE],
        Operation::Rerank => &["query", "documents"],
        Operation::ImageGeneration => &["prompt"],
        Operation::Speech => &["input", "instructions"],
        Operation::ImageEdit | Operation::Transcription | Operation::Translation => return None,
        Operation::GenerateContent | Operation::StreamGenerateContent | Operation::CountContent => return None,
        Operation::PassThrough => return None,
    })
}

impl RequestWords {
    /// Reads a request.
    ///
    /// # Errors
    /// [`Unreadable`]: it holds what cannot be looked at.
    pub fn read(operation: Operation, members: &Members<'_>) -> Result<Self, Unreadable> {
        let places = places(operation)
            .ok_or_else(|| Unreadable(format!("requests of '{}' are not read by guardrails", operation.path())))?;
        let mut parts = Vec::new();
        for &name in places {
            let Some(value) = members.get(name) else { continue };
            let value: Value =
                serde_json::from_str(value.get()).map_err(|_| Unreadable(format!("'{name}' is no JSON")))?;
            if holds_tokens(&value) {
                return Err(Unreadable(format!("'{name}' is given as tokens, and not in words")));
            }
            parts.push((name, value));
        }
        let tools =
            members.read::<Value>("tools").filter(|tools| tools.as_array().is_some_and(|list| !list.is_empty()));
        Ok(Self { operation, parts, tools })
    }

    /// Writes the words into the body as they were read, or changed since. What stood there twice under one name stands
    /// there once, so that no upstream reads what was not looked at.
    ///
    /// # Errors
    /// None for what was read from JSON.
    pub fn write(&self, members: &mut Members<'_>) -> Result<(), serde_json::Error> {
        let tools = self.tools.iter().map(|tools| ("tools", tools));
        for (name, value) in self.parts.iter().map(|(name, value)| (*name, value)).chain(tools) {
            members.take(name);
            members.set(name, members::raw(value)?);
        }
        Ok(())
    }

    fn part(&self, wanted: &str) -> Option<&Value> {
        self.parts.iter().find(|(name, value)| *name == wanted && !value.is_null()).map(|(_, value)| value)
    }

    /// The messages as one list, what a system says before them.
    fn messages(&self) -> Option<Value> {
        let (system, messages) = match self.operation {
            Operation::Chat => (None, self.part("messages")?),
            Operation::Messages | Operation::CountTokens => (self.part("system"), self.part("messages")?),
            Operation::Responses => (self.part("instructions"), self.part("input")?),
            _ => return None,
        };
        let mut list: Vec<Value> = system.map(|said| json!({"role": "system", "content": said})).into_iter().collect();
        match messages {
            Value::Array(messages) => list.extend(messages.iter().cloned()),
            said => list.push(json!({"role": "user", "content": said})),
        }
        Some(list.into())
    }
}

impl Words for RequestWords {
    fn content(&self) -> Content {
        let mut content = Content { tools: self.tools.clone(), messages: self.messages(), ..Content::default() };
        for (name, value) in &self.parts {
            each(self.operation, name, &mut value.clone(), &mut |text| content.texts.push(text.clone()));
            images_of(value, &mut content.images);
            tool_calls_of(value, &mut content.tool_calls);
        }
        content
    }

    fn replace(&mut self, texts: Vec<String>) {
        let mut texts = texts.into_iter();
        let mut put = put(&mut texts);
        for (name, value) in &mut self.parts {
            each(self.operation, name, value, &mut put);
        }
    }
}

fn each(operation: Operation, name: &str, value: &mut Value, visit: &mut dyn FnMut(&mut String)) {
    match (operation, name) {
        (Operation::Responses, TEMPLATE) => {
            if let Some(variables) = value.get_mut("variables") {
                each_of_any_name(variables, visit);
            }
        }
        _ => each_text(value, visit),
    }
}

/// Whether a list holds numbers, however deep: words that were made tokens already.
fn holds_tokens(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().any(|item| item.is_number() || holds_tokens(item)))
}
