//! The whole configuration, section by section.

use super::budgets::{BudgetSetting, RecordDefaults};
use super::deployment::ModelEntry;
use super::environment::Environment;
use super::lenient;
use crate::limits::{BudgetMode, BudgetPeriod, BudgetPolicy};
use crate::money::NanoDollars;
use crate::secret::Secret;
use serde::Deserialize;
use std::collections::BTreeMap;

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
    /// Whether clients' own headers (`x-…`, `anthropic-beta`) go to the providers.
    #[serde(deserialize_with = "lenient::flag")]
    pub forward_client_headers_to_llm_api: bool,
    /// Most model calls in flight at once over all of the proxy.
    #[serde(deserialize_with = "lenient::count")]
    pub global_max_parallel_requests: Option<i64>,
    /// Most model calls in flight at once for each key that has no limit of its own.
    #[serde(deserialize_with = "lenient::count")]
    pub max_parallel_requests: Option<i64>,
    /// Most model calls that one process of `postern` takes on at once.
    #[serde(deserialize_with = "lenient::tokens")]
    pub max_calls_in_flight: Option<u64>,
    /// Most calls that wait in one process for a deployment with room. 0: none waits.
    #[serde(deserialize_with = "lenient::count")]
    pub max_queue_size: Option<i64>,
    /// Seconds that a call waits at most.
    #[serde(deserialize_with = "lenient::seconds")]
    pub max_queue_wait: Option<f64>,
    /// The priority of a call that says none, 0 to 255; 0 goes first. `router_settings.default_priority` ends here.
    #[serde(skip)]
    pub default_priority: Option<i64>,
    /// How much is set aside for a request where neither its key nor its team says: `balanced` or `strict`.
    #[serde(deserialize_with = "lenient::budget_mode")]
    pub budget_mode: Option<BudgetMode>,
    /// What happens to a request that a budget does not fully afford: `refuse` or `clamp`.
    #[serde(deserialize_with = "lenient::budget_policy")]
    pub budget_policy: Option<BudgetPolicy>,
    /// Output tokens that are set aside for an answer whose request names no cap.
    #[serde(deserialize_with = "lenient::tokens")]
    pub reserve_output_tokens: Option<u64>,
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
            forward_client_headers_to_llm_api: false,
            global_max_parallel_requests: None,
            max_parallel_requests: None,
            max_calls_in_flight: None,
            max_queue_size: None,
            max_queue_wait: None,
            default_priority: None,
            budget_mode: None,
            budget_policy: None,
            reserve_output_tokens: None,
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
    /// Parameters that a model does not take are dropped instead of refused, where the deployment says nothing.
    #[serde(deserialize_with = "lenient::flag")]
    pub drop_params: bool,
    /// Requests that a provider would refuse for their form are put right.
    #[serde(deserialize_with = "lenient::flag")]
    pub modify_params: bool,
    /// Logs as JSON lines.
    #[serde(deserialize_with = "lenient::flag")]
    pub json_logs: bool,
    /// Debug logs; also `router_settings.set_verbose` and `general_settings.detailed_debug`.
    #[serde(deserialize_with = "lenient::flag")]
    pub set_verbose: bool,
    /// The most that may be spent over all of the proxy in one period. In nano-dollars.
    #[serde(deserialize_with = "lenient::optional_budget")]
    pub max_budget: Option<NanoDollars>,
    /// The period of `max_budget`.
    #[serde(deserialize_with = "lenient::period")]
    pub budget_duration: Option<BudgetPeriod>,
    /// The budget of each end user who has no record. In nano-dollars.
    #[serde(deserialize_with = "lenient::optional_budget")]
    pub max_end_user_budget: Option<NanoDollars>,
    /// The shared budget whose limits each end user without a record gets for itself.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub max_end_user_budget_id: Option<String>,
    /// What new users get where their maker says nothing.
    pub default_internal_user_params: RecordDefaults,
    /// The budget of new users where neither their maker nor `default_internal_user_params` says one.
    #[serde(alias = "default_max_internal_user_budget", deserialize_with = "lenient::optional_budget")]
    pub max_internal_user_budget: Option<NanoDollars>,
    /// The period of `max_internal_user_budget`.
    #[serde(deserialize_with = "lenient::period")]
    pub internal_user_budget_duration: Option<BudgetPeriod>,
    /// What new teams get where their maker says nothing.
    pub default_team_params: RecordDefaults,
    /// Budgets of tags, by tag.
    pub tag_budget_config: BTreeMap<String, BudgetSetting>,
    /// Budgets of providers, by provider: `router_settings.provider_budget_config` ends here.
    #[serde(skip)]
    pub provider_budget_config: BTreeMap<String, BudgetSetting>,
}

impl LitellmSettings {
    /// What new users get where their maker says nothing, from wherever it is said.
    pub fn user_defaults(&self) -> RecordDefaults {
        let said = self.default_internal_user_params.clone();
        RecordDefaults {
            max_budget: said.max_budget.or(self.max_internal_user_budget),
            budget_duration: said.budget_duration.or_else(|| self.internal_user_budget_duration.clone()),
            ..said
        }
    }
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
    /// Most requests in flight of each deployment that says nothing.
    #[serde(deserialize_with = "lenient::count")]
    pub default_max_parallel_requests: Option<i64>,
    /// The priority of a call that says none.
    #[serde(deserialize_with = "lenient::count")]
    pub default_priority: Option<i64>,
    /// Debug logs.
    #[serde(deserialize_with = "lenient::flag")]
    pub set_verbose: bool,
    /// Leaves deployments out that cannot be called, instead of stopping the start.
    #[serde(deserialize_with = "lenient::flag")]
    pub ignore_invalid_deployments: bool,
    /// Budgets of providers, by provider.
    pub provider_budget_config: BTreeMap<String, BudgetSetting>,
}
