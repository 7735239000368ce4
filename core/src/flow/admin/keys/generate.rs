//! `POST /key/generate`: a new key. The answer is the only place where the key itself is ever seen.

use super::fields;
use super::key_admin::KeyAdmin;
use super::render;
use super::rights::{MadeFor, confine};
use crate::auth::key_record::KeyRecord;
use crate::auth::records::{RecordId, RecordKind};
use crate::auth::rights::Actor;
use crate::clock::{Random, Timestamp};
use crate::crypto::key_hash::{self, KEY_BYTES_MIN, KEY_PREFIX};
use crate::flow::admin::body;
use crate::flow::admin::error::{AdminError, Problem};
use crate::money::NanoDollars;
use crate::secret::Secret;
use serde_json::{Map, Value};
use uuid::Builder;

impl KeyAdmin {
    /// Makes a key as the body asks.
    ///
    /// # Errors
    /// [`AdminError::Form`] and the other mistakes of a body; [`AdminError::AliasTaken`], [`AdminError::KeyTaken`].
    pub async fn generate(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        self.generate_as(actor, MadeFor::Person, &body::read(body, fields::FIELDS)?, now).await
    }

    async fn generate_as(
        &self,
        actor: &Actor,
        made_for: MadeFor,
        asked: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let mut asked = asked.clone();
        self.rules.fill(&mut asked);
        self.rules.check_ceilings(&asked, now)?;
        let asked = &asked;
        let key = self.chosen_or_new_key(asked.get("key"))?;
        let spent = fields::amount(asked, "spend")?.unwrap_or(NanoDollars::ZERO);
        let name = key_hash::abbreviate(key.expose());
        let mut record = KeyRecord::new(key_hash::hash(key.expose()), name, now, actor.user_id.as_deref());
        record.key_type = Some("default".to_owned());
        fields::apply(asked, &mut record, now)?;
        self.check_rotation(&record)?;
        self.rules.check_maker(actor, asked, &record)?;
        self.check_new(actor, asked, (&mut record, made_for)).await?;
        if let Some(id) = record.limits.budget_id.as_deref() {
            self.check_budget(id).await?;
        }
        if record.limits.soft_budget.is_some() && record.limits.budget_id.is_none() {
            record.limits.budget_id = Some(new_budget_id(self.random.as_ref())?);
        }
        self.keys.create(&record, spent).await?;
        self.cache.invalidate(&record.hash);
        self.store(&record, &key).await?;
        Ok(render::generated(&record, key.expose(), spent))
    }

    /// Makes a key for a team's service account: it belongs to the team and to no user.
    ///
    /// # Errors
    /// [`AdminError::Form`] where no team is named, [`AdminError::TeamNotFound`] where it is not there, else as
    /// [`KeyAdmin::generate`].
    pub async fn generate_for_service_account(
        &self,
        actor: &Actor,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let mut asked = body::read(body, fields::FIELDS)?;
        let Some(team) = asked.get("team_id").and_then(Value::as_str) else {
            return Err(Problem::missing(&["body", "team_id"]).into());
        };
        if self.records.record(&RecordId::of(RecordKind::Team, team)).await?.is_none() {
            return Err(AdminError::TeamNotFound);
        }
        asked.insert("user_id".to_owned(), Value::Null);
        self.generate_as(actor, MadeFor::Service, &asked, now).await
    }

    /// Makes the key that comes with a new user: the user's models, and no maker. Shown as it was generated.
    ///
    /// # Errors
    /// As [`KeyAdmin::generate`].
    pub(in crate::flow::admin) async fn generate_for_user(
        &self,
        actor: &Actor,
        user_id: &str,
        asked: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let key = key_hash::generate(self.random.as_ref())?;
        let name = key_hash::abbreviate(key.expose());
        let mut record = KeyRecord::new(key_hash::hash(key.expose()), name, now, None);
        let inherited = ["models", "key_alias", "duration"];
        let inherited = inherited.iter().filter_map(|name| Some(((*name).to_owned(), asked.get(*name)?.clone())));
        fields::apply(&inherited.collect(), &mut record, now)?;
        record.user_id = Some(user_id.to_owned());
        if !actor.is_unbounded() {
            confine(&mut record)?;
        }
        self.keys.create(&record, NanoDollars::ZERO).await?;
        self.store(&record, &key).await?;
        Ok(render::generated(&record, key.expose(), NanoDollars::ZERO))
    }

    /// The key that a request chooses, or a new one.
    pub(super) fn chosen_or_new_key(&self, chosen: Option<&Value>) -> Result<Secret, AdminError> {
        match chosen.and_then(Value::as_str) {
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
