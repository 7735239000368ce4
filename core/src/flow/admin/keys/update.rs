//! `POST /key/update`: changes what the body names, and nothing else.

use super::fields;
use super::generate::new_budget_id;
use super::key_admin::KeyAdmin;
use super::render;
use crate::auth::key_record::StoredKey;
use crate::auth::key_store::KeyStoreError;
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::body;
use crate::flow::admin::error::{AdminError, Problem};
use serde_json::{Map, Value};

/// Most times an update is tried that meets another of the same key.
pub(super) const ATTEMPTS_MAX: u32 = 16;

impl KeyAdmin {
    /// Changes a key, found by `key` (the key or its hash) or else by `key_alias`.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::KeyNotInDatabase`], [`AdminError::AliasTaken`], [`AdminError::Busy`].
    pub async fn update(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, fields::FIELDS)?;
        let after = self.update_as(actor, &asked, now).await?;
        let named = asked.get("key").and_then(Value::as_str).filter(|text| !text.is_empty());
        let mut shown = Map::new();
        shown.insert("key".to_owned(), named.unwrap_or(after.record.hash.as_str()).into());
        shown.extend(render::record(&after, false));
        Ok(Value::Object(shown))
    }

    /// Changes a key as checked fields ask for.
    pub(super) async fn update_as(
        &self,
        actor: &Actor,
        asked: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<StoredKey, AdminError> {
        let text = |name: &str| asked.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (key, alias) = (text("key"), text("key_alias"));
        if key.is_none() && alias.is_none() {
            return Err(Problem::rule("either key or key_alias must be provided").into());
        }
        for _ in 0..ATTEMPTS_MAX {
            let Some(before) = self.find(key, alias).await? else { return Err(AdminError::KeyNotInDatabase) };
            match self.change(actor, asked, &before, now).await {
                Err(AdminError::Busy) => {}
                done => return done,
            }
        }
        Err(AdminError::Busy)
    }

    async fn change(
        &self,
        actor: &Actor,
        asked: &Map<String, Value>,
        before: &StoredKey,
        now: Timestamp,
    ) -> Result<StoredKey, AdminError> {
        let mut after = before.clone();
        fields::apply(asked, &mut after.record, now)?;
        self.check_rotation(&after.record)?;
        self.rules.check_ceilings(asked, now)?;
        self.check_change(actor, asked, (&before.record, &after.record)).await?;
        if let Some(id) = asked.get("budget_id").and_then(Value::as_str) {
            self.check_budget(id).await?;
        }
        let spend = fields::amount(asked, "spend")?;
        if after.record.limits.soft_budget.is_some() && after.record.limits.budget_id.is_none() {
            after.record.limits.budget_id = Some(new_budget_id(self.random.as_ref())?);
        }
        after.record.updated_at = now;
        after.record.updated_by = actor.user_id.clone();
        after.record.settings_updated_at = Some(now);
        self.keys.update(&before.record, &after.record).await.map_err(|error| match error {
            KeyStoreError::Changed => AdminError::Busy,
            other => other.into(),
        })?;
        if let Some(spend) = spend {
            after.totals = self.keys.adjust_spend(&after.record.hash, spend - before.totals.spend()).await?;
        }
        self.cache.invalidate(&after.record.hash);
        Ok(after)
    }
}
