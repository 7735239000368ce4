//! Bedrock's errors, with a status or inside a stream.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html>

pub(super) use crate::providers::failure::excerpt;
use crate::providers::failure::{FailureClass, ProviderFailure};
use serde::Deserialize;

/// The status of a fault inside of Bedrock, which the client is told as 503, as LiteLLM does: it is to be tried again.
const INTERNAL: u16 = 500;

#[derive(Deserialize)]
struct Body {
    #[serde(alias = "Message")]
    message: Option<String>,
}

/// Reads an answer of an error status.
pub(super) fn read(status: u16, body: &[u8]) -> ProviderFailure {
    let message = serde_json::from_slice::<Body>(body).ok().and_then(|body| body.message);
    let message = message.unwrap_or_else(|| match excerpt(body) {
        text if text.is_empty() => format!("the upstream answered with status {status} and no body"),
        text => text,
    });
    of(status, message)
}

/// Reads an exception that ends a stream.
pub(super) fn in_stream(kind: &str, body: &[u8]) -> ProviderFailure {
    let status = match kind {
        "validationException" | "badRequest" => 400,
        "accessDeniedException" => 403,
        "resourceNotFoundException" => 404,
        "modelTimeoutException" => 408,
        "modelStreamErrorException" | "modelErrorException" => 424,
        "throttlingException" | "modelNotReadyException" => 429,
        "serviceUnavailableException" => 503,
        _ => INTERNAL,
    };
    let failure = read(status, body);
    ProviderFailure { message: format!("{kind}: {}", failure.message), ..failure }
}

fn of(status: u16, message: String) -> ProviderFailure {
    let class = class(status, &message);
    let status = if status == INTERNAL { 503 } else { status };
    ProviderFailure { class, status, message, param: None }
}

fn class(status: u16, message: &str) -> FailureClass {
    match status {
        400 | 413 if is_too_long(message) => FailureClass::ContextWindow,
        403 if message.contains("security token") || message.contains("signature") => FailureClass::Authentication,
        424 => FailureClass::Server,
        _ => FailureClass::of_status(status),
    }
}

fn is_too_long(message: &str) -> bool {
    [
        "Input is too long",
        "input is too long",
        "prompt is too long",
        "exceeds the model's context",
        "too many total text bytes",
        "expected maxLength",
    ]
    .iter()
    .any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_known_by_their_class() {
        for (status, message, class, told) in [
            (400, "The model returned the following errors: temperature", FailureClass::BadRequest, 400),
            (400, "Input is too long for requested model.", FailureClass::ContextWindow, 400),
            (403, "The security token included in the request is invalid.", FailureClass::Authentication, 403),
            (403, "You don't have access to the model", FailureClass::Permission, 403),
            (408, "Model has timed out in processing the request.", FailureClass::Timeout, 408),
            (429, "Too many requests", FailureClass::RateLimited, 429),
            (500, "The server encountered an internal error", FailureClass::Server, 503),
            (503, "Bedrock is unable to process your request.", FailureClass::Overloaded, 503),
        ] {
            let body = format!(r#"{{"message":"{message}"}}"#);
            let failure = read(status, body.as_bytes());
            assert_eq!((failure.class, failure.status, failure.message.as_str()), (class, told, message));
        }
        assert_eq!(read(500, b"<html>").message, "<html>");
        assert_eq!(read(502, b"").message, "the upstream answered with status 502 and no body");
    }

    #[test]
    fn an_exception_in_a_stream_is_named() {
        let failure = in_stream("throttlingException", br#"{"message":"Too many requests"}"#);
        assert_eq!((failure.class, failure.status), (FailureClass::RateLimited, 429));
        assert_eq!(failure.message, "throttlingException: Too many requests");
        assert_eq!(in_stream("internalServerException", b"{}").status, 503);
    }
}
