//! Idempotency tokens: the same call sent again is done once.

use super::super::table::{IdempotencyToken, Table, WriteError};
use super::super::write::{Change, Condition, Write};
use super::fixture::Fixture;
use crate::clock::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::task::JoinSet;

const TRIES_MAX: usize = 10_000;

/// A token that was not used before: tokens are the table's, not the partition's.
fn new_token(clock: &Arc<dyn Clock>) -> IdempotencyToken {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    IdempotencyToken(format!("{:x}-{:x}-{number:x}", clock.now().millis(), std::process::id()))
}

fn count(fixture: &Fixture, amount: i64) -> Vec<Write> {
    vec![
        fixture.update_write("count", vec![Change::Add("count".to_owned(), amount)], vec![]),
        fixture.check("blocked", vec![Condition::Absent]),
    ]
}

async fn counted(fixture: &Fixture) -> Option<i64> {
    fixture.get("count").await.and_then(|item| item.number("count"))
}

/// Same token, same writes; also where the conditions would not hold any more.
pub async fn the_same_call_again_is_a_no_op(table: Arc<dyn Table>, clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let token = new_token(&clock);
    fixture.table.transact(Some(token.clone()), count(&fixture, 1)).await.expect("the first call is done");
    fixture.table.transact(Some(token.clone()), count(&fixture, 1)).await.expect("the second call is a no-op");
    assert_eq!(counted(&fixture).await, Some(1));
    fixture.put(fixture.item("blocked")).await;
    fixture.table.transact(Some(token), count(&fixture, 1)).await.expect("the third call is a no-op");
    assert_eq!(counted(&fixture).await, Some(1));
    let other = new_token(&clock);
    fixture.table.transact(Some(other), count(&fixture, 1)).await.expect_err("another token is another call");
}

/// Same token, other writes.
pub async fn a_token_with_other_writes_is_refused(table: Arc<dyn Table>, clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let token = new_token(&clock);
    fixture.table.transact(Some(token.clone()), count(&fixture, 1)).await.expect("the first call is done");
    let refused = fixture.table.transact(Some(token), count(&fixture, 2)).await;
    assert!(matches!(refused, Err(WriteError::TokenReused)), "{refused:?}");
    assert_eq!(counted(&fixture).await, Some(1));
}

/// A refused call may be sent again with its token.
pub async fn a_failed_transaction_leaves_its_token_free(table: Arc<dyn Table>, clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let token = new_token(&clock);
    fixture.put(fixture.item("blocked")).await;
    fixture.table.transact(Some(token.clone()), count(&fixture, 1)).await.expect_err("a condition fails");
    fixture
        .table
        .write(Write::Delete { key: fixture.key("blocked"), when: vec![] })
        .await
        .expect("an unconditional delete succeeds");
    fixture.table.transact(Some(token), count(&fixture, 1)).await.expect("now all conditions hold");
    assert_eq!(counted(&fixture).await, Some(1));
}

/// The same call from several places at once.
pub async fn many_callers_with_one_token_apply_it_once(table: Arc<dyn Table>, clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let token = new_token(&clock);
    let mut callers = JoinSet::new();
    for _ in 0..16 {
        let (fixture, token) = (fixture.clone(), token.clone());
        callers.spawn(async move {
            for _ in 0..TRIES_MAX {
                match fixture.table.transact(Some(token.clone()), count(&fixture, 1)).await {
                    Ok(()) => return,
                    Err(WriteError::Conflict | WriteError::Throttled(_)) => tokio::task::yield_now().await,
                    Err(other) => panic!("a caller gave up: {other:?}"),
                }
            }
            panic!("a caller never came to an end");
        });
    }
    callers.join_all().await;
    assert_eq!(counted(&fixture).await, Some(1));
}

/// Empty, and over 36 bytes.
pub async fn a_token_of_the_wrong_length_is_refused(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    for length in [0, 37] {
        let token = IdempotencyToken("t".repeat(length));
        let refused = fixture.table.transact(Some(token), count(&fixture, 1)).await;
        assert!(matches!(refused, Err(WriteError::Invalid(_))), "{length}: {refused:?}");
    }
    assert_eq!(counted(&fixture).await, None);
}
