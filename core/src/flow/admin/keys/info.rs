//! `GET /key/info` and `POST /v2/key/info`: what is known of keys.

use super::key_admin::KeyAdmin;
use super::render;
use crate::auth::key_record::StoredKey;
use crate::auth::records::{RecordId, RecordKind};
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use crate::flow::admin::params::Params;
use crate::flow::admin::records;
use serde_json::{Map, Value, json};

/// Fields of the body that names several.
pub const FIELDS: &[Field] = &[("keys", Kind::TextList), ("key_aliases", Kind::TextList)];

impl KeyAdmin {
    /// One key: that of the parameter `key`, else the caller's own.
    ///
    /// # Errors
    /// [`AdminError::KeyNotInDatabase`]; [`AdminError::ForeignKey`] where a virtual key asks about another's.
    pub async fn info(&self, actor: &Actor, params: &Params, now: Timestamp) -> Result<Value, AdminError> {
        let own = actor.key.as_str();
        let key = params.text("key").unwrap_or(own);
        let stored = self.find(Some(key), None).await?.ok_or(AdminError::KeyNotInDatabase)?;
        if !actor.scope().sees_key(&stored.record) {
            return Err(AdminError::ForeignKey);
        }
        Ok(json!({ "key": key, "info": self.info_of(&stored, now).await? }))
    }

    /// Several keys; those that are not there, or not the caller's to see, are left out.
    ///
    /// # Errors
    /// [`AdminError::Form`].
    pub async fn info_of_many(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, FIELDS)?;
        let list = |field: &str| asked.get(field).and_then(Value::as_array);
        if list("keys").is_none() && list("key_aliases").is_none() {
            return Err(Problem::missing(&["body", "keys"]).into());
        }
        let mut infos = Vec::new();
        for (field, by_key) in [("keys", true), ("key_aliases", false)] {
            for name in list(field).into_iter().flatten().filter_map(Value::as_str) {
                let found = if by_key { self.find(Some(name), None) } else { self.find(None, Some(name)) };
                if let Some(stored) = found.await?.filter(|stored| actor.scope().sees_key(&stored.record)) {
                    infos.push(Value::Object(self.info_of(&stored, now).await?));
                }
            }
        }
        let keys: Vec<&Value> = list("keys").into_iter().chain(list("key_aliases")).flatten().collect();
        Ok(json!({ "key": keys, "info": infos }))
    }

    async fn info_of(&self, stored: &StoredKey, now: Timestamp) -> Result<Map<String, Value>, AdminError> {
        let mut info = render::record(stored, true);
        info.shift_remove("token");
        if let Some(id) = stored.record.limits.budget_id.as_deref() {
            let shared = self.records.record(&RecordId::of(RecordKind::Budget, id)).await?;
            info.extend(
                shared
                    .map(|shared| ("litellm_budget_table".to_owned(), Value::Object(records::render::budget(&shared)))),
            );
        }
        let status = match &stored.record {
            record if record.is_blocked() => "blocked",
            record if record.is_expired(now) => "expired",
            _ => "active",
        };
        info.insert("status".to_owned(), status.into());
        Ok(info)
    }
}
