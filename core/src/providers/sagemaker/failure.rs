//! SageMaker's errors, and those of the containers behind it, which stand inside of its own.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html#API_runtime_InvokeEndpoint_Errors>

use crate::api::chat::text::Text;
use crate::providers::failure::{FailureClass, ProviderFailure};
use crate::providers::openai::failure as openai;
use serde::Deserialize;

/// The status of an internal failure of AWS, which is to be tried again.
const UNAVAILABLE: u16 = 503;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default, alias = "message")]
    #[serde(rename = "Message")]
    message: Option<Text<'a>>,
    #[serde(default, rename = "OriginalStatusCode")]
    original_status: Option<u16>,
    #[serde(borrow, default, rename = "OriginalMessage")]
    original_message: Option<Text<'a>>,
    #[serde(borrow, default, rename = "ErrorCode")]
    code: Option<Text<'a>>,
}

/// What Hugging Face's servers say went wrong, with its status.
const KINDS: [(&str, u16); 4] =
    [("validation", 422), ("overloaded", 429), ("generation", 424), ("incomplete_generation", 500)];

/// Reads an answer of an error status. An error of the model itself keeps the model's status and words.
pub(super) fn read(status: u16, body: &[u8]) -> ProviderFailure {
    let Ok(said) = serde_json::from_slice::<Body<'_>>(body) else { return openai::read(status, body) };
    if let (Some(status), Some(words)) = (said.original_status.filter(|status| *status >= 400), &said.original_message)
    {
        return openai::read(status, words.as_bytes());
    }
    match said.message {
        Some(message) => of(status, &message),
        None => openai::read(status, body),
    }
}

/// Reads an exception that ends a stream.
pub(super) fn in_stream(kind: &str, body: &[u8]) -> ProviderFailure {
    let said = serde_json::from_slice::<Body<'_>>(body).ok();
    let code = said.as_ref().and_then(|said| said.code.as_deref());
    let status = if code == Some("ModelInvocationTimeExceeded") { 504 } else { UNAVAILABLE };
    let words = said.as_ref().and_then(|said| said.message.as_deref()).unwrap_or_default();
    of(status, &format!("{kind}: {words}"))
}

/// An error that a container tells in place of an answer: Hugging Face's servers say of which kind.
pub(super) fn in_place(error: &str, kind: Option<&str>) -> ProviderFailure {
    let status = KINDS.iter().find(|(name, _)| Some(*name) == kind).map_or(500, |(_, status)| *status);
    openai::read(status, &serde_json::to_vec(error).unwrap_or_default())
}

fn of(status: u16, message: &str) -> ProviderFailure {
    ProviderFailure { class: FailureClass::of_status(status), status, message: message.to_owned(), param: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_model_keeps_its_status_and_its_words() {
        let body = br#"{"ErrorCode":"CLIENT_ERROR_FROM_MODEL","Message":"Received client error (422)",
            "OriginalStatusCode":422,"OriginalMessage":"{\"error\":\"Input validation error\",\"error_type\":\"validation\"}"}"#;
        let failure = read(424, body);
        let wanted = (FailureClass::BadRequest, 422, "Input validation error");
        assert_eq!((failure.class, failure.status, failure.message.as_str()), wanted);
    }

    #[test]
    fn an_error_of_aws_is_told_as_it_is() {
        let failure = read(400, br#"{"Message":"Endpoint mine of account 1 not found."}"#);
        assert_eq!((failure.status, failure.message.as_str()), (400, "Endpoint mine of account 1 not found."));
        let failure = read(403, br#"{"message":"The security token included in the request is invalid."}"#);
        assert_eq!(failure.class, FailureClass::Permission);
        assert_eq!(read(502, b"<html>").message, "<html>");
        let told = in_place("too many", Some("overloaded"));
        assert_eq!((told.status, told.message.as_str()), (429, "too many"));
    }
}
