//! A record as an item of the table, and back. Each field that something here reads is an attribute of its own, so that
//! a change names what it changes; the rest is JSON text.

use super::record::{Record, RecordId};
use crate::auth::item_text::{corrupt, json, parsed};
use crate::auth::limits_item;
use crate::clock::Timestamp;
use crate::store::item::Item;
use crate::store::table::ReadError;

/// The record as an item.
pub fn to_item(record: &Record) -> Item {
    limits_item::with(Item::new(record.id.place()), &record.limits)
        .with_some("alias", record.alias.as_deref())
        .with_some("models", json(&record.models, record.models.is_empty()))
        .with_some("metadata", json(&record.metadata, record.metadata.is_empty()))
        .with_some("document", json(&record.document, record.document.is_empty()))
        .with("created_at", record.created_at.millis())
        .with_some("created_by", record.created_by.as_deref())
        .with("updated_at", record.updated_at.millis())
        .with_some("updated_by", record.updated_by.as_deref())
}

/// The record in an item.
///
/// # Errors
/// [`ReadError::Corrupt`] names the item and the attribute.
pub fn from_item(item: &Item) -> Result<Record, ReadError> {
    let text = |name: &str| item.text(name).map(str::to_owned);
    let time = |name: &str| item.number(name).map(Timestamp::from_millis).ok_or_else(|| corrupt(item, name));
    let (metadata, document) = (parsed(item, "metadata")?, parsed(item, "document")?);
    Ok(Record {
        id: RecordId::parse(&item.key).ok_or_else(|| corrupt(item, "pk"))?,
        alias: text("alias"),
        models: parsed(item, "models")?,
        limits: limits_item::read(item, &metadata, &document)?,
        metadata,
        document,
        created_at: time("created_at")?,
        created_by: text("created_by"),
        updated_at: time("updated_at")?,
        updated_by: text("updated_by"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::records::record::RecordKind;
    use serde_json::json;

    #[test]
    fn a_record_survives_the_table_whole() {
        let now = Timestamp::from_millis(1_763_700_000_000);
        let mut record = Record::new(RecordId::of(RecordKind::Team, "t"), now, Some("me"));
        assert_eq!(from_item(&to_item(&record)).unwrap(), record);
        let fields = json!({"max_budget": 1.5, "soft_budget": 1, "budget_duration": "30d", "rpm_limit": 1,
            "tpm_limit": 2, "max_parallel_requests": 3, "blocked": true, "budget_id": "b"});
        record.limits.read(fields.as_object().unwrap(), now).unwrap();
        record.metadata = json!({"model_rpm_limit": {"gpt": 1}, "budget_mode": "strict"}).as_object().unwrap().clone();
        record.document = json!({"model_max_budget": {"gpt": 1.0}}).as_object().unwrap().clone();
        record.limits.read_kept(&record.metadata, &record.document).unwrap();
        record.models = vec!["gpt".to_owned()];
        record.alias = Some("Core".to_owned());
        assert_eq!(from_item(&to_item(&record)).unwrap(), record);
        assert_eq!((record.limits.model_rpm_limit["gpt"], record.limits.model_max_budget.len()), (1, 1));
    }
}
