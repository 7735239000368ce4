//! What administrators do with the cache: ask whether it answers, remove entries, empty it, and see how it is set.

use crate::cache::answers::{CacheError, RedisInfo};
use crate::cache::key::is_key;
use crate::cache::shelf::Shelf;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Longest wait for a cache that an administrator asks for something.
const WAIT: Duration = Duration::from_secs(10);
/// Most keys in one request.
const KEYS_MAX: usize = 1_000;

/// The cache, as administrators see it.
#[derive(Clone)]
pub struct CacheAdmin {
    /// `None`: no answers are kept.
    pub shelf: Option<Arc<Shelf>>,
}

/// Why an administrator's request was not done.
#[derive(Debug, thiserror::Error)]
pub enum CacheAdminError {
    /// There is no cache.
    #[error("Cache not initialized: no answers are kept. Set `litellm_settings.cache: true` and `cache_params`.")]
    Off,
    /// The body is not what it should be.
    #[error("'keys' must be a list of 1 to {KEYS_MAX} keys, as answers give them in 'x-litellm-cache-key'")]
    Keys,
    /// The cache is no Redis.
    #[error("Cache type {0} is no Redis and has no such figures.")]
    NoRedis(&'static str),
    /// Settings are not changed here.
    #[error("The cache is set in the configuration: change `litellm_settings.cache_params` and start anew.")]
    Fixed,
    /// The cache does not answer.
    #[error("Service Unhealthy: {0}")]
    Backend(#[from] CacheError),
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<String>,
}

impl CacheAdmin {
    fn shelf(&self) -> Result<&Shelf, CacheAdminError> {
        self.shelf.as_deref().ok_or(CacheAdminError::Off)
    }

    /// Whether the cache answers, and keeps what it is given.
    ///
    /// # Errors
    /// [`CacheAdminError`].
    pub async fn ping(&self) -> Result<Value, CacheAdminError> {
        let shelf = self.shelf()?;
        let probe = "0".repeat(64);
        in_time(async {
            shelf.answers.ping().await?;
            shelf.answers.put(&probe, Bytes::from_static(b"ping"), Duration::from_secs(1)).await?;
            shelf.answers.delete(&probe).await
        })
        .await?;
        Ok(json!({
            "status": "healthy",
            "cache_type": shelf.rules.kind,
            "ping_response": true,
            "set_cache_response": "success",
            "litellm_cache_params": Value::from(settings(shelf).to_string()),
            "health_check_cache_params": {},
        }))
    }

    /// Removes entries.
    ///
    /// # Errors
    /// [`CacheAdminError`].
    pub async fn delete(&self, body: &[u8]) -> Result<Value, CacheAdminError> {
        let shelf = self.shelf()?;
        let Keys { keys } = serde_json::from_slice(body).map_err(|_| CacheAdminError::Keys)?;
        if keys.is_empty() || keys.len() > KEYS_MAX || !keys.iter().all(|key| is_key(key)) {
            return Err(CacheAdminError::Keys);
        }
        for key in &keys {
            in_time(shelf.answers.delete(key)).await?;
        }
        Ok(json!({"status": "success"}))
    }

    /// Removes what this gateway keeps, and nothing else. Where there is a lot, another call goes on.
    ///
    /// # Errors
    /// [`CacheAdminError`].
    pub async fn flush(&self) -> Result<Value, CacheAdminError> {
        let flushed = in_time(self.shelf()?.answers.flush()).await?;
        Ok(json!({"status": "success", "removed": flushed.removed, "finished": flushed.finished}))
    }

    /// What a Redis says of itself.
    ///
    /// # Errors
    /// [`CacheAdminError`].
    pub async fn redis_info(&self) -> Result<Value, CacheAdminError> {
        let shelf = self.shelf()?;
        let Some(RedisInfo { info, clients }) = in_time(shelf.answers.redis_info()).await? else {
            return Err(CacheAdminError::NoRedis(shelf.rules.kind));
        };
        let info: Map<String, Value> = info.into_iter().map(|(name, value)| (name, value.into())).collect();
        let clients: Vec<Value> = clients.iter().map(|line| client(line)).collect();
        Ok(json!({"num_clients": clients.len(), "clients": clients, "info": info}))
    }

    /// How the cache is set.
    pub fn settings(&self) -> Value {
        let current = self.shelf.as_deref().map_or_else(|| json!({}), settings);
        let field = |(name, value): (&String, &Value)| json!({"field_name": name, "field_value": value});
        let fields: Vec<Value> = current.as_object().into_iter().flatten().map(field).collect();
        json!({"fields": fields, "current_values": current})
    }
}

/// What is said of a client: `name=value`, word by word.
fn client(line: &str) -> Value {
    let pairs = line.split(' ').filter_map(|word| word.split_once('='));
    Value::Object(pairs.map(|(name, value)| (name.to_owned(), Value::from(value))).collect())
}

/// The rules, without where and as whom: that may be secret.
fn settings(shelf: &Shelf) -> Value {
    let rules = &shelf.rules;
    let semantic = shelf.semantic.as_ref().map(|semantic| &semantic.rules);
    let mut settings = json!({
        "type": rules.kind,
        "mode": if rules.is_on { "default_on" } else { "default_off" },
        "ttl": rules.ttl.as_secs_f64(),
        "namespace": rules.namespace,
        "supported_call_types": rules.call_types,
        "scope": format!("{:?}", rules.scope).to_ascii_lowercase(),
    });
    if let (Some(rules), Some(settings)) = (semantic, settings.as_object_mut()) {
        settings.insert("similarity_threshold".to_owned(), rules.threshold.into());
        settings.insert("semantic_cache_embedding_model".to_owned(), rules.model.as_str().into());
        settings.insert("semantic_cache_embedding_timeout".to_owned(), rules.wait.as_secs_f64().into());
    }
    settings
}

async fn in_time<T>(work: impl Future<Output = Result<T, CacheError>>) -> Result<T, CacheError> {
    timeout(WAIT, work).await.unwrap_or(Err(CacheError::Late))
}
