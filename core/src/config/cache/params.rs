//! `cache_params`, as they are written.

use super::super::lenient;
use crate::secret::Secret;
use serde::Deserialize;
use serde_json::Value;

/// What may stand in `cache_params`. Which of it counts depends on `type`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CacheParams {
    #[serde(rename = "type", deserialize_with = "lenient::optional_text")]
    pub kind: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub mode: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub scope: Option<String>,
    #[serde(deserialize_with = "lenient::optional_flag")]
    pub sealed: Option<bool>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub namespace: Option<String>,
    #[serde(deserialize_with = "lenient::seconds")]
    pub ttl: Option<f64>,
    #[serde(deserialize_with = "lenient::seconds")]
    pub default_in_memory_ttl: Option<f64>,
    #[serde(deserialize_with = "lenient::seconds")]
    pub default_in_redis_ttl: Option<f64>,
    pub supported_call_types: Option<Vec<String>>,
    #[serde(deserialize_with = "lenient::amount")]
    pub similarity_threshold: Option<f64>,
    #[serde(
        alias = "redis_semantic_cache_embedding_model",
        alias = "valkey_semantic_cache_embedding_model",
        deserialize_with = "lenient::optional_text"
    )]
    pub semantic_cache_embedding_model: Option<String>,
    #[serde(deserialize_with = "lenient::seconds")]
    pub semantic_cache_embedding_timeout: Option<f64>,
    #[serde(alias = "valkey_semantic_cache_index_name", deserialize_with = "lenient::optional_text")]
    pub redis_semantic_cache_index_name: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub disk_cache_dir: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub host: Option<String>,
    #[serde(deserialize_with = "lenient::count")]
    pub port: Option<i64>,
    #[serde(deserialize_with = "lenient::secret")]
    pub url: Option<Secret>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub username: Option<String>,
    #[serde(deserialize_with = "lenient::secret")]
    pub password: Option<Secret>,
    #[serde(deserialize_with = "lenient::count")]
    pub db: Option<i64>,
    #[serde(deserialize_with = "lenient::optional_flag")]
    pub ssl: Option<bool>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub ssl_ca_certs: Option<String>,
    pub redis_startup_nodes: Option<Value>,
    pub sentinel_nodes: Option<Value>,
    #[serde(deserialize_with = "lenient::secret")]
    pub sentinel_password: Option<Secret>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub service_name: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub s3_bucket_name: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub s3_region_name: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub s3_endpoint_url: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub s3_aws_access_key_id: Option<String>,
    #[serde(deserialize_with = "lenient::secret")]
    pub s3_aws_secret_access_key: Option<Secret>,
    #[serde(deserialize_with = "lenient::secret")]
    pub s3_aws_session_token: Option<Secret>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub s3_path: Option<String>,
}
