//! The name of a deployment in logs, headers and totals: given by the operator, or made from what the entry says.

use crate::config::deployment::ModelEntry;
use crate::id::DeploymentId;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// `model_info.id`, or 64 hexadecimal digits made from the entry's name and parameters: the same configuration gives
/// the same id after every restart. Credentials enter the hash, so that a second key is a second deployment, and
/// cannot be read back from it.
pub fn deployment_id(entry: &ModelEntry) -> DeploymentId {
    match entry.info.get("id") {
        Some(Value::String(id)) if !id.is_empty() => DeploymentId::new(id.as_str()),
        Some(Value::Number(id)) => DeploymentId::new(id.to_string()),
        _ => DeploymentId::new(hashed(entry)),
    }
}

fn hashed(entry: &ModelEntry) -> String {
    let params = &entry.params;
    let text = |text: &Option<String>| text.clone().map(Value::from);
    let numbers = [params.timeout, params.stream_timeout, params.weight];
    let counts = [params.rpm, params.tpm];
    let prices = [params.input_cost_per_token, params.output_cost_per_token];
    let mut described = vec![serde_json::json!([
        entry.model_name,
        params.model,
        [text(&params.custom_llm_provider), text(&params.api_base)],
        [text(&params.organization), params.api_key.as_ref().map(|key| Value::from(key.expose()))],
        params.extra_headers,
        params.extra_body,
        numbers,
        counts,
        prices,
        params.mock_response,
        params.rest,
    ])];
    // Only where they are said, so that deployments without them keep the ids that they have had.
    let token = params.azure_ad_token.as_ref().map(|token| Value::from(token.expose()));
    described.extend(token.into_iter().chain(text(&params.api_version)));
    described.extend(params.credential.as_ref().map(|name| Value::from(format!("credential={name}"))));
    described.extend(params.account.said().map(|(name, value)| Value::from(format!("{name}={value}"))));
    described.extend(params.tls.said().map(|(name, value)| Value::from(format!("{name}={value}"))));
    let described = match described.as_slice() {
        [only] => only.to_string(),
        several => Value::from(several.to_vec()).to_string(),
    };
    hex::encode(Sha256::digest(described.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::tests::entry;
    use serde_json::json;

    fn id(value: Value) -> DeploymentId {
        deployment_id(&entry(value))
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
        let dated =
            |version| json!({"model_name": "a", "litellm_params": {"model": "azure/x", "api_version": version}});
        assert_ne!(id(dated("2024-10-21")), id(dated("v1")));
    }
}
