//! When a key is replaced that is replaced on a schedule, as its record says it.

use crate::auth::key_listing::KEY_ROTATION_AT;
use crate::auth::key_record::KeyRecord;
use crate::calendar::rfc3339;
use crate::clock::Timestamp;
use crate::crypto::key_hash;
use crate::duration::Duration;
use crate::flow::admin::error::{AdminError, Problem};
use crate::secret::Secret;
use serde_json::{Map, Value};

/// The switch, and how often.
pub(super) const AUTO_ROTATE: &str = "auto_rotate";
pub(super) const INTERVAL: &str = "rotation_interval";

/// Says when a key is replaced next, where the fields of a request concern that.
///
/// # Errors
/// [`AdminError::Form`] without an interval, [`AdminError::Lifetime`] for one that is none.
pub(super) fn schedule(fields: &Map<String, Value>, record: &mut KeyRecord, now: Timestamp) -> Result<(), AdminError> {
    if !(fields.contains_key(AUTO_ROTATE) || fields.contains_key(INTERVAL)) {
        return Ok(());
    }
    if !is_on(record) {
        record.document.shift_remove(KEY_ROTATION_AT);
        return Ok(());
    }
    let every = record.document.get(INTERVAL).and_then(Value::as_str);
    let every = every.ok_or_else(|| Problem::missing(&["body", INTERVAL]))?;
    let next = Duration::parse(every)?.after(now);
    record.document.insert(KEY_ROTATION_AT.to_owned(), rfc3339(next).into());
    Ok(())
}

/// Whether a key is replaced on a schedule.
pub(super) fn is_on(record: &KeyRecord) -> bool {
    record.document.get(AUTO_ROTATE) == Some(&Value::Bool(true))
}

/// A record with another secret.
pub(super) fn with_secret(record: &mut KeyRecord, key: &Secret, now: Timestamp) {
    record.secret = Some(key_hash::hash(key.expose()));
    record.key_name = key_hash::abbreviate(key.expose());
    let count = record.document.get("rotation_count").and_then(Value::as_i64).unwrap_or(0);
    record.document.insert("rotation_count".to_owned(), (count + 1).into());
    record.document.insert("last_rotation_at".to_owned(), rfc3339(now).into());
    record.updated_at = now;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::key_listing::rotates_at;
    use serde_json::json;

    const NOW: Timestamp = Timestamp::from_millis(1_763_700_000_000);
    const HOUR: i64 = 3_600_000;

    #[test]
    fn a_schedule_has_an_interval_and_ends_with_its_switch() {
        let mut record = KeyRecord::new(key_hash::hash("sk-1"), "sk-...1".to_owned(), NOW, None);
        let on = json!({AUTO_ROTATE: true}).as_object().cloned().unwrap();
        record.document.insert(AUTO_ROTATE.to_owned(), true.into());
        assert!(matches!(schedule(&on, &mut record, NOW), Err(AdminError::Form(_))));
        record.document.insert(INTERVAL.to_owned(), "1h".into());
        schedule(&on, &mut record, NOW).unwrap();
        assert_eq!(rotates_at(&record), Some(NOW.plus_millis(HOUR)));
        record.document.insert(AUTO_ROTATE.to_owned(), false.into());
        schedule(&on, &mut record, NOW).unwrap();
        assert_eq!(rotates_at(&record), None);
    }
}
