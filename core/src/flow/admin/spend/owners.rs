//! `/key/spend/report`, `/user/spend/report`, `/team/spend/report` and `/organization/spend/report`: what one owner of
//! calls spent between two days, by key and model. Who names none asks about its own.

use super::reports::{by_key, costs, dearest, keys_with};
use super::span::{Days, Wanted, by};
use super::spend_admin::SpendAdmin;
use crate::auth::rights::Actor;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::params::Params;
use serde_json::Value;

/// Whose calls a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// One key's (`api_key`).
    Key,
    /// One user's (`internal_user_id`, or `user_id`).
    User,
    /// One team's (`team_id`).
    Team,
    /// One organization's (`organization_id`).
    Organization,
}

impl Owner {
    fn parameter(self) -> &'static str {
        match self {
            Self::Key => "api_key",
            Self::User => "internal_user_id",
            Self::Team => "team_id",
            Self::Organization => "organization_id",
        }
    }

    /// The caller's own.
    fn of(self, actor: &Actor) -> Option<String> {
        match self {
            Self::Key => Some(actor.key.as_str().to_owned()),
            Self::User => actor.user_id.clone(),
            Self::Team => actor.team_id.clone(),
            Self::Organization => Some(actor.above.organization.as_ref()?.id.clone()),
        }
    }
}

impl SpendAdmin {
    /// The keys of an owner's calls, the dearest first, with the models of each; as far as the caller may see them.
    ///
    /// # Errors
    /// [`AdminError::Refused`] without `start_date` and `end_date`, or where no owner is named and the caller's key has
    /// none; [`AdminError::Date`], and those of the store.
    pub async fn owner_report(&self, actor: &Actor, owner: Owner, params: &Params) -> Result<Value, AdminError> {
        let asked = Wanted::read(params);
        let own = || {
            let parameter = owner.parameter();
            let message = format!("This key has no {parameter}. Name one with the parameter {parameter}.");
            owner.of(actor).ok_or(AdminError::Refused(message))
        };
        let of_list = |list: Vec<String>| if list.is_empty() { own().map(|id| vec![id]) } else { Ok(list) };
        let wanted = match owner {
            Owner::Key => Wanted { key: Some(asked.key.map_or_else(own, Ok)?), ..Wanted::default() },
            Owner::User => Wanted { user: Some(asked.user.map_or_else(own, Ok)?), ..Wanted::default() },
            Owner::Team => Wanted { teams: of_list(asked.teams)?, ..Wanted::default() },
            Owner::Organization => Wanted { organizations: of_list(asked.organizations)?, ..Wanted::default() },
        };
        let days = self.named_days(actor, params, &wanted).await?;
        Ok(if owner == Owner::Organization { with_teams(&days) } else { by_key(&days) })
    }
}

/// As [`by_key`], with the team that each part was for.
fn with_teams(days: &Days) -> Value {
    keys_with(days, |own| {
        let parts = dearest(by(own, |shared| (shared.team.as_deref(), shared.model.as_str())));
        let shown = parts.iter().map(|((team, model), sum)| {
            let mut shown = costs("model", model, sum);
            shown.insert("team_id".to_owned(), (*team).into());
            Value::Object(shown)
        });
        shown.collect()
    })
}
