//! Budget roll-over.

use super::*;
use crate::auth::cache::PrincipalCache;
use crate::auth::key_item;
use crate::auth::key_record::{KeyRecord, KeyTotals, StoredKey};
use crate::auth::key_store::KeyStore;
use crate::auth::records::{Record, RecordId, RecordKind, RecordStore};
use crate::calendar;
use crate::flow::maintenance::report::Status;
use crate::limits::{BudgetPeriod, Limits};
use crate::store::faulty::{Fault, FaultyTable, Plan};
use crate::store::write::{Change, Write};

const SPENT: NanoDollars = NanoDollars::new(700);
const LATE: NanoDollars = NanoDollars::new(30);

/// A key whose budget starts afresh each day, the next time at `resets_at`, and that has spent [`SPENT`].
async fn key(table: &Arc<dyn Table>, name: &str, resets_at: Timestamp) {
    let mut record = KeyRecord::new(key_hash::hash(name), key_hash::abbreviate(name), NOW, None);
    record.limits.budget_duration = BudgetPeriod::parse("1d").ok();
    record.limits.budget_reset_at = Some(resets_at);
    KeyStore::new(Arc::clone(table)).create(&record, NanoDollars::ZERO).await.unwrap();
    charge(&SpendLog::new(Arc::clone(table), None), name, NOW, name.bytes().last().unwrap(), SPENT).await;
}

fn ending(record: &KeyRecord, at: Option<Timestamp>) -> KeyRecord {
    let limits = Limits { budget_reset_at: at, ..record.limits.clone() };
    KeyRecord { limits, ..record.clone() }
}

async fn stored(table: &Arc<dyn Table>, name: &str) -> StoredKey {
    KeyStore::new(Arc::clone(table)).get(&key_hash::hash(name)).await.unwrap().unwrap()
}

async fn totals(table: &Arc<dyn Table>, name: &str) -> KeyTotals {
    stored(table, name).await.totals
}

async fn roll_over(table: &Arc<dyn Table>) -> JobReport {
    run_one(&maintenance(table, None, clock()), Job::BudgetRollover, LATER).await
}

fn tomorrow() -> Option<Timestamp> {
    calendar::parse("2025-11-22")
}

#[tokio::test]
async fn a_period_that_has_ended_gives_way_to_the_next() {
    let table = table(&clock());
    key(&table, "sk-1", NOW).await;
    KeyStore::new(Arc::clone(&table)).set_blocked(&key_hash::hash("sk-1"), true, None, NOW).await.unwrap();
    let before = stored(&table, "sk-1").await;
    let report = roll_over(&table).await;
    assert_eq!((report.status, report.examined, report.done), (Status::Finished, 1, 1));
    let after = stored(&table, "sk-1").await;
    assert_eq!(after.totals.spend(), NanoDollars::ZERO);
    assert_eq!(after.totals.total, SPENT, "what was ever spent stays known");
    let limits = Limits { budget_reset_at: tomorrow(), ..before.record.limits.clone() };
    assert_eq!(after.record, KeyRecord { limits, ..before.record }, "nothing else changes");
}

#[tokio::test]
async fn a_period_that_is_still_running_is_left_alone() {
    let table = table(&clock());
    key(&table, "sk-1", NOW.plus_millis(1)).await;
    let report = roll_over(&table).await;
    assert_eq!((report.status, report.done), (Status::Finished, 0));
    assert_eq!(totals(&table, "sk-1").await.spend(), SPENT);
}

#[tokio::test]
async fn a_period_that_was_changed_or_taken_away_is_seen_by_the_job() {
    let table = table(&clock());
    key(&table, "sk-1", LATER).await;
    key(&table, "sk-2", NOW).await;
    let keys = KeyStore::new(Arc::clone(&table));
    let (one, two) = (stored(&table, "sk-1").await.record, stored(&table, "sk-2").await.record);
    keys.update(&one, &ending(&one, Some(NOW))).await.unwrap();
    keys.update(&two, &KeyRecord { limits: Limits::default(), ..two.clone() }).await.unwrap();
    assert_eq!(roll_over(&table).await.done, 1);
    assert_eq!(totals(&table, "sk-1").await.spend(), NanoDollars::ZERO);
    assert_eq!(totals(&table, "sk-2").await.spend(), SPENT);
}

#[tokio::test]
async fn two_runs_at_once_begin_a_period_once() {
    let inner = table(&clock());
    key(&inner, "sk-1", NOW).await;
    let other = Arc::clone(&inner);
    let table = Meanwhile::before(&inner, async move {
        assert_eq!(roll_over(&other).await.done, 1);
        charge(&SpendLog::new(Arc::clone(&other), None), "sk-1", NOW, 9, LATE).await;
    });
    assert_eq!(roll_over(&table).await.done, 0);
    assert_eq!(totals(&inner, "sk-1").await.spend(), LATE);
}

#[tokio::test]
async fn what_is_charged_between_the_read_and_the_reset_counts_in_the_new_period() {
    let inner = table(&clock());
    key(&inner, "sk-1", NOW).await;
    let spend = SpendLog::new(Arc::clone(&inner), None);
    let table = Meanwhile::before(&inner, async move {
        charge(&spend, "sk-1", NOW, 9, LATE).await;
    });
    assert_eq!(roll_over(&table).await.done, 1);
    let totals = totals(&inner, "sk-1").await;
    assert_eq!((totals.spend(), totals.total), (LATE, SPENT + LATE));
}

#[tokio::test]
async fn a_spend_set_anew_by_an_administrator_meanwhile_is_not_taken_off_twice() {
    let inner = table(&clock());
    key(&inner, "sk-1", NOW).await;
    let keys = KeyStore::new(Arc::clone(&inner));
    let table = Meanwhile::before(&inner, async move {
        keys.adjust_spend(&key_hash::hash("sk-1"), -SPENT).await.unwrap();
    });
    assert_eq!(roll_over(&table).await.done, 1);
    assert_eq!(totals(&inner, "sk-1").await.spend(), NanoDollars::ZERO);
    assert_eq!(stored(&inner, "sk-1").await.record.limits.budget_reset_at, tomorrow());
}

#[tokio::test]
async fn an_end_set_anew_by_an_administrator_meanwhile_stands() {
    let inner = table(&clock());
    key(&inner, "sk-1", NOW).await;
    let keys = KeyStore::new(Arc::clone(&inner));
    let record = stored(&inner, "sk-1").await.record;
    let table = Meanwhile::before(&inner, async move {
        keys.update(&record, &ending(&record, Some(LATER))).await.unwrap();
    });
    assert_eq!(roll_over(&table).await.done, 0);
    let after = stored(&inner, "sk-1").await;
    assert_eq!((after.record.limits.budget_reset_at, after.totals.spend()), (Some(LATER), SPENT));
}

#[tokio::test]
async fn a_process_forgets_the_callers_whose_period_begins() {
    let table = table(&clock());
    let cache = Arc::new(PrincipalCache::new(3_600_000, 100));
    for (name, resets_at) in [("sk-1", NOW), ("sk-2", LATER)] {
        key(&table, name, resets_at).await;
        let hash = key_hash::hash(name);
        let caller = Arc::new(stored(&table, name).await.into_principal());
        cache.put(&hash, &caller, cache.reading(&hash), (NOW, NOW));
        assert!(cache.get(&hash, NOW).is_some());
    }
    let jobs = maintenance(&table, None, clock()).forgetting(Arc::clone(&cache));
    assert_eq!(run_one(&jobs, Job::BudgetRollover, LATER).await.done, 1);
    assert!(cache.get(&key_hash::hash("sk-1"), NOW).is_none());
    assert!(cache.get(&key_hash::hash("sk-2"), NOW).is_some());
}

#[tokio::test]
async fn a_key_deleted_meanwhile_does_not_come_back() {
    let inner = table(&clock());
    key(&inner, "sk-1", NOW).await;
    let keys = KeyStore::new(Arc::clone(&inner));
    let record = stored(&inner, "sk-1").await.record;
    let table = Meanwhile::before(&inner, async move { keys.delete(&record).await.unwrap() });
    assert_eq!((roll_over(&table).await.done, roll_over(&inner).await.examined), (0, 0));
    let left = inner.query(&Query::partition(format!("KEY#{}", key_hash::hash("sk-1")))).await.unwrap();
    assert_eq!(left.items, []);
}

#[tokio::test]
async fn a_lost_answer_takes_off_once() {
    for lost in [Fault::LostAnswer, Fault::LostRequest, Fault::Duplicate, Fault::Conflict] {
        let inner = table(&clock());
        key(&inner, "sk-1", NOW).await;
        // The cursor, the list, the key and its totals are read; then comes the transaction.
        let plan = Plan::script([None, None, None, None, Some(lost)]);
        let faulty = Arc::new(FaultyTable::new(Arc::clone(&inner), plan));
        let table: Arc<dyn Table> = faulty.clone();
        assert_eq!(roll_over(&table).await.status, Status::Finished);
        assert_eq!(faulty.injected(), [lost]);
        assert_eq!(totals(&inner, "sk-1").await.spend(), NanoDollars::ZERO, "{lost:?}");
        assert_eq!(stored(&inner, "sk-1").await.record.limits.budget_reset_at, tomorrow());
    }
}

#[tokio::test]
async fn a_period_that_cannot_be_read_does_not_stand_in_the_way_of_the_others() {
    let table = table(&clock());
    key(&table, "sk-1", NOW).await;
    key(&table, "sk-2", NOW).await;
    let changes = vec![Change::Set("budget_duration".to_owned(), "3mo".into())];
    let key = key_item::record_key(&key_hash::hash("sk-1"));
    table.write(Write::Update { key, changes, when: Vec::new() }).await.unwrap();
    let report = roll_over(&table).await;
    assert_eq!((report.status, report.done, report.passed_over), (Status::Finished, 1, 1));
    let item = table.get(&key_item::totals_key(&key_hash::hash("sk-1")), Freshness::Latest).await.unwrap().unwrap();
    assert_eq!(key_item::totals_from_item(&item).spend(), SPENT);
    assert_eq!(totals(&table, "sk-2").await.spend(), NanoDollars::ZERO);
}

#[tokio::test]
async fn an_interrupted_run_goes_on_behind_the_last_key() {
    let table = table(&clock());
    for number in 0..20 {
        key(&table, &format!("sk-{number}"), NOW).await;
    }
    let mut looked_at = Vec::new();
    loop {
        let ticking = Arc::new(TickingClock(ManualClock::at(NOW)));
        let jobs = maintenance(&table, None, ticking);
        let report = run_one(&jobs, Job::BudgetRollover, NOW.plus_millis(12)).await;
        assert_eq!(report.done, report.examined);
        looked_at.push(report.examined);
        if report.status == Status::Finished {
            break;
        }
        assert!(report.cursor.is_some() && looked_at.len() < 20, "{report:?}");
    }
    assert!(looked_at.len() > 2, "{looked_at:?}");
    assert_eq!(looked_at.iter().sum::<u64>(), 20, "no key is looked at twice");
    // The next run starts from the first key again.
    assert_eq!(roll_over(&table).await.examined, 20);
}

#[tokio::test]
async fn budgets_of_records_begin_anew_too() {
    let table = table(&clock());
    let records = RecordStore::new(Arc::clone(&table));
    let ids = [
        RecordId::team("t"),
        RecordId::of(RecordKind::User, "u"),
        RecordId::of(RecordKind::Organization, "o"),
        RecordId::of(RecordKind::Customer, "c"),
        RecordId::of(RecordKind::Tag, "g"),
    ];
    for id in &ids {
        let mut record = Record::new(id.clone(), NOW, None);
        record.limits.max_budget = Some(SPENT);
        record.limits.budget_duration = BudgetPeriod::parse("1d").ok();
        record.limits.budget_reset_at = Some(NOW);
        records.create(&record, Vec::new()).await.unwrap();
        records.adjust_spend(id, SPENT).await.unwrap();
    }
    key(&table, "sk-1", NOW).await;
    assert_eq!(roll_over(&table).await.done, ids.len() as u64 + 1);
    for id in &ids {
        let stored = records.get(id).await.unwrap().unwrap();
        assert_eq!((stored.totals.spend(), stored.record.limits.budget_reset_at), (NanoDollars::ZERO, tomorrow()));
        let used = table.get(&id.totals_place(), Freshness::Latest).await.unwrap().and_then(|item| item.number("used"));
        assert_eq!(used, Some(0));
    }
    assert_eq!(roll_over(&table).await.done, 0, "once");
}
