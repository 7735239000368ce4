//! The routes that give all that is stored about a person, as a file.

use super::admin_request::Asked;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::person::PersonAdmin;
use axum::routing::MethodFilter;
use serde_json::Value;

#[derive(Clone, Copy, Debug)]
pub(super) enum PersonAction {
    User,
    EndUser,
}

pub(super) const ROUTES: &[(MethodFilter, &str, PersonAction)] = &[
    (MethodFilter::GET, "/user/{key}", PersonAction::User),
    (MethodFilter::GET, "/customer/export", PersonAction::EndUser),
    (MethodFilter::GET, "/end_user/export", PersonAction::EndUser),
];

pub(super) async fn perform(people: &PersonAdmin, action: PersonAction, asked: &Asked) -> Result<Value, AdminError> {
    let Asked { caller, params, key, now, .. } = asked;
    match action {
        PersonAction::User => people.export(caller, key, params, *now).await,
        PersonAction::EndUser => people.export_end_user(params, *now).await,
    }
}
