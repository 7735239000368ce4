//! How each error is told: status, type, code and public text, in the shape of the client's dialect. No catch-all arm: a new variant that is not mapped does
//! not compile.
//!
//! Types and wordings that LiteLLM's clients depend on are kept.

use super::answer::{describe, limit_headers};
use super::error_body::Told;
use crate::accounting::spend_log::SettleError;
use crate::admission::left::Left;
use crate::admission::refusal::{Refusal, clock_time};
use crate::auth::error::AuthError;
use crate::auth::identity::error::{Refusal as TokenRefusal, TokenError};
use crate::auth::route::RouteDenied;
use crate::credentials::known::NotKnown;
use crate::flow::model_call::{CallError, Facts};
use crate::guardrails::verdict::GuardrailError;
use crate::providers::operation::Dialect;
use crate::providers::provider::TransformError;
use crate::upstream::identity::error::IdentityError;
use crate::upstream::transport::{TransportError, Wait};
use axum::Json;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

/// Seconds after which a client may try again when the store could not be reached.
const STORE_RETRY_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// Seconds after which a client may try again when the process has too much to do.
const OVERLOAD_RETRY_SECONDS: HeaderValue = HeaderValue::from_static("1");

const RATE_LIMIT_TYPE: HeaderName = HeaderName::from_static("rate_limit_type");
const RESET_AT: HeaderName = HeaderName::from_static("reset_at");

/// An error in the OpenAI shape.
#[derive(Debug)]
pub(super) struct ErrorAnswer {
    pub(super) status: StatusCode,
    pub(super) kind: &'static str,
    pub(super) message: String,
    pub(super) param: Option<String>,
    pub(super) code: Option<&'static str>,
    pub(super) retry_after: Option<HeaderValue>,
    /// Headers that tell which limit stands in the way.
    pub(super) limit: Vec<(HeaderName, HeaderValue)>,
    /// What is told under `detail` in place of all this, where LiteLLM's clients look there.
    pub(super) detail: Option<Value>,
    /// Whose shape it is told in.
    pub(super) dialect: Dialect,
}

impl ErrorAnswer {
    pub(super) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
            param: None,
            code: None,
            retry_after: None,
            limit: Vec::new(),
            detail: None,
            dialect: Dialect::OpenAi,
        }
    }

    pub(super) fn param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The error as clients of this dialect read it.
    pub(super) fn told_in(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// The answer with what is known of its call. What a refusal says of its own limit is what the table says, and more
    /// than this process may know of it.
    pub(super) fn about(mut self, facts: &Facts) -> Response {
        let limit = std::mem::take(&mut self.limit);
        let mut response = self.into_response();
        describe(facts, response.headers_mut());
        for (name, value) in limit {
            response.headers_mut().insert(name, value);
        }
        response
    }

    fn body(&self) -> Value {
        Told {
            status: self.status,
            kind: self.kind,
            message: &self.message,
            param: self.param.as_deref(),
            code: self.code,
        }
        .in_dialect(self.dialect)
    }

    /// The error's code inside of a response that failed: <https://platform.openai.com/docs/api-reference/responses/object>
    pub(super) fn stream_code(&self) -> &'static str {
        match self.status.as_u16() {
            429 => "rate_limit_exceeded",
            400..=499 => "invalid_prompt",
            _ => "server_error",
        }
    }

    /// The error as the last event of a stream whose head has gone out.
    pub(super) fn into_event(self) -> Bytes {
        let json = self.body();
        Bytes::from(match self.dialect {
            Dialect::OpenAi | Dialect::Google => format!("data: {json}\n\n"),
            Dialect::Responses => format!("event: error\ndata: {json}\n\n"),
            Dialect::Anthropic => format!("event: error\ndata: {json}\n\n"),
        })
    }
}

impl IntoResponse for ErrorAnswer {
    fn into_response(self) -> Response {
        let mut response = match &self.detail {
            Some(detail) if !matches!(self.dialect, Dialect::Anthropic | Dialect::Google) => {
                (self.status, Json(json!({"detail": detail}))).into_response()
            }
            _ => (self.status, Json(self.body())).into_response(),
        };
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, wait);
        }
        for (name, value) in self.limit {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<Refusal> for ErrorAnswer {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            // LiteLLM's clients tell a budget from a rate by this status.
            Refusal::Budget { resets_at, retry_after, .. } => {
                let answer = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "budget_exceeded", message);
                let reset = resets_at.and_then(|end| HeaderValue::try_from(format!("{} UTC", clock_time(end))).ok());
                let limit = reset.map(|reset| (RESET_AT, reset)).into_iter().collect();
                Self { code: Some("422"), retry_after: retry_after.map(HeaderValue::from), limit, ..answer }
            }
            Refusal::Rate { kind, rate, limit, remaining, resets_at, retry_after, .. } => {
                let reset = HeaderValue::try_from(format!("{} UTC", clock_time(resets_at)));
                let mut limit = limit_headers(&Left { kind, rate, limit, left: remaining });
                limit.push((RATE_LIMIT_TYPE, HeaderValue::from_static(rate.name())));
                limit.extend(reset.ok().map(|reset| (RESET_AT, reset)));
                let answer = Self::new(StatusCode::TOO_MANY_REQUESTS, "throttling_error", message);
                Self { retry_after: Some(HeaderValue::from(retry_after)), limit, ..answer }
            }
            Refusal::Crowded(away) => {
                let answer = Self::new(StatusCode::TOO_MANY_REQUESTS, "throttling_error", message);
                Self { retry_after: Some(HeaderValue::from(away.retry_after)), ..answer }
            }
            Refusal::Unavailable(_) => Self {
                retry_after: Some(STORE_RETRY_SECONDS),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "internal_server_error", message)
            },
        }
    }
}

impl From<CallError> for ErrorAnswer {
    fn from(error: CallError) -> Self {
        let message = error.to_string();
        let bad_request = |message| Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message);
        match error {
            CallError::Auth(error) => error.into(),
            CallError::Route(denied) => denied.into(),
            CallError::Json(_) | CallError::Form(_) => bad_request(message).param("request_body"),
            CallError::Member { member, message } => {
                Self::new(StatusCode::BAD_REQUEST, "bad_request_error", message).param(member)
            }
            CallError::MissingMember { member, .. } => bad_request(message).param(member),
            CallError::FieldRequired(field) => bad_request(message).param(field),
            CallError::UnknownModel { model, available } => unknown_model(&model, &available),
            CallError::NothingLeft(nothing) if nothing.may_pass() => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "throttling_error", message)
            }
            CallError::NothingLeft(nothing) if nothing.is_too_long() => {
                Self { code: Some("context_length_exceeded"), ..bad_request(message).param("messages") }
            }
            CallError::NothingLeft(_) | CallError::Elsewhere(_) => bad_request(message).param("model"),
            CallError::ModelDenied(model) => model_denied(&model),
            CallError::CacheControlDenied(_) => {
                Self::new(StatusCode::FORBIDDEN, "permission_error", message).param("cache")
            }
            CallError::Uncallable(_) => bad_request(message).param("model"),
            CallError::Transform(TransformError::Setting { .. }) => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_server_error", message)
            }
            CallError::Transform(TransformError::Member { member, reason }) => bad_request(reason).param(member),
            CallError::Transform(TransformError::Unsupported { .. }) => bad_request(message),
            CallError::Transform(TransformError::Unsayable { .. }) => bad_request(message),
            CallError::Outdated => Self::new(StatusCode::SERVICE_UNAVAILABLE, "internal_server_error", message),
            CallError::NotPassed(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_server_error", message),
            CallError::UnknownResponse(_) | CallError::ResponseNotKept(_) => {
                Self::new(StatusCode::NOT_FOUND, "invalid_request_error", message).param("response_id")
            }
            CallError::Unfetched(_) | CallError::File { .. } => bad_request(message).param("messages"),
            CallError::EndUserBlocked(_) => bad_request(message).param("user"),
            CallError::AnswerTooLong { .. } => bad_request(message).param("content-length"),
            CallError::TooManyLimits { .. } => bad_request(message).param("tags"),
            CallError::Unbounded(_) => bad_request(message),
            CallError::Guardrail(GuardrailError::Failed { .. }) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "internal_server_error", message)
            }
            CallError::Guardrail(error) => guardrail(&error),
            CallError::Refused(refusal) => refusal.into(),
            CallError::Upstream { failure, retry_after } => {
                let status = StatusCode::from_u16(failure.status).unwrap_or(StatusCode::BAD_GATEWAY);
                let param = failure.param.filter(|_| status.is_client_error());
                Self { param, retry_after, ..Self::new(status, kind_of(status), failure.message) }
            }
            CallError::Identity(error) => identity(&error),
            CallError::Credential(error) => credential(&error),
            CallError::Transport(error) => transport(&error),
            CallError::Unrecorded(error) => unrecorded(&error),
            CallError::NoEntropy(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "internal_server_error", message),
        }
    }
}

impl From<AuthError> for ErrorAnswer {
    fn from(error: AuthError) -> Self {
        let message = error.to_string();
        let unauthorized = |kind| Self::new(StatusCode::UNAUTHORIZED, kind, message.clone());
        match error {
            AuthError::NoKey
            | AuthError::Malformed
            | AuthError::NotAVirtualKey
            | AuthError::Blocked { .. }
            | AuthError::TeamBlocked(_)
            | AuthError::UserBlocked(_) => unauthorized("auth_error").param("None"),
            AuthError::Unknown { .. } => unauthorized("token_not_found_in_db").param("key"),
            AuthError::Expired { key_name, .. } => unauthorized("expired_key").param(key_name),
            AuthError::Elsewhere(_) => Self::new(StatusCode::FORBIDDEN, "permission_error", message),
            AuthError::Token(TokenError::Expired) => unauthorized("expired_key").param("None"),
            AuthError::Token(error) if error.refusal() == TokenRefusal::NotKnown => {
                unauthorized("auth_error").param("None")
            }
            AuthError::Token(error) if error.refusal() == TokenRefusal::NotAllowed => {
                Self::new(StatusCode::FORBIDDEN, "permission_error", message).param("None")
            }
            AuthError::Token(_) | AuthError::StoreUnavailable(_) => Self {
                retry_after: Some(STORE_RETRY_SECONDS),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "internal_server_error", message)
            },
        }
    }
}

impl From<RouteDenied> for ErrorAnswer {
    fn from(denied: RouteDenied) -> Self {
        let message = denied.to_string();
        match denied {
            RouteDenied::NotInKeysList { .. }
            | RouteDenied::NotOfToken { .. }
            | RouteDenied::ViewerOnly { .. }
            | RouteDenied::ByPolicy { .. } => Self {
                detail: Some(message.as_str().into()),
                ..Self::new(StatusCode::FORBIDDEN, "permission_error", message)
            },
            RouteDenied::AdminOnly { .. } | RouteDenied::MasterOnly { .. } => {
                Self::new(StatusCode::UNAUTHORIZED, "auth_error", message).param("None")
            }
        }
    }
}

/// A guardrail that says no, and one that cannot be asked at all: trying again changes nothing.
fn guardrail(error: &GuardrailError) -> ErrorAnswer {
    let answer = ErrorAnswer::new(StatusCode::BAD_REQUEST, "invalid_request_error", error.to_string());
    match error {
        GuardrailError::Blocked { .. } | GuardrailError::Failed { .. } => answer,
        GuardrailError::Unknown(_) | GuardrailError::Missing { .. } | GuardrailError::Unreadable { .. } => {
            answer.param("guardrails")
        }
    }
}

/// The error type that LiteLLM's clients see for a status.
pub(super) fn kind_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "throttling_error",
        400..=499 => "invalid_request_error",
        _ => "internal_server_error",
    }
}

/// The process takes no more calls on at the moment.
pub(super) fn overloaded() -> ErrorAnswer {
    let message = "The gateway has more requests than it can answer. Try again in a moment.";
    let answer = ErrorAnswer::new(StatusCode::SERVICE_UNAVAILABLE, "service_unavailable_error", message);
    ErrorAnswer { code: Some("overloaded"), retry_after: Some(OVERLOAD_RETRY_SECONDS), ..answer }
}

fn unknown_model(model: &str, available: &[String]) -> ErrorAnswer {
    const NAMES_MAX: usize = 20;
    let shown = available.iter().take(NAMES_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = available.len().saturating_sub(NAMES_MAX);
    let names = match (available.is_empty(), more) {
        (true, _) => "Your key may use no model.".to_owned(),
        (false, 0) => format!("Your key may use: {shown}."),
        (false, more) => format!("Your key may use: {shown} and {more} more."),
    };
    let message = format!(
        "Invalid model name passed in model={model}. {names} Call `/v1/models` to view available models for your key."
    );
    let answer = ErrorAnswer::new(StatusCode::NOT_FOUND, "invalid_request_error", message);
    ErrorAnswer { code: Some("model_not_found"), ..answer.param("model") }
}

fn model_denied(model: &str) -> ErrorAnswer {
    let message = format!(
        "The requested model '{model}' is not available for this API key, or the model name is invalid. Check the models \
         available to you and try again."
    );
    ErrorAnswer::new(StatusCode::FORBIDDEN, "key_model_access_denied", message).param("model")
}

fn transport(error: &TransportError) -> ErrorAnswer {
    let failed = |message: String| ErrorAnswer::new(StatusCode::BAD_GATEWAY, "internal_server_error", message);
    match error {
        TransportError::NotSent(_) => failed("The model's upstream cannot be reached. Try again later.".to_owned()),
        TransportError::Broken(_) => {
            failed("The model's upstream closed the connection before it had answered.".to_owned())
        }
        TransportError::Invalid(_) => {
            failed("The deployment's address cannot be called; see the gateway's log.".to_owned())
        }
        TransportError::TimedOut(wait) => {
            let what = match wait {
                Wait::Connect => "a connection to the model's upstream",
                Wait::FirstByte => "the first byte of the upstream's answer",
                Wait::BetweenChunks => "the next piece of the upstream's stream",
                Wait::Total => "the upstream's whole answer",
            };
            ErrorAnswer::new(StatusCode::GATEWAY_TIMEOUT, "timeout_error", format!("Timed out waiting for {what}."))
        }
    }
}

/// A credential that cannot be had at the moment is asked for again; one that is missing or does not fit is the operator's.
fn credential(error: &NotKnown) -> ErrorAnswer {
    let status = if error.is_outage() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR };
    ErrorAnswer::new(status, "internal_server_error", error.to_string())
}

/// What is wrong with the deployment's account is for the log: it is nothing that a client can mend.
fn identity(error: &IdentityError) -> ErrorAnswer {
    let failed = |status, kind, message: &str| ErrorAnswer::new(status, kind, message);
    match error {
        IdentityError::Refused { .. } => failed(
            StatusCode::UNAUTHORIZED,
            "authentication_error",
            "The deployment's account is refused by its provider; see the gateway's log.",
        ),
        IdentityError::Setting { .. } => failed(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_server_error",
            "The deployment's account cannot be used; see the gateway's log.",
        ),
        IdentityError::Unreachable { .. } => failed(
            StatusCode::BAD_GATEWAY,
            "internal_server_error",
            "No token could be fetched for the model's upstream. Try again later.",
        ),
    }
}

/// The call was made but could not be charged; the cause is for the log.
fn unrecorded(_: &SettleError) -> ErrorAnswer {
    let message = "The call could not be recorded, so it is not answered. Try again later.";
    let answer = ErrorAnswer::new(StatusCode::SERVICE_UNAVAILABLE, "internal_server_error", message);
    ErrorAnswer { retry_after: Some(STORE_RETRY_SECONDS), ..answer }
}

#[cfg(test)]
mod tests;
