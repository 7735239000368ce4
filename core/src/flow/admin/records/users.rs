//! `/user/…`: those who have keys.

use super::defaults::Defaults;
use super::forms::{self, id_in, required_id};
use super::members::{AskedMember, asked_member, granted};
use super::person::ANONYMIZE;
use super::record_admin::RecordAdmin;
use super::render;
use super::rights::{check_sees_user, check_spend, check_team};
use crate::accounting::erasure::Person;
use crate::auth::key_listing::KeyFilter;
use crate::auth::records::{Record, RecordId, RecordKind, RecordStoreError, StoredRecord};
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use crate::flow::admin::keys::fields;
use crate::flow::admin::params::Params;
use serde_json::{Map, Value, json};

/// Fields of a body that names who is deleted.
pub const DELETION: &[Field] = &[("user_ids", Kind::TextList), ("user_id", Kind::Text), ANONYMIZE];

/// Fields of a body that names one user.
pub const NAMED: &[Field] = &[("user_id", Kind::Text)];

impl RecordAdmin {
    /// Makes a user, and a key for it unless `auto_create_key` says no; adds it to the `teams` that are named.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Taken`]; [`AdminError::NoSuchTeam`], and then nothing is made.
    pub async fn new_user(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let mut asked = forms::USER.read(body)?;
        refuse_what_is_not_done(&asked)?;
        // Administrators are not held to what other users get.
        if asked.get("user_role").and_then(Value::as_str).is_none_or(|role| role == "internal_user") {
            let names_teams = asked.get("teams").is_some_and(|teams| !teams.is_null());
            self.fill(Defaults::User, &mut asked).await?;
            if !names_teams && !actor.is_unbounded() {
                // Teams beyond those of its maker's are not its maker's to give.
                asked.shift_remove("teams");
            }
        }
        let id = match id_in(&asked, "user_id")? {
            Some(id) => id.to_owned(),
            None => self.new_id()?,
        };
        check_spend(actor, &asked)?;
        let teams = teams_in(&asked, &id)?;
        for (team, _) in &teams {
            check_team(actor, team)?;
            if self.records.record(&RecordId::team(team)).await?.is_none() {
                return Err(AdminError::NoSuchTeam(team.clone()));
            }
        }
        let stored = self.make(actor, user_id(&id), (&forms::USER, &asked), now).await?;
        for (team, member) in &teams {
            self.store_member(actor, team, member, (0, now)).await?;
        }
        let key = match asked.get("auto_create_key").and_then(Value::as_bool) {
            Some(false) => None,
            _ => Some(self.keys.generate_for_user(actor, &id, &asked, now).await?),
        };
        Ok(render::new_user(&stored, key, asked.get("teams").cloned()).into())
    }

    /// One user with its keys and teams: that of the parameter `user_id`, else the caller's own.
    ///
    /// # Errors
    /// [`AdminError::Missing`].
    pub async fn user_info(&self, actor: &Actor, params: &Params) -> Result<Value, AdminError> {
        let named = params.text("user_id").or(actor.user_id.as_deref()).unwrap_or_default();
        let stored = match self.find(&user_id(named)).await {
            // The administrator need not be among the users, and sees the keys of nobody.
            Err(AdminError::Missing(_)) if params.text("user_id").is_none() => None,
            found => Some(found?),
        };
        let home = stored.as_ref().and_then(|stored| stored.record.text("organization_id"));
        check_sees_user(actor, named, home)?;
        let mut ids = self.records.teams_of(named).await?;
        ids.retain(|id| actor.is_user(named) || actor.scope().changes_team(id));
        let mut teams = Vec::new();
        for id in &ids {
            if let Some(team) = self.records.get(&RecordId::team(id)).await? {
                teams.push(Value::Object(self.team_record(&team).await?));
            }
        }
        let mut keys = self
            .keys_of(&KeyFilter { user_id: stored.as_ref().map(|_| named.to_owned()), ..KeyFilter::default() })
            .await?;
        if stored.is_none() {
            keys.retain(|key| key.record.user_id.is_none());
        }
        keys.retain(|key| actor.scope().sees_key(&key.record));
        let keys: Vec<_> = keys.iter().map(|key| render::key_of(key, Some("None"))).collect();
        let info = stored.map(|stored| render::user_info(&stored, &ids));
        Ok(json!({"user_id": named, "user_info": info, "keys": keys, "teams": teams}))
    }

    /// One user by itself.
    ///
    /// # Errors
    /// [`AdminError::Missing`].
    pub async fn user_info_alone(&self, actor: &Actor, params: &Params) -> Result<Value, AdminError> {
        let named = params.text("user_id").or(actor.user_id.as_deref()).unwrap_or_default();
        let stored = self.find(&user_id(named)).await.or_else(|error| match actor.is_unbounded() {
            true => Err(error),
            false => check_sees_user(actor, named, None).and(Err(error)),
        })?;
        check_sees_user(actor, named, stored.record.text("organization_id"))?;
        Ok(render::user_alone(&stored, &self.records.teams_of(named).await?))
    }

    /// Users that the caller may see, the dearest first; one of them where the parameter `user_id` says so.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn users_by_spend(&self, actor: &Actor, params: &Params) -> Result<Value, AdminError> {
        let mut users = match params.text("user_id") {
            Some(id) => self.records.get(&user_id(id)).await?.into_iter().collect(),
            None => self.all(RecordKind::User).await?,
        };
        users.retain(|user| actor.scope().sees_user(user.record.id.name(), user.record.text("organization_id")));
        users.sort_by_key(|user| std::cmp::Reverse(user.totals.spend()));
        let mut shown = Vec::with_capacity(users.len());
        for user in &users {
            let teams = self.records.teams_of(user.record.id.name()).await?;
            shown.push(Value::Object(render::user(user, &teams)));
        }
        Ok(shown.into())
    }

    /// Changes what the body names of a user, who is made where there is none.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Busy`].
    pub async fn update_user(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = forms::USER.read(body)?;
        refuse_what_is_not_done(&asked)?;
        check_spend(actor, &asked)?;
        let id = required_id(&asked, "user_id")?;
        let change = |record: &mut Record| forms::USER.apply(&asked, record, now);
        let mut stored = match self.change(actor, &user_id(id), now, change).await {
            Err(AdminError::Missing(RecordId::Of(RecordKind::User, _))) if actor.is_unbounded() => {
                self.make(actor, user_id(id), (&forms::USER, &asked), now).await?
            }
            done => done?,
        };
        if let Some(spend) = fields::amount(&asked, "spend")? {
            stored.totals = self.records.adjust_spend(&user_id(id), spend - stored.totals.spend()).await?;
        }
        let teams = self.records.teams_of(id).await?;
        Ok(json!({"user_id": id, "data": render::user(&stored, &teams)}))
    }

    /// Deletes the body's `user_ids` (or one `user_id`) with their keys, and takes them out of their teams. `anonymize` says
    /// what becomes of the rows of their calls.
    ///
    /// # Errors
    /// [`AdminError::Missing`] names the first user who is not there; nothing is deleted then.
    pub async fn delete_users(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, DELETION)?;
        let listed = asked.get("user_ids").and_then(Value::as_array).into_iter().flatten();
        let ids: Vec<&str> = listed.chain(asked.get("user_id")).filter_map(Value::as_str).collect();
        if ids.is_empty() {
            return Err(Problem::missing(&["body", "user_ids"]).into());
        }
        for id in &ids {
            self.check_removes(actor, &user_id(id)).await?;
            self.find(&user_id(id)).await?;
        }
        for id in &ids {
            self.forget(&Person::User((*id).to_owned()), &asked, now).await?;
            for key in self.keys_of(&KeyFilter { user_id: Some((*id).to_owned()), ..KeyFilter::default() }).await? {
                self.keys.remove(&key.record.hash).await?;
            }
            for team in self.records.teams_of(id).await? {
                let member = RecordId::member(team, *id);
                let Some(record) = self.records.record(&member).await? else { continue };
                match self.records.remove_member(&record).await {
                    Ok(()) | Err(RecordStoreError::NotFound) => self.changed(&member),
                    Err(error) => return Err(error.into()),
                }
            }
            self.leave_organizations(id).await?;
            self.remove(&user_id(id)).await?;
        }
        Ok(ids.len().into())
    }

    /// Blocks or unblocks a user: every key of it is refused, or let in again.
    ///
    /// # Errors
    /// [`AdminError::Missing`].
    pub async fn block_user(
        &self,
        actor: &Actor,
        body: &[u8],
        blocked: bool,
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let asked = body::read(body, NAMED)?;
        let stored: StoredRecord =
            self.set_blocked(actor, &user_id(required_id(&asked, "user_id")?), blocked, now).await?;
        let teams = self.records.teams_of(stored.record.id.name()).await?;
        let mut shown = render::user(&stored, &teams);
        shown.insert("blocked".to_owned(), blocked.into());
        Ok(shown.into())
    }
}

fn refuse_what_is_not_done(asked: &Map<String, Value>) -> Result<(), AdminError> {
    if asked.get("send_invite_email") == Some(&Value::Bool(true)) {
        let reason = "no mail is sent from here; hand the key over yourself";
        return Err(AdminError::Unsupported { field: "send_invite_email", reason });
    }
    if asked.get("password").is_some_and(Value::is_string) {
        return Err(AdminError::Unsupported { field: "password", reason: "users do not log in here; give them keys" });
    }
    Ok(())
}

/// The teams that a new user joins, and as what: names, or maps with a `team_id`.
pub(super) fn teams_in(asked: &Map<String, Value>, user: &str) -> Result<Vec<(String, AskedMember)>, AdminError> {
    let teams = asked.get("teams").and_then(Value::as_array).into_iter().flatten();
    let named = teams.filter_map(|team| Some((team.as_str().or_else(|| team.get("team_id")?.as_str())?, team)));
    named
        .map(|(id, team)| {
            let role = team.get("user_role").and_then(Value::as_str).unwrap_or("user");
            let member = asked_member(&json!({"user_id": user, "role": role}))?;
            let budget = team.get("max_budget_in_team").filter(|budget| !budget.is_null()).cloned();
            let budget = budget.map(|budget| ("max_budget_in_team".to_owned(), budget)).into_iter().collect();
            Ok((id.to_owned(), granted(member, &budget)))
        })
        .collect()
}

fn user_id(id: &str) -> RecordId {
    RecordId::of(RecordKind::User, id)
}
