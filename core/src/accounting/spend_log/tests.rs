//! Every dispatched call is charged once and logged once, whatever the store does.

use super::super::spend_query::SpendQuery;
use super::super::spend_row::tests::row;
use super::*;
use crate::clock::ManualClock;
use crate::store::embedded::EmbeddedTable;
use crate::store::item::Item;
use crate::store::table::{IdempotencyToken, Page, Query};
use async_trait::async_trait;
use std::collections::VecDeque;
use std::sync::Mutex;

const NOW: i64 = 1_763_700_000_000;

/// A table whose next transactions fail as scripted.
struct Scripted {
    inner: EmbeddedTable,
    script: Mutex<VecDeque<Fault>>,
}

enum Fault {
    AppliedUnanswered,
    LostUnanswered,
    Conflict,
}

#[async_trait]
impl Table for Scripted {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, ReadError> {
        self.inner.get(key, freshness).await
    }

    async fn query(&self, query: &Query) -> Result<Page, ReadError> {
        self.inner.query(query).await
    }

    async fn write(&self, write: Write) -> Result<Option<Item>, WriteError> {
        self.inner.write(write).await
    }

    async fn transact(&self, token: Option<IdempotencyToken>, writes: Vec<Write>) -> Result<(), WriteError> {
        let fault = self.script.lock().unwrap().pop_front();
        match fault {
            None => self.inner.transact(token, writes).await,
            Some(Fault::Conflict) => Err(WriteError::Conflict),
            Some(Fault::LostUnanswered) => Err(WriteError::OutcomeUnknown("lost".into())),
            Some(Fault::AppliedUnanswered) => {
                self.inner.transact(token, writes).await?;
                Err(WriteError::OutcomeUnknown("unanswered".into()))
            }
        }
    }
}

fn log(script: impl IntoIterator<Item = Fault>) -> (SpendLog, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::from_millis(NOW)));
    let inner = EmbeddedTable::in_memory(clock.clone()).unwrap();
    let table = Arc::new(Scripted { inner, script: Mutex::new(script.into_iter().collect()) });
    (SpendLog::new(table, Some(30)), clock)
}

/// What the key of the rows was charged: nano-dollars, tokens, requests.
async fn charged(log: &SpendLog) -> (i64, i64, i64) {
    let key = totals_key(&row(NOW, 0, 0).key);
    let item = log.table.get(&key, Freshness::Latest).await.unwrap();
    let number = |name| item.as_ref().and_then(|item| item.number(name)).unwrap_or(0);
    (number("spend"), number("tokens"), number("requests"))
}

#[tokio::test]
async fn a_call_settled_twice_is_charged_once() {
    let (log, _) = log([]);
    let row = row(NOW, 1, 80_000);
    assert_eq!(log.settle(&row).await.unwrap(), Settled::Now);
    assert_eq!(log.settle(&row).await.unwrap(), Settled::Before);
    assert_eq!(charged(&log).await, (80_000, 17, 1));
    assert_eq!(log.find(row.request_id).await.unwrap(), Some(row));
}

#[tokio::test]
async fn of_corrections_only_the_late_ones_are_left_out() {
    let (log, _) = log([]);
    let correction = |sort: &str, when| {
        let changes = vec![Change::Add("tokens".to_owned(), 5)];
        let write = Write::Update { key: Key::new("RATE#k", sort), changes, when };
        Preferred { write, otherwise: None }
    };
    let corrected = vec![
        correction("late", vec![Condition::Exists]),
        correction("a", Vec::new()),
        correction("later", vec![Condition::Exists]),
        correction("b", Vec::new()),
    ];
    let held = Write::Delete { key: Key::new("HOLD#0", "call"), when: Vec::new() };
    let release = Release { ended: vec![held], corrected, ..Release::default() };
    log.settle_held(&row(NOW, 1, 80_000), release).await.unwrap();
    let items = log.table.query(&Query::partition("RATE#k")).await.unwrap().items;
    assert_eq!(items.into_iter().map(|item| item.key.sort).collect::<Vec<_>>(), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_resolved_and_charges_once() {
    use Fault::{AppliedUnanswered, Conflict, LostUnanswered};
    let scripts: [Vec<Fault>; 4] = [
        vec![AppliedUnanswered],
        vec![LostUnanswered],
        vec![LostUnanswered, AppliedUnanswered],
        vec![Conflict, Conflict, LostUnanswered, Conflict],
    ];
    for script in scripts {
        let (log, _) = log(script);
        assert_eq!(log.settle(&row(NOW, 1, 80_000)).await.unwrap(), Settled::Now);
        assert_eq!(charged(&log).await, (80_000, 17, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_is_reported_and_settling_again_is_safe() {
    let (log, _) = log((0..7).map(|_| Fault::LostUnanswered));
    let row = row(NOW, 1, 80_000);
    assert!(matches!(log.settle(&row).await, Err(SettleError::OutcomeUnknown(_))));
    assert_eq!(log.settle(&row).await.unwrap(), Settled::Now);
    assert_eq!(charged(&log).await, (80_000, 17, 1));
}

#[tokio::test]
async fn a_call_that_used_nothing_is_logged_and_not_charged() {
    let (log, _) = log([]);
    let mut failed = row(NOW, 1, 0);
    failed.details.usage = crate::usage::Usage::default();
    log.settle(&failed).await.unwrap();
    assert_eq!(charged(&log).await, (0, 0, 0));
    assert!(log.find(failed.request_id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_call_with_more_data_than_a_row_takes_is_charged_all_the_same() {
    let (log, _) = log([]);
    let mut large = row(NOW, 1, 80_000);
    large.details.metadata.insert("a".to_owned(), "x".repeat(500_000).into());
    large.details.end_user = Some("\u{e9}".repeat(300_000));
    assert_eq!(log.settle(&large).await.unwrap(), Settled::Now);
    assert_eq!(charged(&log).await, (80_000, 17, 1));
    assert_eq!(log.find(large.request_id).await.unwrap().unwrap().details.end_user.unwrap().len(), 1024);
}

#[tokio::test]
async fn a_free_call_that_used_tokens_is_counted() {
    let (log, _) = log([]);
    log.settle(&row(NOW, 1, 0)).await.unwrap();
    assert_eq!(charged(&log).await, (0, 17, 1));
}

#[tokio::test]
async fn many_calls_of_one_key_at_once_lose_nothing() {
    let (log, _) = log([]);
    let calls = (0..200).map(|n| row(NOW + n, n as u8, 1000));
    let calls: Vec<_> = calls.collect();
    futures_util::future::try_join_all(calls.iter().map(|call| log.settle(call))).await.unwrap();
    assert_eq!(charged(&log).await, (200_000, 3400, 200));
}

#[tokio::test]
async fn rows_end_with_their_retention() {
    let (log, clock) = log([]);
    let row = row(NOW, 1, 80_000);
    log.settle(&row).await.unwrap();
    clock.advance_millis(30 * DAY_MILLIS - 1000);
    assert!(log.find(row.request_id).await.unwrap().is_some());
    clock.advance_millis(2000);
    assert!(log.find(row.request_id).await.unwrap().is_none());
}

#[tokio::test]
async fn rows_come_newest_first_over_shards_pages_and_days() {
    let (log, _) = log([]);
    // Three days, all shards, more than a page of one shard.
    let times: Vec<i64> = (0..400).map(|n| NOW - n * 2 * DAY_MILLIS / 400).collect();
    for (number, at) in times.iter().enumerate() {
        let tail = if number % 2 == 0 { 5 } else { number as u8 };
        log.settle(&row(*at, tail, 1)).await.unwrap();
    }
    let all = SpendQuery::span(Timestamp::from_millis(NOW - 3 * DAY_MILLIS), Timestamp::from_millis(NOW));
    let rows = log.newest(&all, 1000).await.unwrap();
    let seen: Vec<i64> = rows.iter().map(|row| row.request_id.arrived().millis()).collect();
    assert_eq!(seen, times);
    assert_eq!(log.newest(&all, 3).await.unwrap().len(), 3);
}

#[tokio::test]
async fn rows_are_found_by_span_key_and_user() {
    let (log, _) = log([]);
    let mut other = row(NOW, 2, 1);
    other.key = crate::crypto::key_hash::hash("sk-2");
    other.details.user_id = None;
    for call in [&row(NOW - 1, 1, 1), &other, &row(NOW + 1, 3, 1)] {
        log.settle(call).await.unwrap();
    }
    let at = Timestamp::from_millis;
    let count = async |query: SpendQuery| log.newest(&query, 10).await.unwrap().len();
    assert_eq!(count(SpendQuery::span(at(NOW - 1), at(NOW + 1))).await, 3);
    assert_eq!(count(SpendQuery::span(at(NOW), at(NOW))).await, 1);
    let span = SpendQuery::span(at(NOW - 1), at(NOW + 1));
    assert_eq!(count(SpendQuery { key: Some(other.key.clone()), ..span.clone() }).await, 1);
    assert_eq!(count(SpendQuery { user_id: Some("u-1".to_owned()), ..span }).await, 2);
}
