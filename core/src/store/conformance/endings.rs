//! Items that end. All ends lie in the past or far ahead, so a wall clock serves as well as a movable one.

use super::super::item::Item;
use super::super::table::{Query, Table};
use super::super::write::{Change, Condition, Write};
use super::fixture::{Fixture, failed_condition};
use crate::clock::{Clock, Timestamp};
use std::sync::Arc;

const MINUTE_MILLIS: i64 = 60_000;

/// Stores an item that has ended a minute ago under `sort`.
async fn put_ended(fixture: &Fixture, clock: &Arc<dyn Clock>, sort: &str) {
    let item = fixture.item(sort).with("count", 5).expiring(clock.now().plus_millis(-MINUTE_MILLIS));
    fixture.put(item).await;
}

/// `get` and `query`.
pub async fn an_ended_item_is_not_read(table: Arc<dyn Table>, clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    for sort in ["a", "c", "e"] {
        put_ended(&fixture, &clock, sort).await;
    }
    fixture.put(fixture.item("b")).await;
    fixture.put(fixture.item("d").expiring(clock.now())).await;
    fixture.put(fixture.item("f").expiring(clock.now().plus_millis(60 * MINUTE_MILLIS))).await;
    assert_eq!(fixture.get("a").await, None);
    assert_eq!(fixture.get("d").await, None, "an item is gone from its end on, not after it");
    for limit in [1, 2, 100] {
        let all = Query { limit, ..Query::partition(fixture.partition.as_str()) };
        assert_eq!(fixture.all_sorts(all).await, ["b", "f"], "by {limit}");
    }
}

/// Conditions.
pub async fn an_ended_item_counts_as_absent_in_conditions(table: Arc<dyn Table>, clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let count = || "count".to_owned();
    for (condition, wanted) in [
        (Condition::Absent, true),
        (Condition::Exists, false),
        (Condition::Has(count()), false),
        (Condition::Lacks(count()), true),
        (Condition::AtLeastOrLacks(count(), i64::MAX), true),
        (Condition::AtMostOrLacks(count(), i64::MIN), true),
        (Condition::Equals(count(), 5.into()), false),
        (Condition::Differs(count(), 5.into()), true),
        (Condition::AtLeast(count(), 1), false),
        (Condition::AtMost(count(), 9), false),
    ] {
        // Each kind of write meets the item anew: a condition that holds lets it change what is stored.
        for kind in 0..4 {
            put_ended(&fixture, &clock, "a").await;
            let when = vec![condition.clone()];
            let write = match kind {
                0 => fixture.check("a", when),
                1 => fixture.put_write("a", when),
                2 => fixture.update_write("a", vec![Change::Add("times".to_owned(), 1)], when),
                _ => Write::Delete { key: fixture.key("a"), when },
            };
            let answer = fixture.table.transact(None, vec![write]).await;
            assert_eq!(answer.is_ok(), wanted, "{condition:?} by kind {kind}: {answer:?}");
        }
    }
}

/// The old item of a failed condition.
pub async fn an_ended_item_is_not_shown_as_the_old_one(table: Arc<dyn Table>, clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    put_ended(&fixture, &clock, "a").await;
    let update = || fixture.update_write("a", vec![Change::Add("count".to_owned(), 1)], vec![Condition::Exists]);
    let refused = fixture.table.write(update()).await.expect_err("the item has ended");
    assert_eq!(failed_condition(refused), (0, None));
    let writes = vec![fixture.check("b", vec![Condition::Absent]), update()];
    let refused = fixture.table.transact(None, writes).await.expect_err("the item has ended");
    assert_eq!(failed_condition(refused), (1, None));
}

/// Updates, alone and in a transaction: neither attributes nor the end live on.
pub async fn an_update_of_an_ended_item_starts_anew(table: Arc<dyn Table>, clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let count = || vec![Change::Add("count".to_owned(), 1)];
    put_ended(&fixture, &clock, "a").await;
    let after: Option<Item> = fixture.update("a", count()).await.expect("an update succeeds");
    assert_eq!(after, Some(fixture.item("a").with("count", 1)));
    assert_eq!(fixture.get("a").await, after);
    put_ended(&fixture, &clock, "b").await;
    let writes = vec![fixture.update_write("b", count(), vec![]), fixture.put_write("c", vec![])];
    fixture.table.transact(None, writes).await.expect("a transaction succeeds");
    assert_eq!(fixture.get("b").await, Some(fixture.item("b").with("count", 1)));
}

/// Ends ahead.
pub async fn an_item_that_ends_later_is_there(table: Arc<dyn Table>, clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let end = Timestamp::from_seconds(clock.now().seconds() + 3600);
    let item = fixture.item("a").with("count", 5).expiring(end);
    fixture.put(item.clone()).await;
    assert_eq!(fixture.get("a").await, Some(item));
    assert!(fixture.holds("a", vec![Condition::AtLeast("count".to_owned(), 5)]).await);
}

/// Milliseconds of an end are dropped.
pub async fn the_end_is_kept_in_whole_seconds(table: Arc<dyn Table>, clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let end = Timestamp::from_seconds(clock.now().seconds() + 3600);
    let item = fixture.item("a").expiring(end.plus_millis(999));
    let stored = fixture.table.write(Write::Put { item, when: vec![] }).await.expect("a put succeeds");
    assert_eq!(stored.and_then(|item| item.expires_at), Some(end));
    assert_eq!(fixture.get("a").await.and_then(|item| item.expires_at), Some(end));
}
