//! `POST /key/bulk_update`: many keys, each by itself: one that cannot be changed does not keep the others from it.

use super::fields;
use super::key_admin::KeyAdmin;
use super::render;
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use serde_json::{Value, json};

/// Most keys in one request.
const KEYS_MAX: usize = 500;

/// Fields of the body.
pub const FIELDS: &[Field] = &[("keys", Kind::List)];

impl KeyAdmin {
    /// Changes each of the body's `keys` as `/key/update` would, and says of each what came of it.
    ///
    /// # Errors
    /// [`AdminError::Form`] where there are none, or more than 500. What is wrong with one key is part of the answer.
    pub async fn bulk_update(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, FIELDS)?;
        let keys = asked.get("keys").and_then(Value::as_array).ok_or_else(|| Problem::missing(&["body", "keys"]))?;
        if keys.is_empty() {
            return Err(AdminError::Refused("No keys provided for update".to_owned()));
        }
        if keys.len() > KEYS_MAX {
            let message = format!("Maximum {KEYS_MAX} keys can be updated at once. Found {} keys.", keys.len());
            return Err(AdminError::Refused(message));
        }
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        for entry in keys {
            let named = entry.get("key").and_then(Value::as_str).unwrap_or_default();
            match self.update_entry(actor, entry, now).await {
                Ok(info) => done.push(json!({"key": named, "key_info": info})),
                Err(error) => failed.push(json!({"key": named, "key_info": null, "failed_reason": error.told()})),
            }
        }
        Ok(json!({"total_requested": keys.len(), "successful_updates": done, "failed_updates": failed}))
    }

    async fn update_entry(&self, actor: &Actor, entry: &Value, now: Timestamp) -> Result<Value, AdminError> {
        // A map of JSON always serialises.
        let asked = body::read(&serde_json::to_vec(entry).unwrap_or_default(), fields::FIELDS)?;
        if asked.get("key").and_then(Value::as_str).is_none() {
            return Err(Problem::missing(&["body", "keys", "key"]).into());
        }
        let after = self.update_as(actor, &asked, now).await?;
        let mut info = render::record(&after, false);
        info.shift_remove("token");
        Ok(Value::Object(info))
    }
}
