//! Anthropic's errors, with a status or inside a stream.
//!
//! <https://docs.anthropic.com/en/api/errors>

pub(super) use crate::providers::failure::excerpt;
use crate::providers::failure::{FailureClass, ProviderFailure};
use serde::Deserialize;

/// Anthropic's own status for having no capacity, which the client is told as 500, as LiteLLM does: few clients know it.
const OVERLOADED: u16 = 529;

#[derive(Deserialize)]
struct Body {
    error: ErrorMember,
}

/// The member `error` of an answer or an event.
#[derive(Debug, Deserialize)]
pub(super) struct ErrorMember {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

/// Reads an answer of an error status.
pub(super) fn read(status: u16, body: &[u8]) -> ProviderFailure {
    let error = serde_json::from_slice::<Body>(body).ok().map(|body| body.error);
    let (kind, message) = error.map_or((None, None), |error| (error.kind, error.message));
    let message = message.unwrap_or_else(|| match excerpt(body) {
        text if text.is_empty() => format!("the upstream answered with status {status} and no body"),
        text => text,
    });
    let class = class(status, kind.as_deref(), &message);
    let status = if status == OVERLOADED { 500 } else { status };
    ProviderFailure { class, status, message, param: None }
}

/// Reads an error that came with status 200, or in a stream.
pub(super) fn in_band(error: ErrorMember) -> ProviderFailure {
    let status = match error.kind.as_deref() {
        Some("invalid_request_error") => 400,
        Some("authentication_error") => 401,
        Some("billing_error") => 402,
        Some("permission_error") => 403,
        Some("not_found_error") => 404,
        Some("request_too_large") => 413,
        Some("rate_limit_error") => 429,
        Some("timeout_error") => 504,
        _ => 500,
    };
    let message = error.message.unwrap_or_else(|| "the upstream told of an error without words".to_owned());
    let class = class(status, error.kind.as_deref(), &message);
    ProviderFailure { class, status, message, param: None }
}

fn class(status: u16, kind: Option<&str>, message: &str) -> FailureClass {
    match (status, kind) {
        (_, Some("overloaded_error")) | (OVERLOADED, _) => FailureClass::Overloaded,
        (_, Some("rate_limit_error")) => FailureClass::RateLimited,
        (400 | 413, _) if is_too_long(message) => FailureClass::ContextWindow,
        (400, _) if message.contains("content filtering policy") => FailureClass::ContentPolicy,
        _ => FailureClass::of_status(status),
    }
}

fn is_too_long(message: &str) -> bool {
    ["prompt is too long", "exceed context limit", "exceeds the maximum number of tokens"]
        .iter()
        .any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, kind: &str, message: &str) -> ProviderFailure {
        let body = format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}},"request_id":"r"}}"#);
        read(status, body.as_bytes())
    }

    #[test]
    fn errors_are_known_by_their_class() {
        for (status, kind, message, class) in [
            (400, "invalid_request_error", "messages: at least one", FailureClass::BadRequest),
            (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000", FailureClass::ContextWindow),
            (400, "invalid_request_error", "Output blocked by content filtering policy", FailureClass::ContentPolicy),
            (401, "authentication_error", "invalid x-api-key", FailureClass::Authentication),
            (403, "permission_error", "no", FailureClass::Permission),
            (404, "not_found_error", "model: x", FailureClass::NotFound),
            (429, "rate_limit_error", "slow down", FailureClass::RateLimited),
            (500, "api_error", "oops", FailureClass::Server),
            (529, "overloaded_error", "Overloaded", FailureClass::Overloaded),
        ] {
            let failure = of(status, kind, message);
            assert_eq!((failure.class, failure.message.as_str()), (class, message), "{status}");
        }
        assert_eq!(of(529, "overloaded_error", "Overloaded").status, 500);
    }

    #[test]
    fn an_error_that_is_no_json_shows_its_beginning() {
        assert_eq!(read(502, b"<html>bad gateway</html>").message, "<html>bad gateway</html>");
        assert_eq!(read(503, b"").message, "the upstream answered with status 503 and no body");
    }
}
