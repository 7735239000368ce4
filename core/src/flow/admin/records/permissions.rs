//! What the members of a team may do beyond what is their own (`/team/permissions_…`), the teams that users may join, and the
//! roles of users.

use super::forms::{self, required_id};
use super::record_admin::RecordAdmin;
use super::rights::check_sees_team;
use crate::auth::records::{Record, RecordId};
use crate::auth::rights::Actor;
use crate::auth::rights::standing::{GRANTS, PERMISSIONS};
use crate::clock::Timestamp;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use crate::flow::admin::params::Params;
use serde_json::{Value, json};

/// Fields of a body that says what members may do.
pub const GRANTED: &[Field] = &[("team_id", Kind::Text), ("team_member_permissions", Kind::TextList)];

impl RecordAdmin {
    /// What the members of a team may do: that of the parameter `team_id`.
    ///
    /// # Errors
    /// [`AdminError::Missing`].
    pub async fn team_permissions(&self, actor: &Actor, params: &Params) -> Result<Value, AdminError> {
        let id = params.text("team_id").ok_or_else(|| Problem::missing(&["query", "team_id"]))?;
        check_sees_team(actor, id)?;
        let stored = self.find(&RecordId::team(id)).await?;
        let granted = stored.record.document.get(GRANTS).cloned().unwrap_or_else(|| json!([]));
        Ok(json!({"team_id": id, "team_member_permissions": granted, "all_available_permissions": PERMISSIONS}))
    }

    /// Says what the members of a team may do.
    ///
    /// # Errors
    /// The mistakes of a body, an unknown permission among them; [`AdminError::Missing`].
    pub async fn update_team_permissions(
        &self,
        actor: &Actor,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let asked = body::read(body, GRANTED)?;
        let id = required_id(&asked, "team_id")?;
        let granted = asked.get("team_member_permissions").and_then(Value::as_array);
        let granted = granted.ok_or_else(|| Problem::missing(&["body", "team_member_permissions"]))?;
        if let Some(unknown) = granted.iter().filter_map(Value::as_str).find(|name| !PERMISSIONS.contains(name)) {
            let place = vec!["body".into(), "team_member_permissions".into()];
            return Err(Problem::new("enum", place, format!("`{unknown}` is none of the permissions")).into());
        }
        let change = |record: &mut Record| forms::TEAM.apply(&asked, record, now);
        let stored = self.change(actor, &RecordId::team(id), now, change).await?;
        Ok(self.team_record(&stored).await?.into())
    }

    /// The teams that users may join (`default_internal_user_params.available_teams`) and the caller is not in.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn available_teams(&self, actor: &Actor) -> Result<Value, AdminError> {
        let own = match actor.user_id.as_deref() {
            Some(user) => self.records.teams_of(user).await?,
            None => Vec::new(),
        };
        let mut shown = Vec::new();
        for id in self.user_defaults.available_teams.iter().flatten().filter(|id| !own.contains(id)) {
            if let Some(team) = self.records.get(&RecordId::team(id)).await? {
                shown.push(Value::Object(self.team_record(&team).await?));
            }
        }
        Ok(shown.into())
    }
}

/// The roles that a user can have.
pub fn roles() -> Value {
    json!({
        "proxy_admin": {"description": "may do everything", "ui_label": "Admin (All Permissions)"},
        "proxy_admin_viewer": {"description": "sees everything, changes nothing", "ui_label": "Admin (View Only)"},
        "internal_user": {
            "description": "makes and deletes keys of its own, and sees what it spent",
            "ui_label": "Internal User (Create/Delete/View)",
        },
        "internal_user_viewer": {
            "description": "sees keys of its own, and what it spent",
            "ui_label": "Internal User (View Only)",
        },
    })
}
