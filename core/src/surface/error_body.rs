//! The body of an error, in the shape that a dialect's clients read.

use crate::providers::operation::Dialect;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

/// What is told of an error.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub(super) status: StatusCode,
    /// Its type, in the words of LiteLLM's clients.
    pub(super) kind: &'static str,
    pub(super) message: &'a str,
    pub(super) param: Option<&'a str>,
    pub(super) code: Option<&'static str>,
}

#[derive(Serialize)]
struct Body<'a> {
    error: Inner<'a>,
}

#[derive(Serialize)]
struct Inner<'a> {
    message: &'a str,
    r#type: &'a str,
    param: Option<&'a str>,
    code: &'a str,
}

/// <https://docs.anthropic.com/en/api/errors#error-shapes>
#[derive(Serialize)]
struct AnthropicBody<'a> {
    r#type: &'static str,
    error: AnthropicInner<'a>,
}

#[derive(Serialize)]
struct AnthropicInner<'a> {
    r#type: &'static str,
    message: &'a str,
}

/// Google's shape (<https://cloud.google.com/apis/design/errors>), with the words beside it that LiteLLM's clients read.
#[derive(Serialize)]
struct GoogleBody<'a> {
    error: GoogleInner<'a>,
}

#[derive(Serialize)]
struct GoogleInner<'a> {
    code: u16,
    message: &'a str,
    status: &'static str,
    r#type: &'static str,
    param: Option<&'a str>,
}

impl Told<'_> {
    /// The body as clients of this dialect read it.
    pub(super) fn in_dialect(&self, dialect: Dialect) -> Value {
        let Self { status, kind, message, param, code } = *self;
        let json = match dialect {
            Dialect::OpenAi | Dialect::Responses => {
                let code = code.unwrap_or(self.status.as_str());
                serde_json::to_value(Body { error: Inner { message, r#type: kind, param, code } })
            }
            Dialect::Anthropic => {
                let error = AnthropicInner { r#type: anthropic_kind_of(status), message };
                serde_json::to_value(AnthropicBody { r#type: "error", error })
            }
            Dialect::Google => {
                let (code, name) = (status.as_u16(), google_status_of(status));
                let error = GoogleInner { code, message, status: name, r#type: kind, param };
                serde_json::to_value(GoogleBody { error })
            }
        };
        json.unwrap_or_default()
    }
}

/// The error type that Anthropic's clients see for a status: <https://docs.anthropic.com/en/api/errors>
fn anthropic_kind_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        // The model failed, not the request: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html>
        424 => "api_error",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        529 => "overloaded_error",
        _ => "api_error",
    }
}

/// The canonical name of a status, as Google's clients know it:
/// <https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto>
fn google_status_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        400..=499 => "INVALID_ARGUMENT",
        501 => "UNIMPLEMENTED",
        502 | 503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    }
}
