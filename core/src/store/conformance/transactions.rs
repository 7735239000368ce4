//! Transactions: all of it or nothing.

use super::super::item::ITEM_BYTES_MAX;
use super::super::table::{Table, WriteError};
use super::super::write::{Change, Condition, Write};
use super::fixture::{Fixture, failed_condition};
use crate::clock::Clock;
use std::sync::Arc;

/// Every kind of write in one transaction.
pub async fn all_writes_of_a_transaction_happen(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    fixture.put(fixture.item("counted").with("count", 1)).await;
    fixture.put(fixture.item("deleted")).await;
    let writes = vec![
        fixture.put_write("put", vec![Condition::Absent]),
        fixture.update_write("counted", vec![Change::Add("count".to_owned(), 1)], vec![Condition::Exists]),
        Write::Delete { key: fixture.key("deleted"), when: vec![Condition::Exists] },
        fixture.check("elsewhere", vec![Condition::Absent]),
    ];
    fixture.table.transact(None, writes).await.expect("all conditions hold");
    assert_eq!(fixture.get("put").await, Some(fixture.item("put").with("by", "put")));
    assert_eq!(fixture.get("counted").await, Some(fixture.item("counted").with("count", 2)));
    assert_eq!(fixture.get("deleted").await, None);
    assert_eq!(fixture.get("elsewhere").await, None);
}

/// Writes before and after the failing one.
pub async fn a_failed_condition_undoes_all_writes(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    fixture.put(fixture.item("counted").with("count", 1)).await;
    let writes = vec![
        fixture.put_write("put", vec![]),
        fixture.check("missing", vec![Condition::Exists]),
        fixture.update_write("counted", vec![Change::Add("count".to_owned(), 1)], vec![]),
    ];
    fixture.table.transact(None, writes).await.expect_err("one condition fails");
    assert_eq!(fixture.get("put").await, None);
    assert_eq!(fixture.get("counted").await, Some(fixture.item("counted").with("count", 1)));
}

/// The index and the old item of the write that failed.
pub async fn a_failed_condition_is_named_with_its_old_item(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let poor = fixture.item("poor").with("avail", 3).with("status", "active");
    fixture.put(poor.clone()).await;
    let take = |amount: i64| {
        let enough = Condition::AtLeast("avail".to_owned(), amount);
        fixture.update_write("poor", vec![Change::Add("avail".to_owned(), -amount)], vec![enough])
    };
    let writes = vec![fixture.put_write("hold", vec![Condition::Absent]), take(4)];
    let refused = fixture.table.transact(None, writes).await.expect_err("too little is left");
    assert_eq!(failed_condition(refused), (1, Some(poor)));
    let writes = vec![fixture.put_write("hold", vec![Condition::Exists]), take(1)];
    let refused = fixture.table.transact(None, writes).await.expect_err("there is no hold");
    assert_eq!(failed_condition(refused), (0, None));
}

/// `Check` beside writes.
pub async fn a_check_guards_the_other_writes(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let key = fixture.item("key").with("status", "active");
    fixture.put(key.clone()).await;
    let guarded = |status: &str| {
        vec![
            fixture.check("key", vec![Condition::Equals("status".to_owned(), status.into())]),
            fixture.update_write("count", vec![Change::Add("count".to_owned(), 1)], vec![]),
        ]
    };
    fixture.table.transact(None, guarded("active")).await.expect("the key is active");
    let refused = fixture.table.transact(None, guarded("blocked")).await.expect_err("the key is not blocked");
    assert_eq!(failed_condition(refused), (0, Some(key.clone())));
    assert_eq!(fixture.get("count").await.and_then(|item| item.number("count")), Some(1));
    assert_eq!(fixture.get("key").await, Some(key));
}

/// A failure that is no condition.
pub async fn an_item_too_large_undoes_all_writes(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let large = fixture.item("large").with("text", "x".repeat(ITEM_BYTES_MAX));
    let writes = vec![fixture.put_write("small", vec![]), Write::Put { item: large, when: vec![] }];
    let refused = fixture.table.transact(None, writes).await;
    assert!(matches!(refused, Err(WriteError::TooLarge { .. })), "{refused:?}");
    assert_eq!(fixture.get("small").await, None);
}
