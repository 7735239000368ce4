//! `/team/bulk_member_add` and `/user/bulk_update`: many at once, each by itself, with what came of each.

use super::forms::required_id;
use super::members::{asked_member, granted};
use super::record_admin::RecordAdmin;
use super::render;
use super::rights::check_team;
use crate::auth::records::{RecordId, RecordKind};
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use serde_json::{Map, Value, json};

/// Most entries in one request.
const ENTRIES_MAX: usize = 500;

/// Fields of a body with members.
pub const MEMBERS: &[Field] = &[
    ("team_id", Kind::Text),
    ("members", Kind::List),
    ("all_users", Kind::Flag),
    ("max_budget_in_team", Kind::Number),
];

/// Fields of a body with users.
pub const USERS: &[Field] = &[("users", Kind::List), ("all_users", Kind::Flag), ("user_updates", Kind::Map)];

impl RecordAdmin {
    /// Adds the body's `members`, or `all_users`, to a team.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::NoSuchTeam`]. What is wrong with one member is part of the answer.
    pub async fn add_many_members(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, MEMBERS)?;
        let team = required_id(&asked, "team_id")?;
        check_team(actor, team)?;
        let stored = match self.find(&RecordId::team(team)).await {
            Err(AdminError::Missing(_)) => return Err(AdminError::NoSuchTeam(team.to_owned())),
            found => found?,
        };
        let entries = if asked.get("all_users") == Some(&Value::Bool(true)) {
            check_unbounded(actor, "all_users")?;
            let all = self.records.list(RecordKind::User).await?;
            all.iter().map(|user| json!({"user_id": user.name, "role": "user"})).collect()
        } else {
            let members = asked.get("members").and_then(Value::as_array).cloned();
            bounded(members.unwrap_or_default(), "members")?
        };
        let (mut results, mut added) = (Vec::new(), 0);
        for (position, entry) in entries.iter().enumerate() {
            let done = self.add_entry(actor, (team, &asked), (position, entry), now).await;
            let named = |name: &str| entry.get(name).cloned().unwrap_or_default();
            let (user, membership, error) = match done {
                Ok((user, membership)) => (user, membership, None),
                Err(error) => (Value::Null, Value::Null, Some(error.told())),
            };
            added += usize::from(error.is_none());
            results.push(json!({
                "user_id": named("user_id"),
                "user_email": named("user_email"),
                "success": error.is_none(),
                "error": error,
                "updated_user": user,
                "updated_team_membership": membership,
            }));
        }
        Ok(json!({
            "team_id": team,
            "results": results,
            "total_requested": entries.len(),
            "successful_additions": added,
            "failed_additions": entries.len() - added,
            "updated_team": self.team_record(&stored).await?,
        }))
    }

    async fn add_entry(
        &self,
        actor: &Actor,
        (team, asked): (&str, &Map<String, Value>),
        (position, entry): (usize, &Value),
        now: Timestamp,
    ) -> Result<(Value, Value), AdminError> {
        let member = granted(asked_member(entry)?, asked);
        self.store_member(actor, team, &member, (position, now)).await?;
        let user = self.user_behind(actor, &member.user_id, entry.get("user_email"), now).await?;
        let added = self.records.record(&RecordId::member(team, member.user_id.as_str())).await?;
        let shown = self.memberships(team, added.as_slice(), false).await?;
        Ok((render::user_for(actor, &user).into(), shown.into_iter().next().unwrap_or_default()))
    }

    /// Changes the body's `users`, each as `/user/update` would; or `all_users`, to the same `user_updates`.
    ///
    /// # Errors
    /// The mistakes of a body. What is wrong with one user is part of the answer.
    pub async fn update_many_users(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, USERS)?;
        let entries = if asked.get("all_users") == Some(&Value::Bool(true)) {
            check_unbounded(actor, "all_users")?;
            let updates = asked.get("user_updates").and_then(Value::as_object);
            let updates = updates.ok_or_else(|| Problem::missing(&["body", "user_updates"]))?;
            let named = |name: &str| {
                let mut entry = updates.clone();
                entry.insert("user_id".to_owned(), name.into());
                Value::Object(entry)
            };
            self.records.list(RecordKind::User).await?.iter().map(|user| named(&user.name)).collect()
        } else {
            bounded(asked.get("users").and_then(Value::as_array).cloned().unwrap_or_default(), "users")?
        };
        let (mut results, mut updated) = (Vec::new(), 0);
        for entry in &entries {
            let named = |name: &str| entry.get(name).cloned().unwrap_or_default();
            // A map of JSON always serialises.
            let (user, error) = match self.update_user(actor, &serde_json::to_vec(entry).unwrap_or_default(), now).await
            {
                Ok(done) => (done.get("data").cloned(), None),
                Err(error) => (None, Some(error.told())),
            };
            updated += usize::from(error.is_none());
            results.push(json!({
                "user_id": named("user_id"),
                "user_email": named("user_email"),
                "success": error.is_none(),
                "error": error,
                "updated_user": user,
            }));
        }
        Ok(json!({
            "results": results,
            "total_requested": entries.len(),
            "successful_updates": updated,
            "failed_updates": entries.len() - updated,
        }))
    }
}

/// That a request for everybody is made by somebody who may change everybody.
fn check_unbounded(actor: &Actor, field: &str) -> Result<(), AdminError> {
    if actor.is_unbounded() { Ok(()) } else { Err(AdminError::Closed(field.to_owned())) }
}

/// The entries of a request, where there are some and not too many.
fn bounded(entries: Vec<Value>, of: &str) -> Result<Vec<Value>, AdminError> {
    match entries.len() {
        0 => Err(AdminError::Refused(format!("`{of}` names nobody."))),
        1..=ENTRIES_MAX => Ok(entries),
        count => Err(AdminError::Refused(format!("`{of}` holds {count} entries; the most is {ENTRIES_MAX}."))),
    }
}
