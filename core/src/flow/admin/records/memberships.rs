//! `/team/{team_id}/members/me` and `/team/{team_id}/member/{user_id}/reset_spend`: what one member has spent in a team.

use super::record_admin::RecordAdmin;
use super::render;
use super::rights::check_team;
use crate::auth::records::{RecordId, StoredRecord};
use crate::auth::rights::Actor;
use crate::flow::admin::body;
use crate::flow::admin::error::{AdminError, Problem};
use crate::flow::admin::keys::fields::amount;
use crate::flow::admin::keys::reset_spend::FIELDS;
use serde_json::{Value, json};

impl RecordAdmin {
    /// The caller's own membership of a team.
    ///
    /// # Errors
    /// [`AdminError::Refused`] for a caller that is no user, [`AdminError::NoSuchMember`] for a team that it is no member
    /// of, or that there is not.
    pub async fn own_membership(&self, actor: &Actor, team: &str) -> Result<Value, AdminError> {
        let no_user = || AdminError::Refused("API key has no associated user_id; 'me' is nobody".to_owned());
        let user = actor.user_id.as_deref().ok_or_else(no_user)?;
        // Whoever is no member does not learn whether there is such a team.
        let member = self.member_of(team, user).await?;
        let stored = self.find(&RecordId::team(team)).await?;
        let mut shown = render::membership(team, &member);
        let own = [
            ("team_alias", json!(stored.record.alias)),
            ("role", member.record.text("role").unwrap_or("user").into()),
            ("user_email", json!(member.record.text("user_email"))),
        ];
        shown.extend(own.map(|(name, value)| (name.to_owned(), value)));
        Ok(Value::Object(shown))
    }

    /// Sets what a member has spent in a team to the body's `reset_to`, in dollars: no more than it has.
    ///
    /// # Errors
    /// [`AdminError::Form`], [`AdminError::Amount`]; [`AdminError::Forbidden`] for who does not administer the team or is
    /// that member, [`AdminError::NoSuchMember`]; [`AdminError::Refused`] for more than was spent.
    pub async fn reset_member_spend(
        &self,
        actor: &Actor,
        (team, user): (&str, &str),
        body: &[u8],
    ) -> Result<Value, AdminError> {
        let asked = body::read(body, FIELDS)?;
        let target = amount(&asked, "reset_to")?.ok_or_else(|| Problem::missing(&["body", "reset_to"]))?;
        check_team(actor, team)?;
        if actor.is_user(user) && !actor.is_unbounded() {
            return Err(AdminError::Forbidden("Nobody resets what they have spent themselves.".to_owned()));
        }
        self.find(&RecordId::team(team)).await?;
        let member = self.member_of(team, user).await?;
        let previous = member.totals.spend();
        if target > previous {
            let (target, previous) = (target.dollars(), previous.dollars());
            let message = format!("reset_to ({target}) must be <= current spend ({previous})");
            return Err(AdminError::Refused(message));
        }
        let totals = self.records.adjust_spend(&member.record.id, target - previous).await?;
        self.changed(&member.record.id);
        Ok(json!({
            "team_id": team,
            "user_id": user,
            "spend": totals.spend().dollars(),
            "previous_spend": previous.dollars(),
            "max_budget": member.record.limits.max_budget.map(|budget| budget.dollars()),
        }))
    }

    async fn member_of(&self, team: &str, user: &str) -> Result<StoredRecord, AdminError> {
        let none = || AdminError::NoSuchMember { team: team.to_owned(), user: user.to_owned() };
        self.records.get(&RecordId::member(team, user)).await?.ok_or_else(none)
    }
}
