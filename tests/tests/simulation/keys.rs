//! The keys of a world, as records of the real key store: made at the start, changed by an administrator, read by each
//! call.

use crate::scenario::KeyLimits;
use postern_core::accounting::spend_log::totals_key;
use postern_core::admission::limits::{Budget, Counter, ScopeLimits, Wording};
use postern_core::auth::key_record::KeyRecord;
use postern_core::clock::Timestamp;
use postern_core::id::KeyHash;
use postern_core::limits::BudgetPeriod;
use postern_core::money::NanoDollars;

/// The hash of a world's key.
pub(crate) fn hash(number: usize) -> KeyHash {
    KeyHash::of_digest(&[u8::try_from(number).expect("few keys"); 32])
}

/// A key's record as it is made at `now`.
pub(crate) fn record(number: usize, limits: &KeyLimits, now: Timestamp) -> KeyRecord {
    let mut record = KeyRecord::new(hash(number), format!("sk-...{number:04}"), now, None);
    record.limits.max_budget = limits.budget.map(NanoDollars::new);
    record.limits.rpm_limit = limits.requests;
    record.limits.tpm_limit = limits.tokens;
    record.limits.max_parallel_requests = limits.parallel;
    record.metadata.insert("keeps".to_owned(), "the item large enough to matter".into());
    set_period(&mut record, limits.period, now);
    record
}

/// Gives a key's budget another period, which ends as a fresh one does.
pub(crate) fn set_period(record: &mut KeyRecord, period: Option<&str>, now: Timestamp) {
    let period = period.map(|text| BudgetPeriod::parse(text).expect("a period"));
    record.limits.budget_reset_at = period.as_ref().map(|period| period.next_reset(now));
    record.limits.budget_duration = period;
}

/// The period of a key's budget.
pub(crate) fn period(record: &KeyRecord) -> Option<&str> {
    record.limits.budget_duration.as_ref().map(BudgetPeriod::as_str)
}

/// Gives a key another budget.
pub(crate) fn set_budget(record: &mut KeyRecord, nanos: i64) {
    if record.limits.max_budget.is_some() {
        record.limits.max_budget = Some(NanoDollars::new(nanos));
    }
}

/// What a call of the key is limited by, as far as the key goes.
pub(crate) fn scope(record: &KeyRecord) -> ScopeLimits {
    let limits = &record.limits;
    let budget = limits.max_budget.map(|limit| budget(Counter::Totals(totals_key(&record.hash)), limit));
    ScopeLimits {
        budget,
        requests: limits.rpm_limit,
        tokens: limits.tpm_limit,
        parallel: limits.max_parallel_requests,
        ..ScopeLimits::new("api_key", record.hash.as_str())
    }
}

/// A budget that is counted there.
pub(crate) fn budget(counter: Counter, limit: NanoDollars) -> Budget {
    Budget { counter, limit, owner: "somebody".to_owned(), wording: Wording::Exceeded, resets_at: None }
}

/// Whether the period of the key's budget is over at `now`.
pub(crate) fn is_due(record: &KeyRecord, now: Timestamp) -> bool {
    record.limits.max_budget.is_some() && record.limits.budget_reset_at.is_some_and(|end| end <= now)
}
