//! `/team/member_…`: who is in a team, as what, and with what limits of their own there.

use super::forms::{self, required_id};
use super::record_admin::RecordAdmin;
use super::render;
use super::rights::check_team;
use crate::auth::records::{Record, RecordId, RecordStoreError, StoredRecord};
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::error::{AdminError, Problem};
use serde_json::{Map, Value, json};

/// A member as a request names it.
pub(super) struct AskedMember {
    pub(super) user_id: String,
    fields: Map<String, Value>,
}

impl AskedMember {
    /// Somebody who administers the team.
    pub(super) fn admin(user_id: String) -> Self {
        let mut fields = Map::new();
        fields.insert("role".to_owned(), "admin".into());
        Self { user_id, fields }
    }
}

/// Reads `{user_id, user_email, role}`. A member named by its address alone is known by it.
pub(super) fn asked_member(entry: &Value) -> Result<AskedMember, AdminError> {
    let mut fields = forms::MEMBER.read(&serde_json::to_vec(entry).unwrap_or_default())?;
    fields.retain(|_, value| !value.is_null());
    let user_id = forms::id_in(&fields, "user_id")?.or(forms::id_in(&fields, "user_email")?).map(str::to_owned);
    let user_id = user_id.ok_or_else(|| Problem::rule("Either user_id or user_email must be provided"))?;
    fields.entry("role").or_insert("user".into());
    Ok(AskedMember { user_id, fields })
}

/// The member with the limits that a request grants to all whom it adds.
pub(super) fn granted(mut member: AskedMember, asked: &Map<String, Value>) -> AskedMember {
    let limits = ["rpm_limit", "tpm_limit", "max_parallel_requests", "soft_budget", "budget_duration"];
    let granted = limits.iter().filter_map(|name| Some(((*name).to_owned(), asked.get(*name)?.clone())));
    member.fields.extend(granted);
    let budget = asked.get("max_budget_in_team").cloned();
    member.fields.extend(budget.map(|budget| ("max_budget".to_owned(), budget)));
    member
}

impl RecordAdmin {
    /// Adds the body's `member` (one, or a list) to a team, each with the limits that the body grants. A user that is
    /// not known is made.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::NoSuchTeam`], [`AdminError::AlreadyMember`].
    pub async fn add_members(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let mut asked = forms::MEMBER.read(body)?;
        let entry = asked.shift_remove("member");
        let team = required_id(&asked, "team_id")?;
        let entries = match entry {
            Some(Value::Array(entries)) => entries,
            Some(entry @ Value::Object(_)) => vec![entry],
            // The flat form: the member's fields stand in the body itself.
            None if asked.contains_key("user_id") || asked.contains_key("user_email") => vec![flat(&asked)],
            _ => return Err(Problem::missing(&["body", "member"]).into()),
        };
        check_team(actor, team)?;
        let stored = self.find(&RecordId::team(team)).await.map_err(|error| no_such_team(error, team))?;
        let mut members = Vec::new();
        for entry in &entries {
            members.push(granted(asked_member(entry)?, &asked));
        }
        let before = self.records.members(team).await?;
        if let Some(twice) = members.iter().find(|new| before.iter().any(|old| old.id.name() == new.user_id)) {
            return Err(AdminError::AlreadyMember {
                user_id: twice.user_id.clone(),
                existing: render::python_members(&before),
            });
        }
        let mut users = Vec::new();
        for (position, member) in members.iter().enumerate() {
            self.store_member(actor, team, member, (position, now)).await?;
            users.push(self.user_behind(actor, &member.user_id, member.fields.get("user_email"), now).await?);
        }
        let mut shown = self.team_record(&stored).await?;
        let after = self.records.members(team).await?;
        let added: Vec<_> =
            after.into_iter().filter(|m| members.iter().any(|new| new.user_id == m.id.name())).collect();
        shown.insert(
            "updated_users".to_owned(),
            users.iter().map(|user| Value::Object(render::user_for(actor, user))).collect(),
        );
        shown.insert("updated_team_memberships".to_owned(), self.memberships(team, &added, false).await?.into());
        Ok(shown.into())
    }

    /// Changes a member's role or limits in its team.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::NoSuchTeam`], [`AdminError::NotInTeam`].
    pub async fn update_member(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let mut asked = forms::MEMBER.read(body)?;
        let team = required_id(&asked, "team_id")?.to_owned();
        check_team(actor, &team)?;
        let member = self.member(&team, &asked).await?;
        if let Some(budget) = asked.shift_remove("max_budget_in_team") {
            asked.insert("max_budget".to_owned(), budget);
        }
        let change = |record: &mut Record| forms::MEMBER.apply(&asked, record, now);
        let stored = self.change(actor, &member.id, now, change).await?;
        let record = &stored.record;
        Ok(json!({
            "team_id": team,
            "user_id": record.id.name(),
            "user_email": record.text("user_email"),
            "max_budget_in_team": render::dollars(record.limits.max_budget),
            "tpm_limit": record.limits.tpm_limit,
            "rpm_limit": record.limits.rpm_limit,
        }))
    }

    /// Takes a member out of its team.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::NoSuchTeam`], [`AdminError::NotInTeam`].
    pub async fn delete_member(&self, actor: &Actor, body: &[u8]) -> Result<Value, AdminError> {
        let asked = forms::MEMBER.read(body)?;
        let team = required_id(&asked, "team_id")?;
        check_team(actor, team)?;
        let member = self.member(team, &asked).await?;
        let done = self.records.remove_member(&member).await;
        self.changed(&member.id);
        match done {
            Ok(()) => Ok(self.team_record(&self.find(&RecordId::team(team)).await?).await?.into()),
            Err(RecordStoreError::NotFound) => Err(AdminError::NotInTeam),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores one new member of a team.
    pub(super) async fn store_member(
        &self,
        actor: &Actor,
        team: &str,
        member: &AskedMember,
        (position, now): (usize, Timestamp),
    ) -> Result<(), AdminError> {
        let id = RecordId::member(team, member.user_id.as_str());
        let mut record = Record::new(id, now, actor.user_id.as_deref());
        forms::MEMBER.apply(&member.fields, &mut record, now)?;
        record.document.insert("position".to_owned(), position.into());
        self.check_new_member(actor, &record).await?;
        let done = self.records.add_member(&record).await;
        self.changed(&record.id);
        match done {
            Ok(()) => Ok(()),
            Err(RecordStoreError::Changed) => Err(AdminError::NoSuchTeam(team.to_owned())),
            Err(RecordStoreError::Taken) => {
                let existing = render::python_members(&self.records.members(team).await?);
                Err(AdminError::AlreadyMember { user_id: member.user_id.clone(), existing })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The members of a team with what they spent in it.
    pub(super) async fn memberships(
        &self,
        team: &str,
        members: &[Record],
        with_source: bool,
    ) -> Result<Vec<Value>, AdminError> {
        let mut shown = Vec::with_capacity(members.len());
        for member in members {
            let totals = self.records.totals(&member.id).await?;
            let mut membership = render::membership(team, &StoredRecord { record: member.clone(), totals });
            if with_source {
                let source = if member.limits.is_unlimited() { "none" } else { "member" };
                membership.insert("budget_source".to_owned(), source.into());
            }
            shown.push(Value::Object(membership));
        }
        Ok(shown)
    }

    /// The member that a request names by `user_id` or `user_email`.
    async fn member(&self, team: &str, asked: &Map<String, Value>) -> Result<Record, AdminError> {
        self.find(&RecordId::team(team)).await.map_err(|error| no_such_team(error, team))?;
        let text = |name: &str| asked.get(name).and_then(Value::as_str);
        if text("user_id").is_none() && text("user_email").is_none() {
            return Err(Problem::rule("Either user_id or user_email must be provided").into());
        }
        let members = self.records.members(team).await?;
        let named = |member: &Record| match (text("user_id"), text("user_email")) {
            (Some(id), _) => member.id.name() == id,
            (None, email) => email == Some(member.id.name()) || email == member.text("user_email"),
        };
        members.into_iter().find(named).ok_or(AdminError::NotInTeam)
    }
}

fn no_such_team(error: AdminError, team: &str) -> AdminError {
    if matches!(error, AdminError::Missing(_)) { AdminError::NoSuchTeam(team.to_owned()) } else { error }
}

fn flat(asked: &Map<String, Value>) -> Value {
    let fields = ["user_id", "user_email", "role"];
    fields.iter().filter_map(|name| Some(((*name).to_owned(), asked.get(*name)?.clone()))).collect::<Map<_, _>>().into()
}
