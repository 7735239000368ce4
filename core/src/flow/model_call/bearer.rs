//! What is decided by the token of a caller that presents one: for which of its teams a call is made, and for which end
//! user.

use super::body::{self, Said};
use super::choice::permitted;
use super::error::CallError;
use super::parts::ModelCalls;
use super::request::CallRequest;
use crate::auth::error::AuthError;
use crate::auth::identity::error::TokenError;
use crate::principal::Principal;
use crate::routing::access;
use std::sync::Arc;

/// The call is for the end user that the token names, whatever the request says.
pub(super) fn settle_end_user(said: &mut Said, principal: &Principal) {
    if let Some(end_user) = principal.token.as_ref().and_then(|token| token.end_user.as_ref()) {
        said.end_user = Some(end_user.clone());
    }
}

impl ModelCalls {
    /// The caller, for the first of its token's teams that may use the model of the request.
    pub(super) fn for_a_team(
        &self,
        principal: Arc<Principal>,
        request: &CallRequest,
    ) -> Result<Arc<Principal>, CallError> {
        if !has_teams(&principal) {
            return Ok(principal);
        }
        let read = || body::parse(&request.body).ok()?.read::<String>("model");
        match &request.passed {
            Some(passed) => {
                let named = format!("{}/{}", passed.provider, passed.model.as_deref().unwrap_or_default());
                first(principal, &named, |caller| {
                    caller.model_lists().iter().all(|list| access::allows(list, &named, std::iter::empty()))
                })
            }
            None => match request.path_model.clone().or_else(read) {
                Some(model) => self.for_a_team_with(principal, &model),
                // What is wrong with the request is said where it is read.
                None => Ok(principal),
            },
        }
    }

    /// The caller, for the first of its token's teams that may use this model.
    pub(super) fn for_a_team_with(&self, principal: Arc<Principal>, model: &str) -> Result<Arc<Principal>, CallError> {
        if !has_teams(&principal) {
            return Ok(principal);
        }
        first(principal, model, |caller| !matches!(permitted(self, model, caller), Err(CallError::ModelDenied(_))))
    }
}

fn has_teams(principal: &Principal) -> bool {
    principal.token.as_ref().is_some_and(|token| !token.teams.is_empty())
}

fn first(
    principal: Arc<Principal>,
    model: &str,
    may: impl Fn(&Principal) -> bool,
) -> Result<Arc<Principal>, CallError> {
    let others = principal.token.iter().flat_map(|token| &token.teams);
    let mut all = std::iter::once(&principal).chain(others);
    if let Some(caller) = all.clone().find(|caller| may(caller)) {
        return Ok(Arc::clone(caller));
    }
    let teams = all.by_ref().filter_map(|caller| caller.team_id.clone()).collect();
    Err(AuthError::from(TokenError::NoTeamWithModel { model: model.to_owned(), teams }).into())
}
