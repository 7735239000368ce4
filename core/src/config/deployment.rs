//! One entry of `model_list`: a public name, the upstream behind it, and what is known about the model.

use super::account::AccountParams;
use super::lenient;
use super::tls::TlsParams;
use crate::limits::BudgetPeriod;
use crate::money::NanoDollars;
use crate::secret::Secret;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// One entry of `model_list`. Several entries of one name share its traffic.
#[derive(Clone, Debug)]
pub struct ModelEntry {
    /// The name that clients send. May hold `*`.
    pub model_name: String,
    /// How the upstream is called: `litellm_params`.
    pub params: DeploymentParams,
    /// Description and prices: `model_info`. `id` names the deployment.
    pub info: Map<String, Value>,
    /// The line of the file where the entry begins; 0 where it came from elsewhere.
    pub line: usize,
}

impl ModelEntry {
    /// The model access groups that it is in (`model_info.access_groups`): names that a key's list of models may hold.
    pub fn access_groups(&self) -> impl Iterator<Item = &str> {
        let listed = self.info.get("access_groups").and_then(Value::as_array);
        listed.into_iter().flatten().filter_map(Value::as_str)
    }
}

/// `litellm_params` of a deployment. What is named here directs the call; everything else is a default for the
/// request body (`temperature: 0.2`), which the client's own value overrides.
#[derive(Clone, Default, Deserialize)]
pub struct DeploymentParams {
    /// Provider and model, as `provider/model`; `provider/*` for a wildcard.
    #[serde(deserialize_with = "lenient::text")]
    pub model: String,
    /// The provider, where `model` does not begin with it.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub custom_llm_provider: Option<String>,
    /// Where the provider is called; the provider's own address where unset.
    #[serde(default, alias = "base_url", deserialize_with = "lenient::optional_text")]
    pub api_base: Option<String>,
    /// The provider's credential; the provider's environment variable where unset.
    #[serde(default, deserialize_with = "lenient::secret")]
    pub api_key: Option<Secret>,
    /// The version of Azure's API.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub api_version: Option<String>,
    /// A token of Microsoft Entra ID, in place of Azure's key.
    #[serde(default, deserialize_with = "lenient::secret")]
    pub azure_ad_token: Option<Secret>,
    /// The OpenAI organization to bill.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub organization: Option<String>,
    /// Headers added to every call.
    #[serde(default, alias = "headers", deserialize_with = "lenient::headers")]
    pub extra_headers: BTreeMap<String, String>,
    /// Body fields added to every call.
    #[serde(default)]
    pub extra_body: Map<String, Value>,
    /// Seconds for a whole call.
    #[serde(default, deserialize_with = "lenient::seconds")]
    pub timeout: Option<f64>,
    /// Seconds to wait for the first content of a stream and for each piece after it.
    #[serde(default, deserialize_with = "lenient::seconds")]
    pub stream_timeout: Option<f64>,
    /// Retries of a call that fails here; `router_settings.num_retries` where unset.
    #[serde(default, deserialize_with = "lenient::number_of")]
    pub num_retries: Option<u32>,
    /// The same, as older files call it; `num_retries` wins.
    #[serde(default, deserialize_with = "lenient::number_of")]
    pub max_retries: Option<u32>,
    /// Seconds that the deployment cools down; `router_settings.cooldown_time` where unset.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub cooldown_time: Option<f64>,
    /// Among deployments of one name, those of the lowest order go first, and one that says none goes last.
    #[serde(default, deserialize_with = "lenient::optional_whole")]
    pub order: Option<i64>,
    /// Share of the traffic among deployments of one name.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub weight: Option<f64>,
    /// Requests per minute that the deployment can take: its share of the traffic where no `weight` is set.
    #[serde(default, deserialize_with = "lenient::count")]
    pub rpm: Option<i64>,
    /// Tokens per minute that the deployment can take: its share of the traffic where neither of the above is set.
    #[serde(default, deserialize_with = "lenient::count")]
    pub tpm: Option<i64>,
    /// Requests in flight at once that the deployment can take.
    #[serde(default, deserialize_with = "lenient::count")]
    pub max_parallel_requests: Option<i64>,
    /// The most that may be spent on the deployment in one period. In nano-dollars.
    #[serde(default, deserialize_with = "lenient::optional_budget")]
    pub max_budget: Option<NanoDollars>,
    /// What may be spent on it in a period before somebody is told; refuses nothing. In nano-dollars.
    #[serde(default, deserialize_with = "lenient::optional_budget")]
    pub soft_budget: Option<NanoDollars>,
    /// The period of both budgets.
    #[serde(default, deserialize_with = "lenient::period")]
    pub budget_duration: Option<BudgetPeriod>,
    /// Parameters that the model does not take are dropped instead of refused; `litellm_settings.drop_params` where unset.
    #[serde(default, deserialize_with = "lenient::optional_flag")]
    pub drop_params: Option<bool>,
    /// Requests that the provider would refuse for their form are put right; `litellm_settings.modify_params` where unset.
    #[serde(default, deserialize_with = "lenient::optional_flag")]
    pub modify_params: Option<bool>,
    /// Parameters that are never sent, as `name` or as a path such as `tools[*].strict`.
    #[serde(default)]
    pub additional_drop_params: Vec<String>,
    /// Parameters that are sent although the model is not known to take them.
    #[serde(default)]
    pub allowed_openai_params: Vec<String>,
    /// The stored credential whose values hold where nothing is said here. One of `credential_list` is filled in when the
    /// configuration is read, and stands here no longer.
    #[serde(default, rename = "litellm_credential_name", deserialize_with = "lenient::optional_text")]
    pub credential: Option<String>,
    /// What kind of calls it is meant for: the request's tags choose, where `enable_tag_filtering` says so.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Where it is, for calls that must stay in a region.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub region_name: Option<String>,
    /// A fixed answer, given without calling anyone.
    #[serde(default)]
    pub mock_response: Option<Value>,
    /// Dollars per input token, over the price data; `model_info.input_cost_per_token` where unset here.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub input_cost_per_token: Option<f64>,
    /// Dollars per output token, over the price data; `model_info.output_cost_per_token` where unset here.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub output_cost_per_token: Option<f64>,
    /// Who the deployment is to its upstream, beyond a key.
    #[serde(flatten)]
    pub account: AccountParams,
    /// How TLS towards the upstream is to be.
    #[serde(flatten)]
    pub tls: TlsParams,
    /// Everything else, in the file's order: defaults for the request body. Settings of LiteLLM that have no effect
    /// here have been taken out, so that none of them (a credential, perhaps) goes upstream as a body field.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl DeploymentParams {
    /// The parameters with a credential's values where they say nothing themselves.
    ///
    /// # Errors
    /// What does not fit, without its value.
    pub fn with_credential(&self, mut values: Map<String, Value>) -> Result<Self, String> {
        values.insert("model".to_owned(), self.model.as_str().into());
        values.remove("litellm_credential_name");
        let from: Self = serde_path_to_error::deserialize(Value::Object(values))
            .map_err(|error| format!("its `{}` has another form than it must have", error.path()))?;
        let mut filled = self.clone();
        filled.credential = None;
        let texts = [
            (&mut filled.custom_llm_provider, from.custom_llm_provider),
            (&mut filled.api_base, from.api_base),
            (&mut filled.api_version, from.api_version),
            (&mut filled.organization, from.organization),
        ];
        texts.into_iter().for_each(|(own, given)| *own = own.take().or(given));
        let secrets = [(&mut filled.api_key, from.api_key), (&mut filled.azure_ad_token, from.azure_ad_token)];
        secrets.into_iter().for_each(|(own, given)| *own = own.take().or(given));
        for (name, value) in from.extra_headers {
            filled.extra_headers.entry(name).or_insert(value);
        }
        filled.account.fill(from.account);
        for (name, value) in from.rest {
            if !filled.rest.contains_key(&name) {
                filled.rest.insert(name, value);
            }
        }
        Ok(filled)
    }
}

/// Shows the names of headers and body fields, not their values: operators put credentials there too.
impl fmt::Debug for DeploymentParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeploymentParams")
            .field("model", &self.model)
            .field("custom_llm_provider", &self.custom_llm_provider)
            .field("api_base", &self.api_base)
            .field("api_key", &self.api_key)
            .field("api_version", &self.api_version)
            .field("azure_ad_token", &self.azure_ad_token)
            .field("organization", &self.organization)
            .field("extra_headers", &self.extra_headers.keys())
            .field("extra_body", &self.extra_body.keys())
            .field("timeout", &self.timeout)
            .field("stream_timeout", &self.stream_timeout)
            .field("num_retries", &self.num_retries)
            .field("max_retries", &self.max_retries)
            .field("cooldown_time", &self.cooldown_time)
            .field("order", &self.order)
            .field("weight", &self.weight)
            .field("rpm", &self.rpm)
            .field("tpm", &self.tpm)
            .field("max_parallel_requests", &self.max_parallel_requests)
            .field("max_budget", &self.max_budget)
            .field("soft_budget", &self.soft_budget)
            .field("budget_duration", &self.budget_duration)
            .field("drop_params", &self.drop_params)
            .field("modify_params", &self.modify_params)
            .field("additional_drop_params", &self.additional_drop_params)
            .field("allowed_openai_params", &self.allowed_openai_params)
            .field("credential", &self.credential)
            .field("tags", &self.tags)
            .field("region_name", &self.region_name)
            .field("mock_response", &self.mock_response.is_some())
            .field("input_cost_per_token", &self.input_cost_per_token)
            .field("output_cost_per_token", &self.output_cost_per_token)
            .field("account", &self.account)
            .field("tls", &self.tls)
            .field("rest", &self.rest.keys())
            .finish()
    }
}

/// What this version reads of `model_info`; the map itself goes to `/model/info` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(dead_code, reason = "most fields are only checked, so that a wrong value stops the start")]
pub(super) struct ModelInfo {
    #[serde(deserialize_with = "lenient::optional_text")]
    id: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    mode: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    base_model: Option<String>,
    #[serde(deserialize_with = "lenient::amount")]
    pub(super) input_cost_per_token: Option<f64>,
    #[serde(deserialize_with = "lenient::amount")]
    pub(super) output_cost_per_token: Option<f64>,
    #[serde(deserialize_with = "lenient::count")]
    max_tokens: Option<i64>,
    #[serde(deserialize_with = "lenient::count")]
    max_input_tokens: Option<i64>,
    #[serde(deserialize_with = "lenient::count")]
    max_output_tokens: Option<i64>,
    #[serde(deserialize_with = "lenient::optional_text")]
    health_check_model: Option<String>,
    #[serde(deserialize_with = "lenient::seconds")]
    health_check_timeout: Option<f64>,
}
