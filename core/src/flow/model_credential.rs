//! `GET /credentials/by_model/{model_id}`: what a deployment calls its upstream with, masked.

use super::utilities::UtilityError;
use crate::config::ModelEntry;
use crate::credentials::values::{CredentialValue, CredentialValues};
use crate::routing::{ModelTable, deployment_id};
use crate::secret::Secret;
use serde_json::{Value, json};
use std::sync::Arc;

/// The credential of the deployment with this id, as a named one would be shown.
///
/// # Errors
/// [`UtilityError::UnknownModel`].
pub fn credential_of_model(table: &ModelTable, id: &str) -> Result<Value, UtilityError> {
    let entry = entry_of(table, id).ok_or_else(|| UtilityError::UnknownModel(id.to_owned()))?;
    Ok(json!({
        "credential_name": format!("{}-credential-{id}", entry.model_name),
        "credential_values": values(&entry).masked(),
        "credential_info": {},
    }))
}

fn entry_of(table: &ModelTable, id: &str) -> Option<Arc<ModelEntry>> {
    let groups = table.names().iter().filter_map(|name| table.group(name));
    let named = groups.flat_map(|group| &group.deployments).find(|deployment| deployment.id.as_str() == id);
    let wildcard = || table.wildcard_entries().find(|entry| deployment_id(entry).as_str() == id).map(Arc::clone);
    named.map(|deployment| Arc::clone(&deployment.entry)).or_else(wildcard)
}

/// What says who calls, and where.
fn values(entry: &ModelEntry) -> CredentialValues {
    let (params, account) = (&entry.params, &entry.params.account);
    let text = |value: &Option<String>| value.as_deref().map(Secret::new);
    let named = [
        ("api_base", text(&params.api_base)),
        ("api_key", params.api_key.clone()),
        ("api_version", text(&params.api_version)),
        ("azure_ad_token", params.azure_ad_token.clone()),
        ("organization", text(&params.organization)),
        ("tenant_id", text(&account.tenant_id)),
        ("client_id", text(&account.client_id)),
        ("client_secret", account.client_secret.clone()),
        ("azure_scope", text(&account.azure_scope)),
        ("token", account.token.clone()),
        ("aws_region_name", text(&account.aws_region_name)),
        ("aws_access_key_id", text(&account.aws_access_key_id)),
        ("aws_secret_access_key", account.aws_secret_access_key.clone()),
        ("aws_session_token", account.aws_session_token.clone()),
        ("aws_role_name", text(&account.aws_role_name)),
        ("vertex_project", text(&account.vertex_project)),
        ("vertex_location", text(&account.vertex_location)),
        ("vertex_credentials", account.vertex_credentials.clone()),
    ];
    let said = named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), CredentialValue::Secret(value?))));
    CredentialValues(said.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::tests::{entry, targets};

    #[test]
    fn secrets_are_masked_and_addresses_are_shown() {
        let params = json!({"model": "azure/gpt-4o", "api_base": "https://a.test", "api_key": "sk-0123456789abcdef",
            "api_version": "2024-10-21", "client_secret": "short"});
        let named = entry(json!({"model_name": "m", "litellm_params": params, "model_info": {"id": "one"}}));
        let wild = entry(json!({"model_name": "x/*", "litellm_params": {"model": "openai/*", "api_key": "sk"},
            "model_info": {"id": "two"}}));
        let table = ModelTable::new(vec![named, wild], targets()).unwrap();
        let told = credential_of_model(&table, "one").unwrap();
        assert_eq!(told["credential_name"], "m-credential-one");
        assert_eq!(told["credential_values"]["api_base"], "https://a.test");
        assert_eq!(told["credential_values"]["api_version"], "2024-10-21");
        let text = told.to_string();
        assert!(!text.contains("123456789") && !text.contains("short"), "{text}");
        assert!(told["credential_values"].get("api_key").is_some(), "{text}");
        assert_eq!(credential_of_model(&table, "two").unwrap()["credential_name"], "x/*-credential-two");
        assert!(matches!(credential_of_model(&table, "none"), Err(UtilityError::UnknownModel(_))));
    }
}
