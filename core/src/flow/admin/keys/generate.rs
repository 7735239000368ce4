//! `POST /key/generate`: a new key. The answer is the only place where the key itself is ever seen.

use super::fields;
use super::key_admin::KeyAdmin;
use super::render;
use crate::auth::key_record::KeyRecord;
use crate::clock::{Random, Timestamp};
use crate::crypto::key_hash::{self, KEY_BYTES_MIN, KEY_PREFIX};
use crate::flow::admin::body;
use crate::flow::admin::error::{AdminError, Problem};
use crate::money::NanoDollars;
use crate::principal::Principal;
use crate::secret::Secret;
use serde_json::{Map, Value};
use uuid::Builder;

impl KeyAdmin {
    /// Makes a key as the body asks.
    ///
    /// # Errors
    /// [`AdminError::Form`] and the other mistakes of a body; [`AdminError::AliasTaken`], [`AdminError::KeyTaken`].
    pub async fn generate(&self, actor: &Principal, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, fields::FIELDS)?;
        let key = self.chosen_or_new_key(&asked)?;
        let spent = fields::amount(&asked, "spend")?.unwrap_or(NanoDollars::ZERO);
        let name = key_hash::abbreviate(key.expose());
        let mut record = KeyRecord::new(key_hash::hash(key.expose()), name, now, actor.user_id.as_deref());
        record.key_type = Some("default".to_owned());
        fields::apply(&asked, &mut record, now)?;
        if record.soft_budget.is_some() && record.budget_id.is_none() {
            record.budget_id = Some(new_budget_id(self.random.as_ref())?);
        }
        self.keys.create(&record, spent).await?;
        self.cache.invalidate(&record.hash);
        Ok(render::generated(&record, key.expose(), spent))
    }

    /// Makes a key for a team's service account. There are no teams yet, so that none is found.
    ///
    /// # Errors
    /// [`AdminError::Form`] where no team is named, else [`AdminError::TeamNotFound`].
    pub fn generate_for_service_account(&self, body: &[u8]) -> Result<Value, AdminError> {
        let asked = body::read(body, fields::FIELDS)?;
        match asked.get("team_id").and_then(Value::as_str) {
            Some(_) => Err(AdminError::TeamNotFound),
            None => Err(Problem::missing(&["body", "team_id"]).into()),
        }
    }

    fn chosen_or_new_key(&self, asked: &Map<String, Value>) -> Result<Secret, AdminError> {
        match asked.get("key").and_then(Value::as_str) {
            Some(key) if !key.starts_with(KEY_PREFIX) => Err(AdminError::KeyPrefix),
            Some(key) if key.len() < KEY_BYTES_MIN => Err(AdminError::KeyTooShort { bytes_min: KEY_BYTES_MIN }),
            Some(key) => Ok(Secret::new(key)),
            None => Ok(key_hash::generate(self.random.as_ref())?),
        }
    }
}

pub(super) fn new_budget_id(random: &dyn Random) -> Result<String, AdminError> {
    let mut bytes = [0; 16];
    random.fill(&mut bytes)?;
    Ok(Builder::from_random_bytes(bytes).into_uuid().to_string())
}
