//! Many writers at once. A store may answer `Conflict` or `Throttled`; the caller tries again.

use super::super::table::{Table, WriteError};
use super::super::write::{Change, Condition, Write};
use super::fixture::Fixture;
use crate::clock::Clock;
use std::sync::Arc;
use tokio::task::JoinSet;

const WRITERS: usize = 64;
const TRIES_MAX: usize = 10_000;

fn take_one(fixture: &Fixture, sort: &str) -> Write {
    let enough = Condition::AtLeast("avail".to_owned(), 1);
    fixture.update_write(sort, vec![Change::Add("avail".to_owned(), -1)], vec![enough])
}

/// Writes until the condition fails; returns how many writes succeeded.
async fn drain(fixture: &Fixture, writes: impl Fn(usize) -> Vec<Write>) -> usize {
    let mut taken = 0;
    for _ in 0..TRIES_MAX {
        let mut writes = writes(taken);
        let answer = match writes.len() {
            1 => fixture.table.write(writes.remove(0)).await.map(drop),
            _ => fixture.table.transact(None, writes).await,
        };
        match answer {
            Ok(()) => taken += 1,
            Err(WriteError::ConditionFailed { .. }) => return taken,
            Err(WriteError::Conflict | WriteError::Throttled(_)) => tokio::task::yield_now().await,
            Err(other) => panic!("a writer gave up: {other:?}"),
        }
    }
    panic!("a writer never came to an end");
}

/// 64 writers share 640.
pub async fn a_counter_is_never_overdrawn(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    fixture.put(fixture.item("budget").with("avail", 640)).await;
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let fixture = fixture.clone();
        writers.spawn(async move { drain(&fixture, |_| vec![take_one(&fixture, "budget")]).await });
    }
    let taken: usize = writers.join_all().await.into_iter().sum();
    assert_eq!(taken, 640);
    assert_eq!(fixture.get("budget").await.and_then(|item| item.number("avail")), Some(0));
}

/// Every transaction takes from two budgets and leaves a receipt; the smaller budget ends it for all.
pub async fn a_transaction_never_takes_half_of_a_budget(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    const SMALL: usize = 96;
    let fixture = Fixture::new(table);
    fixture.put(fixture.item("small").with("avail", SMALL as i64)).await;
    fixture.put(fixture.item("large").with("avail", 1000)).await;
    let mut writers = JoinSet::new();
    for writer in 0..16 {
        let fixture = fixture.clone();
        writers.spawn(async move {
            let receipt = |taken: usize| fixture.put_write(&format!("r/{writer}/{taken}"), vec![Condition::Absent]);
            drain(&fixture, |taken| vec![receipt(taken), take_one(&fixture, "large"), take_one(&fixture, "small")])
                .await
        });
    }
    let taken: usize = writers.join_all().await.into_iter().sum();
    assert_eq!(taken, SMALL);
    assert_eq!(fixture.get("small").await.and_then(|item| item.number("avail")), Some(0));
    assert_eq!(fixture.get("large").await.and_then(|item| item.number("avail")), Some(1000 - SMALL as i64));
    let mut receipts = super::super::table::Query::partition(fixture.partition.as_str());
    receipts.range = super::super::table::SortRange::Prefix("r/".to_owned());
    assert_eq!(fixture.all_sorts(receipts).await.len(), SMALL);
}

/// `Absent` lets one through.
pub async fn one_of_many_creators_wins(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let fixture = fixture.clone();
        writers
            .spawn(async move { drain(&fixture, |_| vec![fixture.put_write("one", vec![Condition::Absent])]).await });
    }
    assert_eq!(writers.join_all().await.into_iter().sum::<usize>(), 1);
}
