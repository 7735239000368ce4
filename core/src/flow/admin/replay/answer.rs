//! The status and body that each error is answered with.

use crate::auth::authenticate::AuthError;
use crate::auth::route::RouteDenied;
use crate::flow::admin::error::{AdminError, Problem, Step};
use serde_json::{Value, json};

/// A status and a body.
pub(super) type Answer = (u16, Value);

pub(super) fn of_admin(error: &AdminError) -> Answer {
    let text = error.to_string();
    match error {
        AdminError::Form(problems) => (422, json!({ "detail": problems.iter().map(problem).collect::<Vec<_>>() })),
        AdminError::Amount { .. }
        | AdminError::KeyPrefix
        | AdminError::KeyTooShort { .. }
        | AdminError::KeyTaken
        | AdminError::Lifetime(_)
        | AdminError::BudgetPeriod(_) => envelope(400, &text, "internal_server_error", None),
        AdminError::AliasTaken(_) => envelope(400, &text, "bad_request_error", Some("key_alias")),
        AdminError::KeyNotInDatabase | AdminError::KeyNotFound => envelope(404, &text, "not_found_error", Some("key")),
        AdminError::NoKeysFound => envelope(404, &text, "internal_server_error", None),
        AdminError::TeamNotFound => (400, json!({ "detail": text })),
        AdminError::ForeignKey => (403, json!({ "detail": text })),
        AdminError::Date { field, .. } => envelope(400, &text, "bad_request_error", Some(field)),
        AdminError::Unsupported { field, .. } => envelope(400, &text, "bad_request_error", Some(field)),
        AdminError::TooLarge { .. } => envelope(400, &text, "bad_request_error", None),
        AdminError::Busy => envelope(409, &text, "conflict_error", None),
        AdminError::NoEntropy(_) | AdminError::Read(_) | AdminError::Write(_) => {
            envelope(503, &text, "service_unavailable_error", None)
        }
    }
}

pub(super) fn of_auth(error: &AuthError) -> Answer {
    let text = error.to_string();
    match error {
        AuthError::NoKey | AuthError::Malformed | AuthError::NotAVirtualKey | AuthError::Blocked { .. } => {
            envelope(401, &text, "auth_error", Some("None"))
        }
        AuthError::Unknown { .. } => envelope(401, &text, "token_not_found_in_db", Some("key")),
        AuthError::Expired { key_name, .. } => envelope(401, &text, "expired_key", Some(key_name)),
        AuthError::StoreUnavailable(_) => envelope(503, &text, "service_unavailable_error", None),
    }
}

pub(super) fn of_route(error: &RouteDenied) -> Answer {
    let text = error.to_string();
    match error {
        RouteDenied::NotInKeysList { .. } => (403, json!({ "detail": text })),
        RouteDenied::AdminOnly { .. } | RouteDenied::MasterOnly { .. } => {
            envelope(401, &text, "auth_error", Some("None"))
        }
    }
}

fn envelope(status: u16, message: &str, kind: &str, param: Option<&str>) -> Answer {
    let code = status.to_string();
    (status, json!({ "error": { "message": message, "type": kind, "param": param, "code": code } }))
}

fn problem(problem: &Problem) -> Value {
    let steps = problem.place.iter().map(|step| match step {
        Step::Field(field) => Value::from(field.as_str()),
        Step::Index(index) => Value::from(*index),
    });
    json!({ "type": problem.kind, "loc": steps.collect::<Vec<_>>(), "msg": problem.message })
}
