//! A prediction, as far as it has come.

use super::{address, failure};
use crate::api::answer::finish::Finish;
use crate::api::answer::message::{AnswerMessage, ChatAnswer, Choice};
use crate::api::chat::text::Text;
use crate::providers::failure::ProviderFailure;
use crate::tokens;
use crate::usage::Usage;
use http::Uri;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A prediction.
#[derive(Deserialize)]
pub(super) struct Prediction<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    /// Its state. A problem that came in its place has a number here.
    #[serde(borrow, default)]
    status: Option<&'a RawValue>,
    #[serde(borrow, default)]
    output: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    metrics: Option<&'a RawValue>,
}

/// Language models count their tokens; others tell times alone.
#[derive(Deserialize)]
struct Metrics {
    input_token_count: u64,
    output_token_count: u64,
}

/// How far a prediction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Running,
    Succeeded,
}

/// Where to ask next after what was said. `None`: it has ended.
pub(super) fn next(base: &str, said: &[u8]) -> Result<Option<Uri>, ProviderFailure> {
    let Some((prediction, state)) = parsed(said) else { return Err(failure::in_place(said)) };
    if !is_running(&state) {
        return Ok(None);
    }
    address::of_prediction(base, prediction.id.as_deref().unwrap_or_default()).map(Some)
}

/// Reads what was said of a prediction.
///
/// # Errors
/// It is none, or has not succeeded.
pub(super) fn read(said: &[u8]) -> Result<(Prediction<'_>, State), ProviderFailure> {
    let Some((prediction, state)) = parsed(said) else { return Err(failure::in_place(said)) };
    if is_running(&state) {
        return Ok((prediction, State::Running));
    }
    if state == "succeeded" {
        return Ok((prediction, State::Succeeded));
    }
    let words = |error: &RawValue| serde_json::from_str(error.get()).unwrap_or_else(|_| error.get().to_owned());
    Err(failure::of_prediction(&state, prediction.error.filter(|error| error.get() != "null").map(words)))
}

fn parsed(said: &[u8]) -> Option<(Prediction<'_>, String)> {
    let prediction: Prediction<'_> = serde_json::from_slice(said).ok()?;
    let state = serde_json::from_str(prediction.status?.get()).ok()?;
    Some((prediction, state))
}

fn is_running(state: &str) -> bool {
    matches!(state, "starting" | "processing" | "queued")
}

impl<'a> Prediction<'a> {
    /// The text so far: pieces of it, or all. What is no text is shown as the JSON that it is.
    pub(super) fn text(&self) -> String {
        let Some(output) = self.output.filter(|output| output.get() != "null") else { return String::new() };
        let piece = |piece: &RawValue| serde_json::from_str(piece.get()).unwrap_or_else(|_| piece.get().to_owned());
        match serde_json::from_str::<Vec<&RawValue>>(output.get()) {
            Ok(pieces) => pieces.into_iter().map(piece).collect(),
            Err(_) => piece(output),
        }
    }

    /// What was used, where it is told.
    pub(super) fn usage(&self) -> Option<Usage> {
        let Metrics { input_token_count, output_token_count } = serde_json::from_str(self.metrics?.get()).ok()?;
        let (prompt_tokens, completion_tokens) = (input_token_count, output_token_count);
        Some(Usage { prompt_tokens, completion_tokens, ..Usage::default() }.checked())
    }
}

/// The answer of a prediction that has ended, and what it used where that was told; what was not told is counted here
/// for the client.
///
/// # Errors
/// As [`read`], and where it has not ended.
pub(super) fn answer(said: &[u8], asked: &[u8]) -> Result<(ChatAnswer<'static>, Option<Usage>), ProviderFailure> {
    let (prediction, state) = read(said)?;
    if state == State::Running {
        return Err(ProviderFailure::malformed("the upstream's prediction has not ended"));
    }
    let (text, told) = (prediction.text(), prediction.usage());
    let usage = told.unwrap_or_else(|| Usage {
        prompt_tokens: tokens::count_request(asked),
        completion_tokens: tokens::count_text(&text),
        ..Usage::default()
    });
    let message = AnswerMessage { content: Some(Cow::Owned(text)), ..AnswerMessage::default() };
    let choice = Choice { message, finish: Finish::Stop, logprobs: None };
    Ok((ChatAnswer { choices: vec![choice], usage: Some(usage) }, told))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::failure::FailureClass;

    const BASE: &str = "http://r.test/v1/predictions";

    #[test]
    fn a_prediction_is_asked_after_until_it_has_ended() {
        for state in ["starting", "processing"] {
            let said = format!(r#"{{"id":"p1","status":"{state}","urls":{{"get":"http://elsewhere.test/p1"}}}}"#);
            assert_eq!(next(BASE, said.as_bytes()).unwrap().unwrap(), "http://r.test/v1/predictions/p1");
        }
        for state in ["succeeded", "failed", "canceled", "aborted"] {
            let said = format!(r#"{{"id":"p1","status":"{state}"}}"#);
            assert_eq!(next(BASE, said.as_bytes()).unwrap(), None);
        }
        assert!(next(BASE, br#"{"status":"starting"}"#).is_err());
        assert_eq!(next(BASE, br#"{"detail":"no","status":404}"#).unwrap_err().class, FailureClass::NotFound);
    }

    #[test]
    fn the_output_is_pieces_of_text_or_one_text_or_something_else() {
        let text = |output: &str| {
            let said = format!(r#"{{"status":"succeeded","output":{output}}}"#);
            read(said.as_bytes()).unwrap().0.text()
        };
        assert_eq!(text(r#"["Hel","lo"]"#), "Hello");
        assert_eq!(text(r#""Hello""#), "Hello");
        assert_eq!(text("null"), "");
        assert_eq!(text(r#"{"a":1}"#), r#"{"a":1}"#);
    }

    #[test]
    fn tokens_are_those_that_are_told_and_else_are_counted_for_the_client_alone() {
        let told = br#"{"status":"succeeded","output":"Hi","metrics":{"input_token_count":7,"output_token_count":2}}"#;
        assert_eq!(answer(told, b"{}").unwrap().1.unwrap().prompt_tokens, 7);
        let (answer, told) =
            answer(br#"{"status":"succeeded","output":"Hi","metrics":{"predict_time":1}}"#, b"{}").unwrap();
        assert_eq!((told, answer.usage.unwrap().completion_tokens), (None, 1));
    }

    #[test]
    fn a_prediction_that_failed_says_why() {
        let failure = read(br#"{"status":"failed","error":"boom"}"#).err().unwrap();
        assert_eq!((failure.status, failure.message.as_str()), (422, "the prediction has failed: boom"));
        assert!(read(br#"{"status":"canceled","error":null}"#).err().unwrap().message.contains("`canceled`"));
    }
}
