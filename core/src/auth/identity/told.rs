//! What somebody who is trusted tells of a caller, field by field. Pure.

use super::mapping::{Identified, SpeaksFor, Teams};
use crate::config::UserRole;
use crate::limits::Limits;

/// What callers may call whose role nobody says.
const ROUTES: [&str; 2] = ["openai_routes", "info_routes"];

/// What is told of a caller.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Something of the caller's that stays the same.
    pub(super) token: Option<String>,
    pub(super) user: Option<String>,
    pub(super) email: Option<String>,
    pub(super) team: Option<String>,
    pub(super) organization: Option<String>,
    pub(super) end_user: Option<String>,
    pub(super) role: Option<UserRole>,
    /// The only models; empty: any.
    pub(super) models: Vec<String>,
    /// The only routes; `None`: those of the role.
    pub(super) routes: Option<Vec<String>>,
    pub(super) limits: Limits,
}

/// What a caller may call to whom this role is given: what the role may, where there is one.
pub(super) fn routes_of(role: Option<UserRole>) -> Vec<String> {
    if role.is_some() { Vec::new() } else { ROUTES.map(str::to_owned).to_vec() }
}

impl Told {
    /// Who that is; `None`: nobody, as not one name is told.
    pub(super) fn identified(self) -> Option<Identified> {
        let Self { token, user, email, team, organization, end_user, role, models, routes, limits } = self;
        // The one that stays the same for longest first.
        let names = [&token, &user, &email, &team, &organization, &end_user];
        let subject = names.into_iter().flatten().next()?.clone();
        let user = user.or_else(|| email.clone());
        let is_known = user.is_some() || team.is_some() || organization.is_some();
        Some(Identified {
            speaks_for: if is_known { SpeaksFor::Known } else { SpeaksFor::Nobody },
            subject,
            user,
            email,
            teams: Teams::AnyOf(team.into_iter().collect()),
            organization,
            end_user,
            role,
            may_be_unknown: true,
            routes: routes.unwrap_or_else(|| routes_of(role)),
            scope_routes: None,
            models,
            limits,
        })
    }
}
