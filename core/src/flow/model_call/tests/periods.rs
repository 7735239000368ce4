//! The first call after a budget's period.

use super::*;
use crate::admission::refusal::Refusal;
use crate::limits::BudgetPeriod;

const KEY: &str = "sk-daily";

#[tokio::test]
async fn who_is_refused_as_a_period_begins_is_told_when_that_one_ends() {
    let gateway = Gateway::answering(200, pieces(&[]));
    let now = gateway.calls.clock.now();
    let mut record = KeyRecord::new(key_hash::hash(KEY), "sk-...aily".to_owned(), now, None);
    record.limits.max_budget = Some(NanoDollars::ZERO);
    record.limits.budget_duration = Some(BudgetPeriod::parse("1d").unwrap());
    record.limits.budget_reset_at = Some(now.plus_millis(-1));
    KeyStore::new(gateway.table.clone()).create(&record, NanoDollars::ZERO).await.unwrap();
    let answer = gateway.call_as(KEY, STREAMED).await;
    let Err(CallError::Refused(Refusal::Budget { resets_at, retry_after, .. })) = answer.result else {
        panic!("not refused");
    };
    let ends = record.limits.budget_duration.unwrap().next_reset(now);
    assert_eq!(resets_at, Some(ends));
    assert_eq!(retry_after, Some(ends.millis_since(now) / 1000));
}
