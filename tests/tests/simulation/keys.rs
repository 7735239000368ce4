//! The keys of a world, as records of the real key store: made at the start, changed by an administrator, read by each
//! call.

use crate::scenario::KeyLimits;
use postern_core::accounting::spend_log::totals_key;
use postern_core::admission::limits::{Budget, ScopeLimits};
use postern_core::auth::key_record::KeyRecord;
use postern_core::clock::Timestamp;
use postern_core::duration::Duration;
use postern_core::id::KeyHash;
use postern_core::money::NanoDollars;

/// The hash of a world's key.
pub(crate) fn hash(number: usize) -> KeyHash {
    KeyHash::of_digest(&[u8::try_from(number).expect("few keys"); 32])
}

/// A key's record as it is made at `now`.
pub(crate) fn record(number: usize, limits: &KeyLimits, now: Timestamp) -> KeyRecord {
    let mut record = KeyRecord::new(hash(number), format!("sk-...{number:04}"), now, None);
    record.max_budget = limits.budget.map(NanoDollars::new);
    record.rpm_limit = limits.requests;
    record.tpm_limit = limits.tokens;
    record.max_parallel_requests = limits.parallel;
    record.metadata.insert("keeps".to_owned(), "the item large enough to matter".into());
    set_period(&mut record, limits.period, now);
    record
}

/// Gives a key's budget another period, which ends as a fresh one does.
pub(crate) fn set_period(record: &mut KeyRecord, period: Option<&str>, now: Timestamp) {
    record.budget_duration = period.map(str::to_owned);
    record.budget_reset_at = period.map(|text| {
        let period = Duration::parse(text).expect("a period");
        period.next_reset(now).expect("a period that ends")
    });
}

/// The period of a key's budget.
pub(crate) fn period(record: &KeyRecord) -> Option<&str> {
    record.budget_duration.as_deref()
}

/// Gives a key another budget.
pub(crate) fn set_budget(record: &mut KeyRecord, nanos: i64) {
    if record.max_budget.is_some() {
        record.max_budget = Some(NanoDollars::new(nanos));
    }
}

/// What a call of the key is limited by, as far as the key goes.
pub(crate) fn scope(record: &KeyRecord) -> ScopeLimits {
    let budget = record.max_budget.map(|limit| Budget {
        totals: totals_key(&record.hash),
        limit,
        owner: format!("Key={}", record.key_name),
    });
    ScopeLimits {
        budget,
        requests: record.rpm_limit,
        tokens: record.tpm_limit,
        parallel: record.max_parallel_requests,
        ..ScopeLimits::new("api_key", record.hash.as_str())
    }
}

/// Whether the period of the key's budget is over at `now`.
pub(crate) fn is_due(record: &KeyRecord, now: Timestamp) -> bool {
    record.max_budget.is_some() && record.budget_reset_at.is_some_and(|end| end <= now)
}
