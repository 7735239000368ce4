//! A whole text of Hugging Face's server, and what a streamed one shares with it.

use super::failure;
use crate::api::answer::finish::Finish;
use crate::api::answer::message::{AnswerMessage, ChatAnswer, Choice};
use crate::api::chat::text::Text;
use crate::providers::failure::ProviderFailure;
use crate::tokens;
use crate::usage::Usage;
use serde::Deserialize;
use std::borrow::Cow;

/// A text, or a piece of one.
#[derive(Deserialize)]
pub(super) struct Generated<'a> {
    /// The whole text. In a stream it comes with the last piece.
    #[serde(borrow, default, alias = "generation")]
    pub(super) generated_text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) token: Option<Token<'a>>,
    #[serde(borrow, default)]
    pub(super) details: Option<Details<'a>>,
    #[serde(borrow, default)]
    error: Option<Text<'a>>,
    #[serde(borrow, default)]
    error_type: Option<Text<'a>>,
}

/// A piece of a text.
#[derive(Deserialize)]
pub(super) struct Token<'a> {
    #[serde(borrow, default)]
    pub(super) text: Text<'a>,
    /// It means something to the model and nothing to the reader.
    #[serde(default)]
    pub(super) special: bool,
}

/// What is told of a text that has ended.
#[derive(Deserialize)]
pub(super) struct Details<'a> {
    #[serde(borrow, default)]
    finish_reason: Option<Text<'a>>,
    #[serde(default)]
    generated_tokens: Option<u64>,
    #[serde(default)]
    input_length: Option<u64>,
}

impl<'a> Generated<'a> {
    /// Reads a piece of JSON.
    ///
    /// # Errors
    /// It is no such text, or tells of an error.
    pub(super) fn read(json: &'a [u8]) -> Result<Self, ProviderFailure> {
        let Ok(read) = serde_json::from_slice::<Self>(json) else { return Err(unreadable(json)) };
        read.checked(json)
    }

    fn checked(self, json: &[u8]) -> Result<Self, ProviderFailure> {
        match &self.error {
            Some(error) => Err(failure::in_place(error, self.error_type.as_deref())),
            None if self.generated_text.is_none() && self.token.is_none() => Err(unreadable(json)),
            None => Ok(self),
        }
    }
}

impl Details<'_> {
    /// Why the text ended.
    pub(super) fn finish(&self) -> Finish {
        if self.finish_reason.as_deref() == Some("length") { Finish::Length } else { Finish::Stop }
    }

    /// What was used, where all of it is told.
    pub(super) fn usage(&self) -> Option<Usage> {
        let (prompt_tokens, completion_tokens) = (self.input_length?, self.generated_tokens?);
        Some(Usage { prompt_tokens, completion_tokens, ..Usage::default() }.checked())
    }
}

fn unreadable(json: &[u8]) -> ProviderFailure {
    let excerpt = crate::providers::failure::excerpt(json);
    ProviderFailure::malformed(format!("the upstream's answer holds no text: {excerpt}"))
}

/// Reads a whole answer: one text, or a list of them. What was used is that what was told; what was not told is counted
/// here for the client.
///
/// # Errors
/// It is none, or tells of an error.
pub(super) fn answer<'a>(body: &'a [u8], asked: &[u8]) -> Result<(ChatAnswer<'a>, Option<Usage>), ProviderFailure> {
    let texts = match serde_json::from_slice::<Vec<Generated<'_>>>(body) {
        Ok(texts) => texts.into_iter().map(|text| text.checked(body)).collect::<Result<_, _>>()?,
        Err(_) => vec![Generated::read(body)?],
    };
    if texts.is_empty() {
        return Err(unreadable(body));
    }
    let told = match texts.as_slice() {
        [text] => text.details.as_ref().and_then(Details::usage),
        _ => None,
    };
    let mut completion_tokens = 0;
    let mut choices = Vec::with_capacity(texts.len());
    for text in texts {
        let finish = text.details.as_ref().map(Details::finish).unwrap_or_default();
        let content = text.generated_text.ok_or_else(|| unreadable(body))?.0;
        completion_tokens += tokens::count_text(&content);
        let message = AnswerMessage { content: Some(content), ..AnswerMessage::default() };
        choices.push(Choice { message, finish, logprobs: None::<Cow<'_, _>> });
    }
    let counted = || Usage { prompt_tokens: tokens::count_request(asked), completion_tokens, ..Usage::default() };
    Ok((ChatAnswer { choices, usage: Some(told.unwrap_or_else(counted)) }, told))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::failure::FailureClass;

    fn text(body: &[u8]) -> Result<(String, Finish, Option<Usage>), ProviderFailure> {
        let (mut answer, told) = answer(body, b"{}")?;
        let choice = answer.choices.remove(0);
        Ok((choice.message.content.unwrap().into_owned(), choice.finish, told))
    }

    #[test]
    fn a_text_comes_alone_or_in_a_list() {
        assert_eq!(text(br#"[{"generated_text":"Hi"}]"#).unwrap(), ("Hi".to_owned(), Finish::Stop, None));
        assert_eq!(text(br#"{"generated_text":"Hi"}"#).unwrap().0, "Hi");
        assert_eq!(text(br#"[{"generation":"Hi"}]"#).unwrap().0, "Hi");
        let body =
            br#"{"generated_text":"Hi","details":{"finish_reason":"length","generated_tokens":2,"input_length":7}}"#;
        let (_, finish, told) = text(body).unwrap();
        assert_eq!((finish, told.unwrap().prompt_tokens), (Finish::Length, 7));
    }

    #[test]
    fn what_is_no_text_is_an_error() {
        for body in [&b"[]"[..], b"{}", b"<html>", br#"[{"embedding":[1]}]"#, br#"{"token":{"text":"a"}}"#] {
            assert_eq!(text(body).unwrap_err().class, FailureClass::Malformed);
        }
        let failure = text(br#"{"error":"Input is too short","error_type":"validation"}"#).unwrap_err();
        assert_eq!((failure.status, failure.message.as_str()), (422, "Input is too short"));
    }
}
