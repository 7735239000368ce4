//! The values of a credential, open. Texts are secrets; everything else (a flag, a number) is none.

use crate::secret::Secret;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// One value.
#[derive(Clone)]
pub enum CredentialValue {
    /// A text: sealed in the table.
    Secret(Secret),
    /// Anything else: stored as it is, as LiteLLM does.
    Plain(Value),
}

/// A credential's values by name.
#[derive(Clone, Default)]
pub struct CredentialValues(pub BTreeMap<String, CredentialValue>);

/// Names whose values are shown: they say where, not who.
const SHOWN: [&str; 13] = [
    "api_base",
    "base_url",
    "api_version",
    "organization",
    "custom_llm_provider",
    "region_name",
    "aws_region_name",
    "vertex_project",
    "vertex_location",
    "azure_scope",
    "tenant_id",
    "watsonx_region_name",
    "project_id",
];

/// Fewest bytes of a value of which the ends are shown.
const ENDS_SHOWN_BYTES_MIN: usize = 16;

impl CredentialValues {
    /// The values of a JSON map.
    pub fn of(map: Map<String, Value>) -> Self {
        let value = |value| match value {
            Value::String(text) => CredentialValue::Secret(Secret::new(text)),
            other => CredentialValue::Plain(other),
        };
        Self(map.into_iter().map(|(name, given)| (name, value(given))).collect())
    }

    /// The values as JSON, open: for whoever makes a deployment of them.
    pub fn exposed(&self) -> Map<String, Value> {
        let value = |value: &CredentialValue| match value {
            CredentialValue::Secret(secret) => Value::from(secret.expose()),
            CredentialValue::Plain(value) => value.clone(),
        };
        self.0.iter().map(|(name, given)| (name.clone(), value(given))).collect()
    }

    /// The values as they may be shown: of a long secret the first and last two characters, of a short one nothing.
    pub fn masked(&self) -> Map<String, Value> {
        let value = |name: &str, value: &CredentialValue| match value {
            CredentialValue::Plain(value) if value.is_number() || value.is_boolean() || value.is_null() => {
                value.clone()
            }
            CredentialValue::Plain(_) => Value::from("****"),
            CredentialValue::Secret(secret) if SHOWN.contains(&name) && !secret.expose().contains(['@', '?']) => {
                Value::from(secret.expose())
            }
            CredentialValue::Secret(secret) => Value::from(mask(secret.expose())),
        };
        self.0.iter().map(|(name, given)| (name.clone(), value(name, given))).collect()
    }
}

/// Shows the names alone.
impl fmt::Debug for CredentialValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn mask(text: &str) -> String {
    let characters = text.chars().count();
    if text.len() < ENDS_SHOWN_BYTES_MIN || characters < ENDS_SHOWN_BYTES_MIN {
        return "****".to_owned();
    }
    let (first, last): (String, String) = (text.chars().take(2).collect(), text.chars().skip(characters - 2).collect());
    format!("{first}****{last}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::assert_not_impl;
    use serde_json::json;

    assert_not_impl!(CredentialValues: serde::Serialize);
    assert_not_impl!(CredentialValue: fmt::Debug);

    #[test]
    fn only_where_is_shown_and_of_secrets_only_their_ends() {
        let values = CredentialValues::of(
            json!({"api_key": "sk-1234567890abcdefgh", "short": "sk-123", "api_base": "https://up.test/v1",
                   "base_url": "https://user:pass@up.test", "flag": true, "deep": {"key": "SECRET"}})
            .as_object()
            .unwrap()
            .clone(),
        );
        assert_eq!(
            Value::Object(values.masked()),
            json!({"api_base": "https://up.test/v1", "api_key": "sk****gh", "base_url": "ht****st", "deep": "****",
                   "flag": true, "short": "****"})
        );
        assert!(!format!("{values:?}").contains("sk-"));
    }
}
