//! Replicate's errors: problems as JSON, and predictions that did not succeed.

use crate::api::chat::text::Text;
use crate::providers::failure::excerpt;
use crate::providers::failure::{FailureClass, ProviderFailure};
use serde::Deserialize;

/// The status of a prediction that did not succeed, as LiteLLM tells it.
const UNPROCESSABLE: u16 = 422;

/// What is wrong, as Replicate says it (RFC 9457).
#[derive(Deserialize)]
struct Problem<'a> {
    #[serde(borrow, default)]
    title: Option<Text<'a>>,
    #[serde(borrow, default)]
    detail: Option<Text<'a>>,
}

/// The number of a problem that came with another status.
#[derive(Deserialize)]
struct Numbered {
    status: u16,
}

/// Reads an answer of an error status.
pub(super) fn read(status: u16, body: &[u8]) -> ProviderFailure {
    let problem = serde_json::from_slice::<Problem<'_>>(body).ok();
    let said = problem.and_then(|problem| problem.detail.or(problem.title).map(|text| text.to_string()));
    let message = said.unwrap_or_else(|| match excerpt(body) {
        text if text.is_empty() => format!("the upstream answered with status {status} and no body"),
        text => text,
    });
    ProviderFailure { class: FailureClass::of_status(status), status, message, param: None }
}

/// A prediction that ended otherwise than well.
pub(super) fn of_prediction(state: &str, error: Option<String>) -> ProviderFailure {
    let message = match error {
        Some(error) => format!("the prediction has {state}: {error}"),
        None => format!("the prediction has not succeeded, but is `{state}`"),
    };
    ProviderFailure { class: FailureClass::BadRequest, status: UNPROCESSABLE, message, param: None }
}

/// What is no prediction: a problem that has come in its place, or something else.
pub(super) fn in_place(body: &[u8]) -> ProviderFailure {
    match serde_json::from_slice(body) {
        Ok(Numbered { status: status @ 400..600 }) => read(status, body),
        _ => ProviderFailure::malformed(format!("the upstream's answer is no prediction: {}", excerpt(body))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_keeps_its_words_and_its_status() {
        let body = br#"{"title":"Unauthenticated","detail":"You did not pass a token","status":401}"#;
        let failure = read(401, body);
        let wanted = (FailureClass::Authentication, 401, "You did not pass a token");
        assert_eq!((failure.class, failure.status, failure.message.as_str()), wanted);
        assert_eq!(in_place(body), failure);
        assert_eq!(read(500, b"oops").message, "oops");
        assert_eq!(in_place(b"<html>").class, FailureClass::Malformed);
    }
}
