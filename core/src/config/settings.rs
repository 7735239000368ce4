//! The whole configuration, section by section.

use super::budgets::{BudgetSetting, RecordDefaults};
use super::cache::CacheSettings;
use super::cost_rules::{Discounts, Margins};
use super::credential::ConfiguredCredential;
use super::deployment::ModelEntry;
use super::failing::FailingSettings;
use super::general::GeneralSettings;
use super::guardrails::GuardrailEntry;
use super::health::HealthSettings;
use super::key_rules::{self, KeyGenerationSettings, KeyParams};
use super::lenient;
use super::pass_through::PassThroughEntry;
use super::routing::RoutingSettings;
use super::tls::TlsParams;
use crate::limits::BudgetPeriod;
use crate::money::NanoDollars;
use serde::Deserialize;
use serde_json::{Map, Value};
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
    /// `guardrails`, in the file's order.
    pub guardrails: Vec<GuardrailEntry>,
    /// `general_settings.pass_through_endpoints`, in the file's order.
    pub pass_through: Vec<PassThroughEntry>,
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
    /// What all calls together may cost in one period before the operator is told. In nano-dollars.
    #[serde(deserialize_with = "lenient::optional_budget")]
    pub soft_budget: Option<NanoDollars>,
    /// The period of `max_budget` and `soft_budget`.
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
    /// What a key may spend that is made for a browser's session. In nano-dollars.
    #[serde(deserialize_with = "lenient::optional_budget")]
    pub max_ui_session_budget: Option<NanoDollars>,
    /// Whether administrators' changes are recorded.
    pub store_audit_logs: Option<bool>,
    /// What new teams get where their maker says nothing.
    pub default_team_params: RecordDefaults,
    /// Who makes keys, and what a request for one must name.
    pub key_generation_settings: KeyGenerationSettings,
    /// What new keys get where their maker says nothing.
    pub default_key_generate_params: KeyParams,
    /// What no key may pass.
    #[serde(deserialize_with = "key_rules::ceilings")]
    pub upperbound_key_generate_params: Option<KeyParams>,
    /// Hosts beyond those of the public internet at which files of clients may stand, as addresses name them: `host` or
    /// `host:port`.
    pub user_url_allowed_hosts: Vec<String>,
    /// What is taken off the cost of calls before it is charged.
    pub cost_discount_config: Discounts,
    /// What is put on it.
    pub cost_margin_config: Margins,
    /// Public names of models that everybody may know of.
    pub public_model_groups: Vec<String>,
    /// Addresses that are shown beside them, by what they are called.
    pub public_model_groups_links: Map<String, Value>,
    /// Whether hosts of files that clients name are checked; they are where nothing is said.
    #[serde(deserialize_with = "lenient::optional_flag")]
    pub user_url_validation: Option<bool>,
    /// Budgets of tags, by tag.
    pub tag_budget_config: BTreeMap<String, BudgetSetting>,
    /// Budgets of model access groups, by group.
    pub access_group_budget_config: BTreeMap<String, BudgetSetting>,
    /// Whether what is spent is not told apart by end users.
    #[serde(deserialize_with = "lenient::flag")]
    pub disable_end_user_cost_tracking: bool,
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
    /// Requests a minute over all of the proxy.
    #[serde(deserialize_with = "lenient::count")]
    pub rpm_limit: Option<i64>,
    /// Tokens a minute over all of the proxy.
    #[serde(deserialize_with = "lenient::count")]
    pub tpm_limit: Option<i64>,
    /// Debug logs.
    #[serde(deserialize_with = "lenient::flag")]
    pub set_verbose: bool,
    /// How much is logged; `DEBUG` is as `set_verbose`.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub debug_level: Option<String>,
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
