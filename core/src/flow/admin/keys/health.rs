//! `POST /key/health`: whether the logging that a key asks for works.

use super::key_admin::KeyAdmin;
use crate::auth::rights::Actor;
use crate::flow::admin::error::AdminError;
use serde_json::{Value, json};

impl KeyAdmin {
    /// Whether the callbacks in the metadata of the caller's key can be reached. There are none yet that could be.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn health(&self, actor: &Actor) -> Result<Value, AdminError> {
        let stored = self.load(&actor.key).await?;
        let logging =
            stored.as_ref().and_then(|stored| stored.record.metadata.get("logging")).and_then(Value::as_array);
        let names: Vec<&Value> = logging.into_iter().flatten().filter_map(|entry| entry.get("callback_name")).collect();
        if names.is_empty() {
            return Ok(json!({"key": "healthy", "logging_callbacks": null}));
        }
        let callbacks = json!({
            "callbacks": names,
            "status": "unhealthy",
            "details": "Callbacks of a key are not called here. Take `logging` out of its metadata.",
        });
        Ok(json!({"key": "unhealthy", "logging_callbacks": callbacks}))
    }
}
