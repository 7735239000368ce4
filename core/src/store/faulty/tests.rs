//! Each fault does what its name says, and nothing else.
#![cfg(feature = "embedded")]

use super::super::embedded::EmbeddedTable;
use super::super::write::{Change, Condition};
use super::*;
use crate::clock::{ManualClock, Timestamp};

fn table(plan: Plan) -> FaultyTable {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
    FaultyTable::new(Arc::new(EmbeddedTable::in_memory(clock).unwrap()), plan)
}

fn key() -> Key {
    Key::new("p", "s")
}

fn count() -> Write {
    Write::Update { key: key(), changes: vec![Change::Add("count".to_owned(), 1)], when: Vec::new() }
}

async fn counted(table: &FaultyTable, freshness: Freshness) -> Option<i64> {
    table.get(&key(), freshness).await.unwrap().and_then(|item| item.number("count"))
}

async fn counted_after(fault: Fault) -> (Result<Option<Item>, WriteError>, Option<i64>) {
    let table = table(Plan::script([Some(fault)]));
    let answer = table.write(count()).await;
    assert_eq!(table.injected(), [fault]);
    (answer, counted(&table, Freshness::Latest).await)
}

#[tokio::test]
async fn a_refused_write_changes_nothing() {
    let (answer, counted) = counted_after(Fault::Throttled).await;
    assert!(matches!(answer, Err(WriteError::Throttled(_))) && counted.is_none());
    let (answer, counted) = counted_after(Fault::Unavailable).await;
    assert!(matches!(answer, Err(WriteError::Unavailable(_))) && counted.is_none());
    let (answer, counted) = counted_after(Fault::Conflict).await;
    assert!(matches!(answer, Err(WriteError::Conflict)) && counted.is_none());
}

#[tokio::test]
async fn a_lost_request_and_a_lost_answer_look_alike_but_differ_in_effect() {
    let (answer, counted) = counted_after(Fault::LostRequest).await;
    assert!(matches!(answer, Err(WriteError::OutcomeUnknown(_))) && counted.is_none());
    let (answer, counted) = counted_after(Fault::LostAnswer).await;
    assert!(matches!(answer, Err(WriteError::OutcomeUnknown(_))) && counted == Some(1));
}

#[tokio::test]
async fn a_duplicate_write_is_done_twice_unless_a_token_or_condition_stops_it() {
    let (answer, counted_bare) = counted_after(Fault::Duplicate).await;
    assert_eq!((answer.unwrap().unwrap().number("count"), counted_bare), (Some(2), Some(2)));
    let table = table(Plan::script([Some(Fault::Duplicate), None, Some(Fault::Duplicate)]));
    let token = Some(IdempotencyToken("once".to_owned()));
    table.transact(token, vec![count()]).await.unwrap();
    assert_eq!(counted(&table, Freshness::Latest).await, Some(1));
    let create = Write::Put { item: Item::new(Key::new("p", "new")), when: vec![Condition::Absent] };
    let second_answer = table.transact(None, vec![create]).await;
    assert!(matches!(second_answer, Err(WriteError::ConditionFailed { index: 0, .. })));
}

#[tokio::test]
async fn a_stale_read_shows_the_item_before_its_last_write_to_eventual_readers_only() {
    let table = table(Plan::script([]));
    table.write(count()).await.unwrap();
    table.write(count()).await.unwrap();
    table.follow(Plan::script([Some(Fault::Stale); 3]));
    assert_eq!(counted(&table, Freshness::Latest).await, Some(2));
    assert_eq!(counted(&table, Freshness::Eventual).await, Some(1));
    let query = Query { freshness: Freshness::Eventual, ..Query::partition("p") };
    assert_eq!(table.query(&query).await.unwrap().items[0].number("count"), Some(1));
    assert_eq!(counted(&table, Freshness::Eventual).await, Some(2), "the script is over");
}

#[tokio::test]
async fn a_new_item_is_missing_from_a_stale_query() {
    let table = table(Plan::script([]));
    table.write(count()).await.unwrap();
    table.follow(Plan::script([Some(Fault::Stale)]));
    let query = Query { freshness: Freshness::Eventual, ..Query::partition("p") };
    assert_eq!(table.query(&query).await.unwrap().items, []);
}

#[tokio::test]
async fn reads_are_throttled_and_unavailable() {
    let faults = [Fault::Throttled, Fault::Unavailable, Fault::LostAnswer, Fault::LostRequest];
    let table = table(Plan::script(faults.map(Some)));
    assert!(matches!(table.get(&key(), Freshness::Latest).await, Err(ReadError::Throttled(_))));
    for _ in 0..2 {
        assert!(matches!(table.query(&Query::partition("p")).await, Err(ReadError::Unavailable(_))));
    }
    assert!(matches!(table.get(&key(), Freshness::Latest).await, Err(ReadError::Unavailable(_))));
    assert_eq!(table.injected(), faults);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_faults_and_healing_ends_them() {
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let table = table(Plan::Seed { seed, faults_per_thousand: 300 });
        for _ in 0..1000 {
            let _ = table.get(&key(), Freshness::Eventual).await;
        }
        let injected = table.injected();
        assert!((200..400).contains(&injected.len()), "{} of 1000", injected.len());
        assert!(Fault::ALL.iter().all(|fault| injected.contains(fault)), "every kind comes up");
        table.heal();
        for _ in 0..100 {
            table.get(&key(), Freshness::Latest).await.unwrap();
        }
        runs.push(injected);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}
