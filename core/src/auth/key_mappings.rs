//! Which virtual key stands for whoever shows a token whose claim has a certain value. Administrators make these
//! mappings; here they are found.
//!
//! | list | a document's id | holds |
//! |---|---|---|
//! | `JWT_KEY_MAPPINGS` | the hash of issuer, claim and value ([`id_of`]), so that there is one of each | `jwt_issuer` (null: of every issuer), `jwt_claim_name`, `jwt_claim_value`, `token_id` (the key's hash), `is_active`, `description`, `created_at`, `created_by`, `updated_at`, `updated_by` |

use super::records::RecordStore;
use crate::crypto::key_hash;
use crate::id::KeyHash;
use crate::store::documents::{Document, Documents};
use crate::store::table::ReadError;
use futures_util::future::try_join;
use serde_json::Value;

/// The list.
pub const LIST: &str = "JWT_KEY_MAPPINGS";
/// The field that holds the key's hash.
pub const KEY: &str = "token_id";
/// The field that says whether it counts.
pub const IS_ACTIVE: &str = "is_active";

/// The id of the mapping of a value of a claim in the tokens of this issuer; of an empty one: of every issuer.
pub fn id_of(issuer: &str, claim: &str, value: &str) -> String {
    // With their lengths, no two triples are one text.
    let text = format!("{}:{issuer}{}:{claim}{value}", issuer.len(), claim.len());
    key_hash::hash(&text).as_str().to_owned()
}

/// The mappings beside these records.
pub fn mappings(records: &RecordStore) -> Documents {
    records.documents(LIST)
}

/// The key that stands for this value of a claim in a token of `issuer`: by the mapping of that issuer, else by that of
/// every issuer. Both are read at once.
///
/// # Errors
/// As [`Documents::get`].
pub async fn key_of(
    records: &RecordStore,
    issuer: &str,
    (claim, value): (&str, &str),
) -> Result<Option<KeyHash>, ReadError> {
    let mappings = mappings(records);
    let (own, every) = (id_of(issuer, claim, value), id_of("", claim, value));
    let (own, every) = try_join(mappings.get(&own), mappings.get(&every)).await?;
    Ok(own.as_ref().and_then(active_key).or_else(|| every.as_ref().and_then(active_key)))
}

fn active_key(mapping: &Document) -> Option<KeyHash> {
    let is_active = mapping.value.get(IS_ACTIVE).and_then(Value::as_bool).unwrap_or(true);
    mapping.value.get(KEY).filter(|_| is_active).and_then(Value::as_str).and_then(KeyHash::parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_claims_have_one_mapping() {
        let ids = [("", "sub", "a"), ("i", "sub", "a"), ("", "su", "ba"), ("", "sub", "b"), ("1:i", "s", "a")];
        let ids: std::collections::BTreeSet<_> =
            ids.iter().map(|(issuer, claim, value)| id_of(issuer, claim, value)).collect();
        assert_eq!(ids.len(), 5);
    }

    #[cfg(feature = "embedded")]
    #[tokio::test]
    async fn the_mapping_of_the_tokens_issuer_goes_before_that_of_every_issuer_and_one_that_is_off_is_none() {
        use crate::clock::SystemClock;
        use crate::store::embedded::EmbeddedTable;
        use std::sync::Arc;

        let records = RecordStore::new(Arc::new(EmbeddedTable::in_memory(Arc::new(SystemClock)).unwrap()));
        let map = async |issuer: &str, key: &str, is_active: bool| {
            let mapping = serde_json::json!({KEY: key_hash::hash(key).as_str(), IS_ACTIVE: is_active});
            let mapping = mapping.as_object().unwrap().clone();
            mappings(&records).create(&id_of(issuer, "sub", "a"), mapping).await.unwrap();
        };
        let found = async |issuer: &str| key_of(&records, issuer, ("sub", "a")).await.unwrap();
        assert_eq!(found("i").await, None);
        map("", "sk-every", true).await;
        map("i", "sk-own", true).await;
        map("off", "sk-off", false).await;
        assert_eq!(found("i").await, Some(key_hash::hash("sk-own")));
        for other in ["", "other", "off"] {
            assert_eq!(found(other).await, Some(key_hash::hash("sk-every")), "{other}");
        }
        assert_eq!(key_of(&records, "i", ("sub", "b")).await.unwrap(), None);
    }
}
