//! How the errors of administrators' requests are told. No catch-all arm. Statuses, types and envelopes are those that
//! LiteLLM's clients know, but for its 500 where the client is at fault.

use super::error::ErrorAnswer;
use crate::auth::records::{RecordId, RecordKind};
use crate::crypto::SealError;
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
            AdminError::CredentialTaken(_) | AdminError::MappingTaken { .. } => {
                plain(StatusCode::CONFLICT, "invalid_request_error")
            }
            AdminError::CredentialConfigured(_) => bad_request(),
            AdminError::NoSuchCredential(_) => {
                Self { detail: Some(message.as_str().into()), ..plain(StatusCode::NOT_FOUND, "not_found_error") }
            }
            AdminError::Sealing(cause) => plain(unsealed(&cause), "internal_server_error"),
            AdminError::NoKeysFound => plain(StatusCode::NOT_FOUND, "internal_server_error"),
            AdminError::Taken(id) => taken(&id, plain),
            AdminError::Missing(id) => missing(&id, plain),
            AdminError::NoSuchTeam(_) => within_detail(plain(StatusCode::NOT_FOUND, "not_found_error")),
            AdminError::NoSuchModel(_) => plain(StatusCode::BAD_REQUEST, "auth_error").param("None"),
            AdminError::NoSuchGroup(_)
            | AdminError::NoSuchAuditLog(_)
            | AdminError::NoSuchVersion(_)
            | AdminError::NotThere(_)
            | AdminError::NoSuchMember { .. }
            | AdminError::NoSuchMapping
            | AdminError::NoSuchAddress => within_detail(plain(StatusCode::NOT_FOUND, "not_found_error")),
            AdminError::NotInTeam | AdminError::Refused(_) => within_detail(bad_request()),
            AdminError::AlreadyMember { .. } => {
                plain(StatusCode::BAD_REQUEST, "team_member_already_in_team").param("member")
            }
            AdminError::TeamNotFound => Self { detail: Some(message.as_str().into()), ..bad_request() },
            AdminError::Forbidden(_) | AdminError::Wider { .. } | AdminError::Closed(_) => {
                within_detail(plain(StatusCode::FORBIDDEN, "permission_error"))
            }
            AdminError::ForeignKey => plain(StatusCode::FORBIDDEN, "permission_error").param("key"),
            AdminError::NotStored(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "internal_server_error"),
            AdminError::Stale { .. } | AdminError::Busy => plain(StatusCode::CONFLICT, "invalid_request_error"),
            AdminError::NoEntropy(_) | AdminError::Read(_) | AdminError::Write(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an administrator's request failed");
                plain(StatusCode::SERVICE_UNAVAILABLE, "internal_server_error")
            }
        }
    }
}

fn unsealed(cause: &SealError) -> StatusCode {
    tracing::error!(error = cause as &dyn std::error::Error, "a value is not sealed");
    if cause.is_outage() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR }
}

fn taken(id: &RecordId, plain: impl Fn(StatusCode, &'static str) -> ErrorAnswer) -> ErrorAnswer {
    match id {
        RecordId::Of(RecordKind::Team, _) => plain(StatusCode::BAD_REQUEST, "internal_server_error"),
        RecordId::Of(RecordKind::User, _) => plain(StatusCode::CONFLICT, "internal_server_error"),
        RecordId::Of(RecordKind::Customer, _) => plain(StatusCode::BAD_REQUEST, "bad_request").param("user_id"),
        RecordId::Of(RecordKind::Tag, _) => plain(StatusCode::CONFLICT, "invalid_request_error").param("name"),
        RecordId::Of(RecordKind::Budget | RecordKind::Organization, _) | RecordId::Member { .. } => {
            within_detail(plain(StatusCode::BAD_REQUEST, "invalid_request_error"))
        }
    }
}

fn missing(id: &RecordId, plain: impl Fn(StatusCode, &'static str) -> ErrorAnswer) -> ErrorAnswer {
    match id {
        RecordId::Of(RecordKind::Team | RecordKind::User, _) => plain(StatusCode::NOT_FOUND, "internal_server_error"),
        RecordId::Of(RecordKind::Customer, _) => plain(StatusCode::NOT_FOUND, "not_found").param("end_user_id"),
        RecordId::Of(RecordKind::Tag, _) => plain(StatusCode::NOT_FOUND, "not_found_error").param("name"),
        RecordId::Of(RecordKind::Budget | RecordKind::Organization, _) | RecordId::Member { .. } => {
            within_detail(plain(StatusCode::NOT_FOUND, "not_found_error"))
        }
    }
}

/// The message where LiteLLM's clients look for it: `{"detail": {"error": …}}`.
fn within_detail(answer: ErrorAnswer) -> ErrorAnswer {
    ErrorAnswer { detail: Some(json!({"error": answer.message})), ..answer }
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
