//! `/organization/…`: what limits the teams and keys of an organization together.

use super::forms::{self, id_in, required_id, required_ids};
use super::record_admin::RecordAdmin;
use super::render;
use super::rights::check_organization;
use crate::auth::records::{Record, RecordId, RecordKind, StoredRecord};
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::error::{AdminError, Problem};
use crate::flow::admin::keys::fields;
use crate::flow::admin::params::Params;
use serde_json::Value;

impl RecordAdmin {
    /// Makes an organization.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Taken`].
    pub async fn new_organization(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = forms::ORGANIZATION.read(body)?;
        if asked.get("organization_alias").and_then(Value::as_str).is_none() {
            return Err(Problem::missing(&["body", "organization_alias"]).into());
        }
        let id = match id_in(&asked, "organization_id")? {
            Some(id) => id.to_owned(),
            None => self.new_id()?,
        };
        let stored = self.make(actor, organization_id(&id), (&forms::ORGANIZATION, &asked), now).await?;
        self.shown_organization(&stored).await
    }

    /// One organization with its teams: that of the parameter `organization_id`.
    ///
    /// # Errors
    /// [`AdminError::Missing`].
    pub async fn organization_info(&self, actor: &Actor, params: &Params) -> Result<Value, AdminError> {
        let id = params.text("organization_id").ok_or_else(|| Problem::missing(&["query", "organization_id"]))?;
        check_organization(actor, id)?;
        let stored = self.find(&organization_id(id)).await?;
        self.shown_organization(&stored).await
    }

    /// The body's `organizations` that are there.
    ///
    /// # Errors
    /// [`AdminError::Form`].
    pub async fn organizations_info(&self, actor: &Actor, body: &[u8]) -> Result<Value, AdminError> {
        let mut shown = Vec::new();
        for id in required_ids(body, "organizations")? {
            check_organization(actor, &id)?;
            if let Some(stored) = self.records.get(&organization_id(&id)).await? {
                shown.push(self.shown_organization(&stored).await?);
            }
        }
        Ok(shown.into())
    }

    /// All organizations that the caller may see.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_organizations(&self, actor: &Actor) -> Result<Value, AdminError> {
        let mut shown = Vec::new();
        let all = self.all(RecordKind::Organization).await?;
        for stored in all.iter().filter(|stored| actor.scope().reaches_organization(stored.record.id.name())) {
            shown.push(self.shown_organization(stored).await?);
        }
        Ok(shown.into())
    }

    /// Changes what the body names of an organization.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Missing`].
    pub async fn update_organization(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = forms::ORGANIZATION.read(body)?;
        let id = organization_id(required_id(&asked, "organization_id")?);
        let change = |record: &mut Record| forms::ORGANIZATION.apply(&asked, record, now);
        let mut stored = self.change(actor, &id, now, change).await?;
        if let Some(spend) = fields::amount(&asked, "spend")? {
            stored.totals = self.records.adjust_spend(&id, spend - stored.totals.spend()).await?;
        }
        self.shown_organization(&stored).await
    }

    /// Deletes organizations. Their teams and keys stay, and are no longer limited by them.
    ///
    /// # Errors
    /// [`AdminError::Missing`] names the first that is not there; nothing is deleted then.
    pub async fn delete_organizations(&self, body: &[u8]) -> Result<Value, AdminError> {
        let ids = required_ids(body, "organization_ids")?;
        let mut shown = Vec::new();
        for id in &ids {
            let stored = self.find(&organization_id(id)).await?;
            shown.push(self.shown_organization(&stored).await?);
        }
        for id in &ids {
            self.clear_organization(id).await?;
            self.remove(&organization_id(id)).await?;
        }
        Ok(shown.into())
    }

    async fn shown_organization(&self, stored: &StoredRecord) -> Result<Value, AdminError> {
        let name = stored.record.id.name();
        let mut teams = Vec::new();
        for listing in self.records.list(RecordKind::Team).await? {
            if listing.organization_id.as_deref() == Some(name)
                && let Some(team) = self.records.get(&listing.id(RecordKind::Team)).await?
            {
                teams.push(Value::Object(self.team_record(&team).await?));
            }
        }
        let shared = match stored.record.limits.budget_id.as_deref() {
            Some(id) => self.records.record(&RecordId::of(RecordKind::Budget, id)).await?,
            None => None,
        };
        let members = self.organization_members(name).await?;
        Ok(render::organization(stored, shared.as_ref(), (members, teams)))
    }
}

fn organization_id(id: &str) -> RecordId {
    RecordId::of(RecordKind::Organization, id)
}
