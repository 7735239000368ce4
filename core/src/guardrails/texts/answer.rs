//! The words of an answer in one piece.

use super::tool_calls::tool_calls_of;
use super::walk::{drop_echoes, each_text, images_of, put};
use super::words::{Unreadable, Words};
use crate::guardrails::question::Content;
use crate::providers::operation::Operation;
use bytes::Bytes;
use serde_json::Value;

/// Where an answer's words stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the messages or texts of its choices.
    Choices,
    /// In this member.
    Member(&'static str),
    /// It has none: numbers, or what the client said itself.
    Nowhere,
}

/// Where; `None`: it may have some that are not read here.
pub(super) fn place(operation: Operation) -> Option<Place> {
    match operation {
        Operation::Chat | Operation::Completion => Some(Place::Choices),
        Operation::Messages => Some(Place::Member("content")),
        Operation::Responses => Some(Place::Member("output")),
        Operation::Embedding | Operation::CountTokens | Operation::Moderation | Operation::Rerank => {
            Some(Place::Nowhere)
        }
        _ => None,
    }
}

/// Whether an answer of this operation can be looked at.
///
/// # Errors
/// [`Unreadable`]: it cannot.
pub fn is_readable(operation: Operation) -> Result<(), Unreadable> {
    let unreadable = || Unreadable(format!("answers of '{}' are not read by guardrails", operation.path()));
    place(operation).map(drop).ok_or_else(unreadable)
}

/// The words of an answer.
pub struct AnswerWords {
    place: Place,
    document: Value,
}

impl AnswerWords {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`Unreadable`]: it cannot be looked at.
    pub fn read(operation: Operation, answer: &Bytes) -> Result<Self, Unreadable> {
        let unreadable = || Unreadable(format!("this answer of '{}' is not read by guardrails", operation.path()));
        let place = place(operation).ok_or_else(unreadable)?;
        let document: Value = serde_json::from_slice(answer).map_err(|_| unreadable())?;
        if document.is_object() { Ok(Self { place, document }) } else { Err(unreadable()) }
    }

    /// The answer.
    pub fn bytes(&self) -> Bytes {
        Bytes::from(self.document.to_string())
    }
}

impl Words for AnswerWords {
    fn content(&self) -> Content {
        let mut content = Content::default();
        let mut document = self.document.clone();
        parts(self.place, &mut document, &mut |part| {
            each_text(part, &mut |text| content.texts.push(text.clone()));
            images_of(part, &mut content.images);
            tool_calls_of(part, &mut content.tool_calls);
        });
        content
    }

    fn replace(&mut self, texts: Vec<String>) {
        let mut texts = texts.into_iter();
        let mut put = put(&mut texts);
        parts(self.place, &mut self.document, &mut |part| each_text(part, &mut put));
        drop_echoes(&mut self.document);
    }
}

/// The parts of an answer that hold words.
fn parts(place: Place, document: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    match place {
        Place::Choices => {
            let choices = document.get_mut("choices").and_then(Value::as_array_mut);
            for choice in choices.into_iter().flatten() {
                for name in ["message", "text"] {
                    choice.get_mut(name).into_iter().for_each(&mut *visit);
                }
            }
        }
        Place::Member(name) => document.get_mut(name).into_iter().for_each(visit),
        Place::Nowhere => {}
    }
}
