//! What a request says of its call for the spend log: tags, consent, and whatever else its client wants to find there.

use super::error::CallError;
use crate::api::members::Members;
use crate::providers::operation::{Dialect, Operation};
use serde_json::{Map, Value};

/// Most bytes of what a client has kept with a row, as JSON text: the row is written on the way of every answer.
const KEPT_BYTES_MAX: usize = 4096;

/// Members of `metadata` that are kept by their names: what was consented to, and when.
const CONSENT: [&str; 2] = ["user_consent", "consent_date"];

/// What is said.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) tags: Vec<String>,
    pub(super) kept: Map<String, Value>,
}

#[derive(serde::Deserialize)]
struct Metadata {
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    spend_logs_metadata: Option<Map<String, Value>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Tags stand in `tags` or in `metadata.tags`. `metadata` speaks to the gateway, as with LiteLLM, and is taken out, but
/// for messages and responses, where it is the provider's too and `litellm_metadata` speaks to the gateway.
pub(super) fn read(operation: Operation, members: &mut Members<'_>) -> Result<Notes, CallError> {
    let is_providers = matches!(operation.dialect(), Dialect::Anthropic | Dialect::Responses);
    let mut notes = Notes::default();
    if let Some(tags) = members.take("tags") {
        notes.tags = serde_json::from_str(tags.get()).unwrap_or_default();
    }
    for name in ["metadata", "litellm_metadata"] {
        let metadata = members.read::<Metadata>(name);
        if name != "metadata" || !is_providers {
            members.take(name);
        }
        let Some(metadata) = metadata else { continue };
        notes.tags.extend(metadata.tags);
        notes.kept.extend(metadata.rest.into_iter().filter(|(name, _)| CONSENT.contains(&name.as_str())));
        notes.kept.extend(metadata.spend_logs_metadata.into_iter().flatten());
    }
    let bytes = if notes.kept.is_empty() { 0 } else { serde_json::to_string(&notes.kept).map_or(0, |text| text.len()) };
    if bytes > KEPT_BYTES_MAX {
        let message = format!(
            "'metadata': what is kept with the call (`spend_logs_metadata`, `user_consent`, `consent_date`) takes {bytes} \
             bytes; the most is {KEPT_BYTES_MAX}."
        );
        return Err(CallError::Member { member: "metadata", message });
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn notes(body: &Value) -> Result<Notes, CallError> {
        let body = body.to_string();
        read(Operation::Chat, &mut Members::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn consent_and_what_is_for_the_log_is_kept_and_nothing_else() {
        let metadata = json!({"tags": ["a"], "user_consent": "yes", "consent_date": "2026-01-02", "other": 1,
            "spend_logs_metadata": {"case": 7}});
        let notes = notes(&json!({"tags": ["b"], "metadata": metadata})).unwrap();
        let kept = json!({"user_consent": "yes", "consent_date": "2026-01-02", "case": 7});
        assert_eq!((Value::Object(notes.kept), notes.tags), (kept, vec!["b".to_owned(), "a".to_owned()]));
    }

    #[test]
    fn more_than_a_row_should_hold_is_refused_and_what_is_no_metadata_is_none() {
        let refused = notes(&json!({"metadata": {"spend_logs_metadata": {"a": "x".repeat(5_000)}}})).unwrap_err();
        assert!(refused.to_string().contains("the most is 4096"), "{refused}");
        assert!(notes(&json!({"metadata": 5, "tags": "none"})).unwrap().kept.is_empty());
    }
}
