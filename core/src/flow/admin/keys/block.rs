//! `POST /key/block` and `POST /key/unblock`: one field of the record, which no other operation writes back.

use super::key_admin::KeyAdmin;
use super::render;
use crate::auth::key_store::KeyStoreError;
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use serde_json::Value;

/// Fields of the body.
pub const FIELDS: &[Field] = &[("key", Kind::Text)];

impl KeyAdmin {
    /// Refuses a key from now on.
    ///
    /// # Errors
    /// [`AdminError::Form`], [`AdminError::KeyNotFound`].
    pub async fn block(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        self.set_blocked(actor, body, true, now).await
    }

    /// Lets a key in again.
    ///
    /// # Errors
    /// As [`KeyAdmin::block`].
    pub async fn unblock(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        self.set_blocked(actor, body, false, now).await
    }

    async fn set_blocked(
        &self,
        actor: &Actor,
        body: &[u8],
        blocked: bool,
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let asked = body::read(body, FIELDS)?;
        let Some(key) = asked.get("key").and_then(Value::as_str) else {
            return Err(Problem::missing(&["body", "key"]).into());
        };
        let record = self.find(Some(key), None).await?.ok_or(AdminError::KeyNotFound)?.record;
        self.check_oversees(actor, &record)?;
        let hash = record.hash;
        let done = self.keys.set_blocked(&hash, blocked, actor.user_id.as_deref(), now).await;
        // Also where the outcome is not known: the next request reads the truth.
        self.cache.invalidate(&hash);
        match done {
            Err(KeyStoreError::NotFound) => Err(AdminError::KeyNotFound),
            Err(error) => Err(error.into()),
            Ok(_) => {
                let stored = self.load(&hash).await?.ok_or(AdminError::KeyNotFound)?;
                Ok(Value::Object(render::record(&stored, false)))
            }
        }
    }
}
