//! The whole configuration, section by section.

use super::deployment::ModelEntry;
use super::environment::Environment;
use super::lenient;
use crate::secret::Secret;
use serde::Deserialize;

/// What the operator asked for, read and checked.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `model_list`, in the file's order.
    pub models: Vec<ModelEntry>,
    /// `general_settings`.
    pub general: GeneralSettings,
    /// `litellm_settings`.
    pub litellm: LitellmSettings,
}

/// Largest request body where the operator says nothing: 64 MiB, above what providers take with images in it.
const REQUEST_BODY_BYTES_MAX: usize = 64 << 20;

/// `general_settings`: the server and who may use it.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct GeneralSettings {
    /// The administrator's key. `LITELLM_MASTER_KEY` where the file has none.
    #[serde(deserialize_with = "lenient::secret")]
    pub master_key: Option<Secret>,
    /// Days that spend rows are kept; `None`: for ever.
    #[serde(rename = "maximum_spend_logs_retention_period", alias = "log_retention_days")]
    #[serde(deserialize_with = "lenient::days")]
    pub spend_log_retention_days: Option<u32>,
    /// Largest request body in bytes.
    #[serde(rename = "max_request_size_mb", deserialize_with = "lenient::megabytes")]
    pub request_body_bytes_max: usize,
    /// Whether calls whose limits cannot be checked, as the store is out of reach, are made all the same.
    #[serde(deserialize_with = "lenient::flag")]
    pub allow_requests_on_db_unavailable: bool,
    /// Asks for debug logs. Read [`LitellmSettings::set_verbose`], where every spelling of this ends.
    #[serde(deserialize_with = "lenient::flag")]
    pub(super) detailed_debug: bool,
}

impl GeneralSettings {
    /// Takes the master key from `LITELLM_MASTER_KEY` where the file has none.
    pub fn fill_master_key(&mut self, environment: &Environment) {
        if self.master_key.is_none() {
            self.master_key = environment.secret("LITELLM_MASTER_KEY");
        }
    }
}

impl Default for GeneralSettings {
    fn default() -> Self {
        Self {
            master_key: None,
            spend_log_retention_days: None,
            request_body_bytes_max: REQUEST_BODY_BYTES_MAX,
            allow_requests_on_db_unavailable: false,
            detailed_debug: false,
        }
    }
}

/// `litellm_settings`: behaviour of every call.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct LitellmSettings {
    /// Seconds for a whole call where the deployment says nothing. `router_settings.timeout` wins over it.
    #[serde(deserialize_with = "lenient::seconds")]
    pub request_timeout: Option<f64>,
    /// Logs as JSON lines.
    #[serde(deserialize_with = "lenient::flag")]
    pub json_logs: bool,
    /// Debug logs; also `router_settings.set_verbose` and `general_settings.detailed_debug`.
    #[serde(deserialize_with = "lenient::flag")]
    pub set_verbose: bool,
}

/// `router_settings`, as far as it is honoured. What it says ends in other sections, so nobody reads it twice.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RouterSettings {
    /// Seconds for a whole call.
    #[serde(deserialize_with = "lenient::seconds")]
    pub timeout: Option<f64>,
    /// Seconds between pieces of a stream, for deployments that say nothing.
    #[serde(deserialize_with = "lenient::seconds")]
    pub stream_timeout: Option<f64>,
    /// Debug logs.
    #[serde(deserialize_with = "lenient::flag")]
    pub set_verbose: bool,
    /// Leaves deployments out that cannot be called, instead of stopping the start.
    #[serde(deserialize_with = "lenient::flag")]
    pub ignore_invalid_deployments: bool,
}
