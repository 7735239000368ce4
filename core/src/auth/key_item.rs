//! A key's record as an item of the table, and back. The names of attributes are LiteLLM's names of fields.
//!
//! Each field is an attribute of its own, so that a change names what it changes; lists, maps and the fields that
//! nothing enforces yet are JSON text.

use super::item_text::{corrupt, json, parsed};
use super::key_record::{KeyRecord, KeyTotals};
use super::limits_item;
use crate::clock::Timestamp;
use crate::id::KeyHash;
use crate::money::NanoDollars;
use crate::store::item::{Item, Key};
use crate::store::table::ReadError;

/// The sort key of a key's record in its partition.
pub const RECORD: &str = "KEY";

/// The sort key of a key's running totals in its partition. Accounting adds to them.
pub const TOTALS: &str = "SPEND";

/// The sort key of what a hash opens beyond its own record, in its partition ([`super::key_secret`]).
pub const SECRET: &str = "SECRET";

/// Where it stands which key a secret opens.
pub fn secret_key(secret: &KeyHash) -> Key {
    Key::new(partition(secret), SECRET)
}

/// Where a key's record stands.
pub fn record_key(hash: &KeyHash) -> Key {
    Key::new(partition(hash), RECORD)
}

/// Where a key's running totals stand.
pub fn totals_key(hash: &KeyHash) -> Key {
    Key::new(partition(hash), TOTALS)
}

/// The partition that holds all of one key.
pub fn partition(hash: &KeyHash) -> String {
    format!("KEY#{hash}")
}

/// The record as an item.
pub fn to_item(record: &KeyRecord) -> Item {
    let millis = |at: Option<Timestamp>| at.map(Timestamp::millis);
    limits_item::with(Item::new(record_key(&record.hash)), &record.limits)
        .with("key_name", record.key_name.as_str())
        .with_some("secret", record.secret.as_ref().map(KeyHash::as_str))
        .with_some("key_alias", record.key_alias.as_deref())
        .with_some("models", json(&record.models, record.models.is_empty()))
        .with_some("aliases", json(&record.aliases, record.aliases.is_empty()))
        .with_some("expires", millis(record.expires))
        .with_some("user_id", record.user_id.as_deref())
        .with_some("team_id", record.team_id.as_deref())
        .with_some("allowed_routes", json(&record.allowed_routes, record.allowed_routes.is_empty()))
        .with_some("key_type", record.key_type.as_deref())
        .with_some("metadata", json(&record.metadata, record.metadata.is_empty()))
        .with_some("document", json(&record.document, record.document.is_empty()))
        .with("created_at", record.created_at.millis())
        .with_some("created_by", record.created_by.as_deref())
        .with("updated_at", record.updated_at.millis())
        .with_some("updated_by", record.updated_by.as_deref())
        .with_some("settings_updated_at", millis(record.settings_updated_at))
}

/// The record in an item.
///
/// # Errors
/// [`ReadError::Corrupt`] names the item and the attribute.
pub fn from_item(item: &Item) -> Result<KeyRecord, ReadError> {
    let text = |name: &str| item.text(name).map(str::to_owned);
    let time = |name: &str| item.number(name).map(Timestamp::from_millis);
    let (metadata, document) = (parsed(item, "metadata")?, parsed(item, "document")?);
    let hash = item.key.partition.strip_prefix("KEY#").and_then(KeyHash::parse);
    Ok(KeyRecord {
        hash: hash.ok_or_else(|| corrupt(item, "pk"))?,
        secret: item.text("secret").and_then(KeyHash::parse),
        key_name: text("key_name").ok_or_else(|| corrupt(item, "key_name"))?,
        key_alias: text("key_alias"),
        models: parsed(item, "models")?,
        aliases: parsed(item, "aliases")?,
        expires: time("expires"),
        user_id: text("user_id"),
        team_id: text("team_id"),
        limits: limits_item::read(item, &metadata, &document)?,
        allowed_routes: parsed(item, "allowed_routes")?,
        key_type: text("key_type"),
        metadata,
        document,
        created_at: time("created_at").ok_or_else(|| corrupt(item, "created_at"))?,
        created_by: text("created_by"),
        updated_at: time("updated_at").ok_or_else(|| corrupt(item, "updated_at"))?,
        updated_by: text("updated_by"),
        settings_updated_at: time("settings_updated_at"),
    })
}

/// The running totals in an item.
pub fn totals_from_item(item: &Item) -> KeyTotals {
    KeyTotals {
        total: NanoDollars::new(item.number("spend").unwrap_or(0)),
        adjustment: NanoDollars::new(item.number("spend_adjustment").unwrap_or(0)),
        last_active: item.number("last_active").map(Timestamp::from_millis),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_survives_the_table_whole() {
        let hash = crate::crypto::key_hash::hash("sk-1");
        let mut record = KeyRecord::new(hash, "sk-...".to_owned(), Timestamp::from_millis(5), Some("me"));
        assert_eq!(from_item(&to_item(&record)).unwrap(), record);
        record.secret = Some(crate::crypto::key_hash::hash("sk-2"));
        record.key_alias = Some("alias".to_owned());
        record.models = vec!["gpt".to_owned(), "wild/*".to_owned()];
        record.aliases.insert("mini".to_owned(), "gpt".to_owned());
        record.limits.blocked = Some(false);
        record.expires = Some(Timestamp::from_millis(7));
        record.limits.max_budget = Some(NanoDollars::from_dollars(10.5));
        record.metadata = json!({"a": {"b": [1]}}).as_object().unwrap().clone();
        record.document = json!({"config": {"x": 1}}).as_object().unwrap().clone();
        assert_eq!(from_item(&to_item(&record)).unwrap(), record);
    }

    #[test]
    fn an_item_of_another_make_is_reported_by_attribute() {
        let hash = crate::crypto::key_hash::hash("sk-1");
        let item = to_item(&KeyRecord::new(hash, "sk-...".to_owned(), Timestamp::default(), None));
        let broken = item.with("models", "not json");
        assert!(matches!(from_item(&broken), Err(ReadError::Corrupt(what)) if what.contains("`models`")));
    }
}
