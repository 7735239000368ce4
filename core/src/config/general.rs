//! `general_settings`: the server and who may use it.

use super::custom_auth::CustomAuthSettings;
use super::environment::Environment;
use super::identity::JwtAuth;
use super::key_management::{KeyManagementSettings, KeyManagementSystem, SecretManagerSettings, optional_system};
use super::lenient;
use super::proxied::ProxiedSettings;
use super::required_fields::{self, RequiredFields};
use super::sso::SsoSettings;
use super::usual_models::UsualModels;
use crate::egress::network::Network;
use crate::limits::{BudgetMode, BudgetPolicy};
use crate::secret::Secret;
use serde::Deserialize;

/// Largest request body where the operator says nothing: 64 MiB, above what providers take with images in it.
const REQUEST_BODY_BYTES_MAX: usize = 64 << 20;

/// `general_settings`: the server and who may use it.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct GeneralSettings {
    /// The administrator's key. `LITELLM_MASTER_KEY` where the file has none.
    #[serde(deserialize_with = "lenient::secret")]
    pub master_key: Option<Secret>,
    /// Further keys that count as the administrator's, so that one can take the place of another.
    #[serde(deserialize_with = "lenient::secrets")]
    pub master_keys: Vec<Secret>,
    /// The header that a caller's key is looked for in before others. In lower case.
    #[serde(alias = "custom_key_header_name", deserialize_with = "lenient::header_name")]
    pub litellm_key_header_name: Option<String>,
    /// Whether tokens that an issuer signed are taken in place of keys.
    #[serde(deserialize_with = "lenient::flag")]
    pub enable_jwt_auth: bool,
    /// What such tokens mean.
    pub litellm_jwtauth: JwtAuth,
    /// Whether other tokens are taken too, about which their issuer is asked.
    #[serde(deserialize_with = "lenient::flag")]
    pub enable_oauth2_auth: bool,
    /// Who says who callers are, in place of an issuer.
    #[serde(flatten)]
    pub custom_auth: CustomAuthSettings,
    /// Whether callers are taken for whom a proxy in front says they are.
    #[serde(flatten)]
    pub proxied: ProxiedSettings,
    /// People who sign in with a browser.
    #[serde(flatten)]
    pub sso: SsoSettings,
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
    /// Whether a client's `OpenAI-Organization` goes to OpenAI.
    #[serde(deserialize_with = "lenient::flag")]
    pub forward_openai_org_id: bool,
    /// Models of calls, whatever they name or where they name none.
    #[serde(flatten)]
    pub usual_models: UsualModels,
    /// Largest answer in one piece that goes to a client, in bytes; `None`: any.
    #[serde(rename = "max_response_size_mb", deserialize_with = "lenient::optional_megabytes")]
    pub answer_bytes_max: Option<usize>,
    /// Seconds that a process may take a key for what it was, where others may change it.
    #[serde(deserialize_with = "lenient::amount")]
    pub user_api_key_cache_ttl: Option<f64>,
    /// Whether a row of a call is kept no longer than it takes to charge the call once.
    #[serde(deserialize_with = "lenient::flag")]
    pub disable_spend_logs: bool,
    /// Requests a minute over all of the proxy. `router_settings.rpm_limit` ends here.
    #[serde(skip)]
    pub rpm_limit: Option<i64>,
    /// Tokens a minute over all of the proxy. `router_settings.tpm_limit` ends here.
    #[serde(skip)]
    pub tpm_limit: Option<i64>,
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
    /// Seconds that a call waits for a store that does not answer.
    #[serde(deserialize_with = "lenient::seconds")]
    pub database_connection_timeout: Option<f64>,
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
    /// Whether administrators' changes are recorded; `None`: as `litellm_settings` say, else yes.
    pub store_audit_logs: Option<bool>,
    /// Whether calls must say who the end user is.
    #[serde(deserialize_with = "lenient::flag")]
    pub enforce_user_param: bool,
    /// Fields that calls must have.
    pub enforced_params: Vec<String>,
    /// Beside them, of calls with a key that belongs to a team and to no user.
    #[serde(deserialize_with = "required_fields::of_service_accounts")]
    pub service_account_settings: Vec<String>,
    /// Routes for administrators of everything alone.
    pub admin_only_routes: Vec<String>,
    /// Routes for which nobody has to be known.
    pub public_routes: Vec<String>,
    /// The only routes for everybody else; `None`: all.
    pub allowed_routes: Option<Vec<String>>,
    /// The only networks that callers are let in from; `None`: all.
    #[serde(deserialize_with = "lenient::networks")]
    pub allowed_ips: Option<Vec<Network>>,
    /// Whether the proxy right in front is believed where a request comes from (`X-Forwarded-For`).
    #[serde(deserialize_with = "lenient::flag")]
    pub use_x_forwarded_for: bool,
    /// Whether users make keys for their teams only.
    #[serde(deserialize_with = "lenient::flag")]
    pub default_team_disabled: bool,
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

    /// Days that spend rows are kept; `None`: for ever. Where none are wanted they live for a day all the same: a row is
    /// what keeps a call from being charged twice.
    pub fn retention_days(&self) -> Option<u32> {
        if self.disable_spend_logs { Some(1) } else { self.spend_log_retention_days }
    }

    /// Fields that calls must have.
    pub fn required_fields(&self) -> RequiredFields {
        RequiredFields::of(&self.enforced_params, self.enforce_user_param, &self.service_account_settings)
    }
}

impl Default for GeneralSettings {
    fn default() -> Self {
        Self {
            master_key: None,
            master_keys: Vec::new(),
            litellm_key_header_name: None,
            enable_jwt_auth: false,
            litellm_jwtauth: JwtAuth::default(),
            enable_oauth2_auth: false,
            custom_auth: CustomAuthSettings::default(),
            proxied: ProxiedSettings::default(),
            sso: SsoSettings::default(),
            spend_log_retention_days: None,
            request_body_bytes_max: REQUEST_BODY_BYTES_MAX,
            allow_requests_on_db_unavailable: false,
            forward_client_headers_to_llm_api: false,
            forward_openai_org_id: false,
            usual_models: UsualModels::default(),
            answer_bytes_max: None,
            user_api_key_cache_ttl: None,
            disable_spend_logs: false,
            rpm_limit: None,
            tpm_limit: None,
            global_max_parallel_requests: None,
            max_parallel_requests: None,
            max_calls_in_flight: None,
            max_scheduling_delay: None,
            database_connection_timeout: None,
            max_queue_size: None,
            max_queue_wait: None,
            default_priority: None,
            budget_mode: None,
            budget_policy: None,
            reserve_output_tokens: None,
            store_audit_logs: None,
            enforce_user_param: false,
            enforced_params: Vec::new(),
            service_account_settings: Vec::new(),
            admin_only_routes: Vec::new(),
            public_routes: Vec::new(),
            allowed_routes: None,
            allowed_ips: None,
            use_x_forwarded_for: false,
            default_team_disabled: false,
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
