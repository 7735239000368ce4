//! The whole configuration, section by section.

use super::budgets::{BudgetSetting, RecordDefaults};
use super::cache::CacheSettings;
use super::credential::ConfiguredCredential;
use super::deployment::ModelEntry;
use super::environment::Environment;
use super::failing::FailingSettings;
use super::health::HealthSettings;
use super::key_management::{KeyManagementSettings, KeyManagementSystem, SecretManagerSettings, optional_system};
use super::lenient;
use super::routing::RoutingSettings;
use super::tls::TlsParams;
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
    /// `credential_list`.
    pub credentials: Vec<ConfiguredCredential>,
    /// `general_settings`.
    pub general: GeneralSettings,
    /// `litellm_settings`.
    pub litellm: LitellmSettings,
    /// `router_settings`, as far as they say which deployment answers.
    pub routing: RoutingSettings,
    /// `general_settings`, as far as they say how deployments are probed.
    pub health: HealthSettings,
    /// What becomes of calls that fail, of both `router_settings` and `litellm_settings`.
    pub failing: FailingSettings,
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
    /// Seconds that work which is ready may wait for `postern` before new calls are refused.
    #[serde(deserialize_with = "lenient::seconds")]
    pub max_scheduling_delay: Option<f64>,
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
    /// Hosts beyond those of the public internet at which files of clients may stand, as addresses name them: `host` or
    /// `host:port`.
    pub user_url_allowed_hosts: Vec<String>,
    /// Whether hosts of files that clients name are checked; they are where nothing is said.
    #[serde(deserialize_with = "lenient::optional_flag")]
    pub user_url_validation: Option<bool>,
    /// The form in which values at rest are sealed where neither a key service nor a key file is named:
    /// `xsalsa20-poly1305` or `aes-256-gcm`.
    #[serde(rename = "encryption_algorithm", deserialize_with = "lenient::is_aes_gcm")]
    pub seals_with_aes_gcm: bool,
    /// Whether requests and answers are kept with their spend rows: sealed, or not at all.
    #[serde(deserialize_with = "lenient::flag")]
    pub store_prompts_in_spend_logs: bool,
    /// Whether models stand in the table too, beside those of the file. `STORE_MODEL_IN_DB` where the file says nothing.
    #[serde(deserialize_with = "lenient::optional_flag")]
    pub store_model_in_db: Option<bool>,
    /// Asks for debug logs. Read [`LitellmSettings::set_verbose`], where every spelling of this ends.
    #[serde(deserialize_with = "lenient::flag")]
    pub(super) detailed_debug: bool,
    /// The secret manager. Read [`GeneralSettings::key_management`], where every spelling of this ends.
    #[serde(deserialize_with = "optional_system")]
    pub(super) key_management_system: Option<KeyManagementSystem>,
    /// What it is for.
    pub(super) key_management_settings: KeyManagementSettings,
    /// Another spelling of both.
    pub(super) secret_manager: SecretManagerSettings,
    /// Another spelling of Google Cloud KMS.
    #[serde(deserialize_with = "lenient::flag")]
    pub(super) use_google_kms: bool,
    /// Another spelling of Azure Key Vault.
    #[serde(deserialize_with = "lenient::flag")]
    pub(super) use_azure_key_vault: bool,
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
            max_scheduling_delay: None,
            max_queue_size: None,
            max_queue_wait: None,
            default_priority: None,
            budget_mode: None,
            budget_policy: None,
            reserve_output_tokens: None,
            user_url_allowed_hosts: Vec::new(),
            user_url_validation: None,
            seals_with_aes_gcm: false,
            store_prompts_in_spend_logs: false,
            store_model_in_db: None,
            detailed_debug: false,
            key_management_system: None,
            key_management_settings: KeyManagementSettings::default(),
            secret_manager: SecretManagerSettings::default(),
            use_google_kms: false,
            use_azure_key_vault: false,
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
    /// Hosts beyond those of the public internet at which files of clients may stand, as addresses name them: `host` or
    /// `host:port`.
    pub user_url_allowed_hosts: Vec<String>,
    /// Whether hosts of files that clients name are checked; they are where nothing is said.
    #[serde(deserialize_with = "lenient::optional_flag")]
    pub user_url_validation: Option<bool>,
    /// Budgets of tags, by tag.
    pub tag_budget_config: BTreeMap<String, BudgetSetting>,
    /// Whether answers are kept to be given again.
    #[serde(rename = "cache", deserialize_with = "lenient::flag")]
    pub is_cached: bool,
    /// How, where they are: `cache_params`, and what `router_settings` says of it.
    #[serde(skip)]
    pub cache: Option<CacheSettings>,
    /// What requests may say of the cache, where their key does not decide it; `None`: everything. Empty: nothing is kept.
    #[serde(skip)]
    pub allowed_cache_controls: Option<Vec<String>>,
    /// How TLS towards upstreams is to be, where neither a deployment nor a variable says.
    #[serde(flatten)]
    pub tls: TlsParams,
    /// Whether upstreams are connected to by IPv4 only.
    #[serde(deserialize_with = "lenient::flag")]
    pub force_ipv4: bool,
    /// Asks for the proxies of the environment, whatever `disable_aiohttp_trust_env` says.
    #[serde(deserialize_with = "lenient::flag")]
    pub aiohttp_trust_env: bool,
    /// The proxies of the environment are not used.
    #[serde(deserialize_with = "lenient::flag")]
    pub disable_aiohttp_trust_env: bool,
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
    /// Whether answers are kept: as `litellm_settings.cache`.
    #[serde(deserialize_with = "lenient::flag")]
    pub cache_responses: bool,
    /// What requests may say of the cache, where their key does not decide it.
    pub allowed_cache_controls: Option<Vec<String>>,
}
