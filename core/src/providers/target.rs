//! What a deployment says about its upstream, resolved: which dialect, where, with which credential.

use super::identity::Identity;
use super::parameters::policy::Policy;
use super::parameters::profile::Profile;
use crate::price::ModelPrice;
use crate::secret::Secret;
use serde_json::{Map, Value};
use std::sync::Arc;

/// In which header a credential is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyHeader {
    /// `Authorization: Bearer`.
    #[default]
    Bearer,
    /// `api-key`, as Azure calls it.
    ApiKey,
}

/// A resolved upstream. The credential only ever goes to `api_base`.
#[derive(Clone, Debug)]
pub struct Target {
    /// The provider's name as LiteLLM writes it (`openai`, `hosted_vllm`, …).
    pub provider: &'static str,
    /// The model's name in the provider's own words.
    pub model: String,
    /// Where the provider is called, without a trailing slash.
    pub api_base: String,
    /// The credential; `None` for upstreams that ask for none.
    pub api_key: Option<Secret>,
    /// Who calls, where no fixed credential says it: shown when the request is sent.
    pub identity: Option<Identity>,
    /// In which header the credential is sent.
    pub key_header: KeyHeader,
    /// The version of Azure's API.
    pub api_version: Option<String>,
    /// The OpenAI organization to bill.
    pub organization: Option<String>,
    /// Headers added to every call.
    pub extra_headers: Vec<(String, String)>,
    /// Body fields added to every call; they win over the client's.
    pub extra_body: Map<String, Value>,
    /// Body fields added where the client does not send them.
    pub default_params: Map<String, Value>,
    /// The model's limits and abilities, where the price data knows it and its dialect depends on them.
    pub known: Option<Arc<ModelPrice>>,
    /// What the model takes.
    pub profile: Profile,
    /// What becomes of parameters that it does not take.
    pub policy: Policy,
}

impl Target {
    /// Whether the version of Azure's API is one that is OpenAI's own.
    pub fn is_azure_v1(&self) -> bool {
        is_azure_v1(self.api_version.as_deref())
    }
}

/// As [`Target::is_azure_v1`], of a version.
pub fn is_azure_v1(version: Option<&str>) -> bool {
    version.is_some_and(|version| matches!(version, "v1" | "latest" | "preview"))
}
