//! The whole configuration, section by section.

use super::deployment::ModelEntry;
use crate::secret::Secret;

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

/// `general_settings`: the server and who may use it.
#[derive(Clone, Debug, Default)]
pub struct GeneralSettings {
    /// The administrator's key. `LITELLM_MASTER_KEY` where the file has none.
    pub master_key: Option<Secret>,
    /// Days that spend rows are kept; `None`: for ever.
    pub spend_log_retention_days: Option<u32>,
    /// Largest request body in bytes.
    pub request_body_bytes_max: usize,
}

/// `litellm_settings`: behaviour of every call.
#[derive(Clone, Debug, Default)]
pub struct LitellmSettings {
    /// Seconds for a whole call where the deployment says nothing.
    pub request_timeout: Option<f64>,
}
