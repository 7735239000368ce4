//! `POST /key/{key}/regenerate` and `POST /key/regenerate`: another secret for the same key. Its record, spend and limits
//! stay, and so does its token. The secret before stops at once, or after `grace_period`.

use super::fields;
use super::key_admin::KeyAdmin;
use super::render;
use super::schedule::with_secret;
use super::update::ATTEMPTS_MAX;
use crate::auth::key_record::StoredKey;
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::duration::Duration;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use crate::secret::Secret;
use serde_json::{Map, Value};

/// Fields of the body beside those of a key.
pub const FIELDS: &[Field] = &[("new_key", Kind::Text), ("new_master_key", Kind::Text), ("grace_period", Kind::Text)];

impl KeyAdmin {
    /// Replaces the key that the path (`named`) or the body's `key` names, and changes what else the body asks for.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::KeyNotInDatabase`], [`AdminError::KeyTaken`], [`AdminError::Busy`].
    pub async fn regenerate(
        &self,
        actor: &Actor,
        named: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
        let asked = body::read(body, &[fields::FIELDS, FIELDS].concat())?;
        if asked.get("new_master_key").is_some_and(Value::is_string) {
            let reason = "the master key is set in the configuration; change it there";
            return Err(AdminError::Unsupported { field: "new_master_key", reason });
        }
        let named = Some(named).filter(|named| !named.is_empty()).or(asked.get("key").and_then(Value::as_str));
        let named = named.ok_or_else(|| Problem::missing(&["body", "key"]))?;
        let until = match asked.get("grace_period").and_then(Value::as_str).filter(|text| !text.is_empty()) {
            Some(text) => Some(Duration::parse(text)?.after(now)).filter(|until| *until > now),
            None => None,
        };
        let key = self.chosen_or_new_key(asked.get("new_key"))?;
        for _ in 0..ATTEMPTS_MAX {
            let before = self.find(Some(named), None).await?.ok_or(AdminError::KeyNotInDatabase)?;
            match self.replace(actor, &before, (&key, until), &asked, now).await {
                Err(AdminError::Busy) => {}
                done => return done,
            }
        }
        Err(AdminError::Busy)
    }

    async fn replace(
        &self,
        actor: &Actor,
        before: &StoredKey,
        (key, until): (&Secret, Option<Timestamp>),
        asked: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let mut after = before.record.clone();
        fields::apply(asked, &mut after, now)?;
        if let Some(id) = asked.get("budget_id").and_then(Value::as_str) {
            self.check_budget(id).await?;
        }
        self.check_rotation(&after)?;
        with_secret(&mut after, key, now);
        if after.presented() == before.record.presented() {
            return Err(AdminError::KeyTaken);
        }
        self.rules.check_ceilings(asked, now)?;
        self.check_change(actor, asked, (&before.record, &after)).await?;
        self.check_secret(actor, &after).await?;
        after.updated_by = actor.user_id.clone();
        self.swap_secret(&before.record, &after, key, until).await?;
        let mut totals = before.totals;
        if let Some(spend) = fields::amount(asked, "spend")? {
            totals = self.keys.adjust_spend(&after.hash, spend - before.totals.spend()).await?;
        }
        Ok(render::generated(&after, key.expose(), totals.spend()))
    }
}
