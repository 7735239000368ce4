//! One entry of `model_list`: a public name, the upstream behind it, and what is known about the model.

use crate::secret::Secret;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One entry of `model_list`. Several entries of one name share its traffic.
#[derive(Clone, Debug, Deserialize)]
pub struct ModelEntry {
    /// The name that clients send. May hold `*`.
    pub model_name: String,
    /// How the upstream is called.
    #[serde(rename = "litellm_params")]
    pub params: DeploymentParams,
    /// Description and prices; `id` names the deployment.
    #[serde(default, rename = "model_info")]
    pub info: Map<String, Value>,
    /// The line of the file where the entry begins; 0 where it came from elsewhere.
    #[serde(skip)]
    pub line: usize,
}

/// `litellm_params` of a deployment. What is named here directs the call; everything else is a default for the
/// request body (`temperature: 0.2`), which the client's own value overrides.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct DeploymentParams {
    /// Provider and model, as `provider/model`; `provider/*` for a wildcard.
    pub model: String,
    /// The provider, where `model` does not begin with it.
    #[serde(default)]
    pub custom_llm_provider: Option<String>,
    /// Where the provider is called; the provider's own address where unset.
    #[serde(default, alias = "base_url")]
    pub api_base: Option<String>,
    /// The provider's credential; the provider's environment variable where unset.
    #[serde(default)]
    pub api_key: Option<Secret>,
    /// The API version, for providers that ask for one.
    #[serde(default)]
    pub api_version: Option<String>,
    /// The OpenAI organization to bill.
    #[serde(default)]
    pub organization: Option<String>,
    /// Headers added to every call.
    #[serde(default, alias = "headers")]
    pub extra_headers: BTreeMap<String, String>,
    /// Body fields added to every call.
    #[serde(default)]
    pub extra_body: Map<String, Value>,
    /// Seconds for a whole call.
    #[serde(default)]
    pub timeout: Option<f64>,
    /// Seconds to wait for the first content of a stream and for each piece after it.
    #[serde(default)]
    pub stream_timeout: Option<f64>,
    /// Share of the traffic among deployments of one name.
    #[serde(default)]
    pub weight: Option<f64>,
    /// Requests per minute that the deployment can take; also its share of the traffic.
    #[serde(default)]
    pub rpm: Option<i64>,
    /// Tokens per minute that the deployment can take; also its share of the traffic.
    #[serde(default)]
    pub tpm: Option<i64>,
    /// A fixed answer, given without calling anyone.
    #[serde(default)]
    pub mock_response: Option<Value>,
    /// Dollars per input token, over the price data.
    #[serde(default)]
    pub input_cost_per_token: Option<f64>,
    /// Dollars per output token, over the price data.
    #[serde(default)]
    pub output_cost_per_token: Option<f64>,
    /// Everything else, in the file's order.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}
