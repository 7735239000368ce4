//! When budgets begin anew: the first call after a period, and periods that the calendar does not know.

use super::*;
use crate::admission::refusal::Refusal;
use crate::auth::records::{Record, RecordId, RecordKind};
use crate::calendar;
use crate::limits::BudgetPeriod;
use serde_json::json;

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

/// When the budget that refuses a call of the key begins anew.
async fn resets_at(gateway: &Gateway) -> Option<Timestamp> {
    let Err(CallError::Refused(Refusal::Budget { resets_at, .. })) = gateway.call_as(KEY, STREAMED).await.result else {
        panic!("not refused");
    };
    resets_at
}

/// A gateway whose key was made then.
async fn with_key(made: Timestamp, change: impl FnOnce(&mut KeyRecord)) -> Gateway {
    let gateway = Gateway::answering(200, pieces(&[]));
    let mut key = KeyRecord::new(key_hash::hash(KEY), "sk-...aily".to_owned(), made, None);
    change(&mut key);
    KeyStore::new(gateway.table.clone()).create(&key, NanoDollars::ZERO).await.unwrap();
    gateway
}

/// It is the 21st of November. When budgets were made, and when their period of fourteen days ends.
const FORTNIGHTS: [(&str, &str); 3] = [
    ("2025-11-21T03:00:00Z", "2025-12-05"),
    ("2025-11-18T23:59:59Z", "2025-12-02"),
    ("2025-11-06T12:00:00Z", "2025-12-04"),
];

#[tokio::test]
async fn a_fortnight_of_a_shared_budget_counts_from_when_that_was_made() {
    for (made, ends) in FORTNIGHTS.map(|days| (calendar::parse(days.0).unwrap(), calendar::parse(days.1))) {
        let gateway = with_key(Timestamp::default(), |key| key.limits.budget_id = Some("b".to_owned())).await;
        let mut budget = Record::new(RecordId::of(RecordKind::Budget, "b"), made, None);
        budget.limits.max_budget = Some(NanoDollars::ZERO);
        budget.limits.budget_duration = BudgetPeriod::parse("14d").ok();
        RecordStore::new(gateway.table.clone()).create(&budget, Vec::new()).await.unwrap();
        assert_eq!(resets_at(&gateway).await, ends);
    }
}

#[tokio::test]
async fn a_fortnight_of_a_models_budget_counts_from_when_its_key_was_made() {
    for (made, ends) in FORTNIGHTS.map(|days| (calendar::parse(days.0).unwrap(), calendar::parse(days.1))) {
        let budget = json!({"gpt": {"budget_limit": 0, "time_period": "14d"}});
        let budgets = |key: &mut KeyRecord| drop(key.document.insert("model_max_budget".to_owned(), budget));
        assert_eq!(resets_at(&with_key(made, budgets).await).await, ends);
    }
}

#[tokio::test]
async fn a_fortnight_that_a_team_grants_its_members_counts_from_when_the_team_was_made() {
    for (made, ends) in FORTNIGHTS.map(|days| (calendar::parse(days.0).unwrap(), calendar::parse(days.1))) {
        let gateway = with_key(Timestamp::default(), |key| {
            (key.team_id, key.user_id) = (Some("t".to_owned()), Some("u".to_owned()));
        })
        .await;
        let mut team = Record::new(RecordId::of(RecordKind::Team, "t"), made, None);
        team.document.insert("team_member_budget".to_owned(), json!(0));
        team.document.insert("team_member_budget_duration".to_owned(), json!("14d"));
        RecordStore::new(gateway.table.clone()).create(&team, Vec::new()).await.unwrap();
        assert_eq!(resets_at(&gateway).await, ends);
    }
}
