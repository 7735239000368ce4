//! The name of a deployment in logs, headers and totals: given by the operator, or made from what the entry says.

use crate::config::deployment::ModelEntry;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// A deployment's identity. The same configuration gives the same id after every restart. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeploymentId(Arc<str>);

impl DeploymentId {
    /// `model_info.id`, or 64 hexadecimal digits made from the entry's name and parameters. Credentials enter the
    /// hash, so that a second key is a second deployment, and cannot be read back from it.
    pub fn of(entry: &ModelEntry) -> Self {
        match entry.info.get("id") {
            Some(Value::String(id)) if !id.is_empty() => Self(id.as_str().into()),
            Some(Value::Number(id)) => Self(id.to_string().into()),
            _ => Self(hashed(entry).into()),
        }
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeploymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn hashed(entry: &ModelEntry) -> String {
    let params = &entry.params;
    let text = |text: &Option<String>| text.clone().map(Value::from);
    let numbers = [params.timeout, params.stream_timeout, params.weight];
    let counts = [params.rpm, params.tpm];
    let prices = [params.input_cost_per_token, params.output_cost_per_token];
    let described = serde_json::json!([
        entry.model_name,
        params.model,
        [text(&params.custom_llm_provider), text(&params.api_base), text(&params.api_version)],
        [text(&params.organization), params.api_key.as_ref().map(|key| Value::from(key.expose()))],
        params.extra_headers,
        params.extra_body,
        numbers,
        counts,
        prices,
        params.mock_response,
        params.rest,
    ]);
    hex::encode(Sha256::digest(described.to_string().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn id(entry: Value) -> DeploymentId {
        DeploymentId::of(&serde_json::from_value(entry).unwrap())
    }

    #[test]
    fn the_operators_id_is_used() {
        let entry = json!({"model_name": "a", "litellm_params": {"model": "openai/x"}, "model_info": {"id": "a1"}});
        assert_eq!(id(entry).as_str(), "a1");
    }

    #[test]
    fn a_made_id_is_stable_and_tells_credentials_apart() {
        let entry = |key| json!({"model_name": "a", "litellm_params": {"model": "openai/x", "api_key": key}});
        let first = id(entry("sk-1"));
        assert_eq!(first.as_str().len(), 64);
        assert_eq!(first, id(entry("sk-1")));
        assert_ne!(first, id(entry("sk-2")));
        assert!(!first.as_str().contains("sk-1"));
    }
}
