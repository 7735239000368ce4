//! How the errors of administrators' requests are told. No catch-all arm. Statuses, types and envelopes are those that
//! LiteLLM's clients know, but for its 500 where the client is at fault.

use super::error::ErrorAnswer;
use crate::flow::admin::error::{AdminError, Problem, Step};
use http::StatusCode;
use serde_json::{Value, json};

impl From<AdminError> for ErrorAnswer {
    fn from(error: AdminError) -> Self {
        let message = error.to_string();
        let plain = |status, kind| Self::new(status, kind, message.clone());
        let bad_request = || plain(StatusCode::BAD_REQUEST, "invalid_request_error");
        match error {
            AdminError::Form(problems) => {
                let detail = problems.iter().map(told).collect();
                Self { detail: Some(detail), ..plain(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request_error") }
            }
            AdminError::Amount { .. } => plain(StatusCode::BAD_REQUEST, "internal_server_error"),
            AdminError::Lifetime(_)
            | AdminError::BudgetPeriod(_)
            | AdminError::KeyPrefix
            | AdminError::KeyTooShort { .. }
            | AdminError::KeyTaken
            | AdminError::Date { .. }
            | AdminError::TooLarge { .. }
            | AdminError::Unsupported { .. } => bad_request(),
            AdminError::AliasTaken(_) => bad_request().param("key_alias"),
            AdminError::KeyNotInDatabase | AdminError::KeyNotFound => {
                plain(StatusCode::NOT_FOUND, "not_found_error").param("key")
            }
            AdminError::NoKeysFound => plain(StatusCode::NOT_FOUND, "internal_server_error"),
            AdminError::TeamNotFound => Self { detail: Some(message.as_str().into()), ..bad_request() },
            AdminError::ForeignKey => plain(StatusCode::FORBIDDEN, "permission_error").param("key"),
            AdminError::Busy => plain(StatusCode::CONFLICT, "invalid_request_error"),
            AdminError::NoEntropy(_) | AdminError::Read(_) | AdminError::Write(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an administrator's request failed");
                plain(StatusCode::SERVICE_UNAVAILABLE, "internal_server_error")
            }
        }
    }
}

fn told(problem: &Problem) -> Value {
    let place: Vec<Value> = problem
        .place
        .iter()
        .map(|step| match step {
            Step::Field(name) => name.as_str().into(),
            Step::Index(index) => (*index).into(),
        })
        .collect();
    json!({"type": problem.kind, "loc": place, "msg": problem.message})
}
