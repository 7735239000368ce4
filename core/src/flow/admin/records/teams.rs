//! `/team/…`: teams. What concerns their members stands in [`super::members`].

use super::defaults::Defaults;
use super::forms::{self, id_in, required_id};
use super::record_admin::RecordAdmin;
use super::render;
use super::rights::{check_sees_team, check_team};
use crate::auth::key_listing::KeyFilter;
use crate::auth::key_record::StoredKey;
use crate::auth::records::{Record, RecordId, RecordKind, RecordStoreError, StoredRecord};
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use crate::flow::admin::listing::{order, paged};
use crate::flow::admin::params::Params;
use serde_json::{Map, Value, json};
use std::cmp::Ordering;

/// Fields of a body that says which models a team gets or loses.
pub const MODELS: &[Field] = &[("team_id", Kind::Text), ("models", Kind::TextList)];

/// What teams can be ordered by.
type By = fn(&StoredRecord, &StoredRecord) -> Ordering;

const COLUMNS: [(&str, By); 4] = [
    ("created_at", |a, b| (a.record.created_at, a.record.id.name()).cmp(&(b.record.created_at, b.record.id.name()))),
    ("team_id", |a, b| a.record.id.name().cmp(b.record.id.name())),
    ("team_alias", |a, b| a.record.alias.cmp(&b.record.alias)),
    ("spend", |a, b| a.totals.spend().cmp(&b.totals.spend())),
];

impl RecordAdmin {
    /// Makes a team, with those who are named as members and the caller as an administrator.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Taken`].
    pub async fn new_team(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let mut asked = forms::TEAM.read(body)?;
        self.fill(Defaults::Team, &mut asked).await?;
        let id = match id_in(&asked, "team_id")? {
            Some(id) => id.to_owned(),
            None => self.new_id()?,
        };
        let mut members = Vec::new();
        for entry in asked.get("members_with_roles").and_then(Value::as_array).into_iter().flatten() {
            members.push(super::members::asked_member(entry)?);
        }
        let creator = actor.user_id.clone().filter(|user| members.iter().all(|member| member.user_id != *user));
        members.extend(creator.map(super::members::AskedMember::admin));
        asked.entry("blocked").or_insert(Value::Bool(false));
        let stored = self.make(actor, RecordId::team(&id), (&forms::TEAM, &asked), now).await?;
        for (position, member) in members.into_iter().enumerate() {
            self.store_member(&actor.over_new_team(&id), &id, &member, (position, now)).await?;
        }
        Ok(render::team(&stored, &self.records.members(&id).await?).into())
    }

    /// One team with its keys and members: that of the parameter `team_id`.
    ///
    /// # Errors
    /// [`AdminError::Missing`].
    pub async fn team_info(&self, actor: &Actor, params: &Params) -> Result<Value, AdminError> {
        let id = params.text("team_id").ok_or_else(|| Problem::missing(&["query", "team_id"]))?;
        check_sees_team(actor, id)?;
        let stored = self.find(&RecordId::team(id)).await?;
        let members = self.records.members(id).await?;
        let keys = self.team_keys(actor, id).await?;
        let memberships = self.memberships(id, seen_by(actor, id, &members).as_slice(), true).await?;
        let keys: Vec<_> = keys.iter().map(|key| render::key_of(key, None)).collect();
        let info = render::team_info(&stored, &members);
        Ok(json!({"team_id": id, "team_info": info, "keys": keys, "team_memberships": memberships}))
    }

    /// All teams that the caller may see; those of `user_id` or `organization_id` where the parameters say so.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_teams(&self, actor: &Actor, params: &Params) -> Result<Value, AdminError> {
        let mut shown = Vec::new();
        for stored in self.teams(actor, params).await? {
            let id = stored.record.id.name();
            let members = self.records.members(id).await?;
            let keys = self.team_keys(actor, id).await?;
            let mut team = render::team(&stored, &members);
            let seen = seen_by(actor, id, &members);
            team.insert("team_memberships".to_owned(), self.memberships(id, &seen, false).await?.into());
            team.insert("keys".to_owned(), keys.iter().map(|key| render::key_of(key, None)).collect());
            shown.push(Value::Object(team));
        }
        Ok(shown.into())
    }

    /// Teams that the caller may see, page by page, newest first.
    ///
    /// # Errors
    /// [`AdminError::Form`] for a page or a size that cannot be.
    pub async fn list_teams_page(&self, actor: &Actor, params: &Params) -> Result<Value, AdminError> {
        let page = params.number("page", 1, 1..=1 << 32)?;
        let size = params.number("page_size", 10, 1..=100)?;
        let mut teams = self.teams(actor, params).await?;
        let wanted = params.text("team_id");
        teams.retain(|team| wanted.is_none_or(|id| team.record.id.name() == id));
        let alias = params.text("team_alias").map(str::to_lowercase);
        let named = |team: &StoredRecord, alias: &str| {
            team.record.alias.as_deref().is_some_and(|name| name.to_lowercase().contains(alias))
        };
        teams.retain(|team| alias.as_deref().is_none_or(|alias| named(team, alias)));
        let (compare, direction) = order(params, &COLUMNS)?;
        teams.sort_by(|a, b| direction.of(compare(a, b)));
        let mut shown = Vec::new();
        for stored in paged(&teams, page, size) {
            let id = stored.record.id.name();
            let members = self.records.members(id).await?;
            let own = KeyFilter { team_id: Some(id.to_owned()), ..KeyFilter::default() };
            let keys = self.keys.keys.list(&own).await?;
            let mut team = render::team(stored, &members);
            team.insert("members_count".to_owned(), members.len().into());
            team.insert("keys_count".to_owned(), keys.len().into());
            for field in ["access_group_models", "access_group_mcp_server_ids", "access_group_agent_ids"] {
                team.insert(field.to_owned(), Value::Null);
            }
            shown.push(Value::Object(team));
        }
        let total = teams.len() as u64;
        let pages = total.div_ceil(size);
        Ok(json!({"teams": shown, "total": total, "page": page, "page_size": size, "total_pages": pages}))
    }

    /// Changes what the body names of a team: that of the path (`named`), else of its `team_id`.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Missing`], [`AdminError::Busy`].
    pub async fn update_team(
        &self,
        actor: &Actor,
        named: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let asked = forms::TEAM.read(body)?;
        let id = if named.is_empty() { required_id(&asked, "team_id")? } else { named };
        let change = |record: &mut Record| forms::TEAM.apply(&asked, record, now);
        let stored = self.change(actor, &RecordId::team(id), now, change).await?;
        Ok(json!({"team_id": id, "data": self.team_record(&stored).await?}))
    }

    /// Deletes teams with their members and their keys. Repeating it after a failure finishes what was begun.
    ///
    /// # Errors
    /// [`AdminError::Missing`] names the first team that is not there; nothing is deleted then.
    pub async fn delete_teams(&self, actor: &Actor, body: &[u8]) -> Result<Value, AdminError> {
        let ids = forms::required_ids(body, "team_ids")?;
        for id in &ids {
            check_team(actor, id)?;
            self.find(&RecordId::team(id)).await?;
        }
        for id in &ids {
            // Keys first: no key ever stands there without the team that limits it.
            for key in self.keys_of(&KeyFilter { team_id: Some(id.clone()), ..KeyFilter::default() }).await? {
                self.keys.remove(&key.record.hash).await?;
            }
            for member in self.records.members(id).await? {
                match self.records.remove_member(&member).await {
                    Ok(()) | Err(RecordStoreError::NotFound) => self.changed(&member.id),
                    Err(error) => return Err(error.into()),
                }
            }
            self.remove(&RecordId::team(id)).await?;
        }
        Ok(json!({"deleted_teams": ids}))
    }

    /// Blocks or unblocks a team: every key of it is refused, or let in again.
    ///
    /// # Errors
    /// [`AdminError::Missing`].
    pub async fn block_team(
        &self,
        actor: &Actor,
        body: &[u8],
        blocked: bool,
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let asked = forms::TEAM.read(body)?;
        let stored = self.set_blocked(actor, &RecordId::team(required_id(&asked, "team_id")?), blocked, now).await?;
        Ok(self.team_record(&stored).await?.into())
    }

    /// Adds models to those of a team, or takes some away.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Missing`].
    pub async fn change_team_models(
        &self,
        actor: &Actor,
        body: &[u8],
        add: bool,
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let asked = body::read(body, MODELS)?;
        let id = required_id(&asked, "team_id")?;
        let models =
            asked.get("models").and_then(Value::as_array).ok_or_else(|| Problem::missing(&["body", "models"]))?;
        let named: Vec<&str> = models.iter().filter_map(Value::as_str).collect();
        let change = |record: &mut Record| {
            record.models.retain(|model| !named.contains(&model.as_str()));
            if add {
                record.models.extend(named.iter().map(|&model| model.to_owned()));
                record.models.sort_unstable();
            }
            Ok(())
        };
        let stored = self.change(actor, &RecordId::team(id), now, change).await?;
        Ok(self.team_record(&stored).await?.into())
    }

    /// A team as most answers show it.
    pub(super) async fn team_record(&self, stored: &StoredRecord) -> Result<Map<String, Value>, AdminError> {
        let mut team = render::team(stored, &self.records.members(stored.record.id.name()).await?);
        team.insert("litellm_organization_table".to_owned(), Value::Null);
        team.insert("projects".to_owned(), Value::Null);
        Ok(team)
    }

    /// The keys of a team; to a member its own.
    async fn team_keys(&self, actor: &Actor, team: &str) -> Result<Vec<StoredKey>, AdminError> {
        let mut keys = self.keys_of(&KeyFilter { team_id: Some(team.to_owned()), ..KeyFilter::default() }).await?;
        keys.retain(|key| actor.scope().changes_team(team) || actor.owns(&key.record));
        Ok(keys)
    }

    async fn teams(&self, actor: &Actor, params: &Params) -> Result<Vec<StoredRecord>, AdminError> {
        let mut teams = self.all(RecordKind::Team).await?;
        teams.retain(|team| actor.scope().sees_team(team.record.id.name()));
        if let Some(user) = params.text("user_id") {
            let ids = self.records.teams_of(user).await?;
            teams.retain(|team| ids.iter().any(|id| id == team.record.id.name()));
        }
        let organization = params.text("organization_id");
        teams.retain(|team| organization.is_none_or(|id| team.record.text("organization_id") == Some(id)));
        Ok(teams)
    }
}

/// The members whose limits and spend the caller may see: to a member its own.
fn seen_by(actor: &Actor, team: &str, members: &[Record]) -> Vec<Record> {
    let mut seen = members.to_vec();
    seen.retain(|member| actor.scope().changes_team(team) || actor.is_user(member.id.name()));
    seen
}
