//! What a table refuses, and that nothing happens then.

use super::super::item::{ITEM_BYTES_MAX, Item, Key, PARTITION_BYTES_MAX, RESERVED_NAMES, SORT_BYTES_MAX};
use super::super::table::{Query, TRANSACTION_WRITES_MAX, Table, WriteError};
use super::super::write::{Change, Condition, Write};
use super::fixture::Fixture;
use crate::clock::Clock;
use std::sync::Arc;

/// Room for what stores count differently.
const MARGIN_BYTES: usize = 4096;

async fn is_invalid(fixture: &Fixture, write: Write) -> bool {
    let alone = fixture.table.write(write.clone()).await;
    let together = fixture.table.transact(None, vec![fixture.put_write("beside", vec![]), write]).await;
    assert_eq!(fixture.get("beside").await, None, "nothing of a refused transaction happens");
    matches!(alone, Err(WriteError::Invalid(_))) && matches!(together, Err(WriteError::Invalid(_)))
}

/// Either part.
pub async fn an_empty_key_is_refused(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    for key in [Key::new("", "a"), Key::new(fixture.partition.as_str(), ""), Key::new("", "")] {
        assert!(is_invalid(&fixture, Write::Put { item: Item::new(key.clone()), when: vec![] }).await);
        assert!(is_invalid(&fixture, Write::Delete { key: key.clone(), when: vec![] }).await);
        assert!(is_invalid(&fixture, Write::Check { key, when: vec![Condition::Absent] }).await);
    }
}

/// The longest key, and one byte more.
pub async fn a_key_over_its_length_is_refused(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let partition = |bytes: usize| format!("{}{}", fixture.partition, "p".repeat(bytes - fixture.partition.len()));
    let longest = Key::new(partition(PARTITION_BYTES_MAX), "s".repeat(SORT_BYTES_MAX));
    let put = |key: Key| Write::Put { item: Item::new(key), when: vec![] };
    fixture.table.write(put(longest)).await.expect("the longest key is taken");
    assert!(is_invalid(&fixture, put(Key::new(partition(PARTITION_BYTES_MAX + 1), "s"))).await);
    assert!(is_invalid(&fixture, put(fixture.key(&"s".repeat(SORT_BYTES_MAX + 1)))).await);
}

/// By a put.
pub async fn an_item_over_the_limit_is_refused(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let put = |bytes: usize| Write::Put { item: fixture.item("a").with("text", "x".repeat(bytes)), when: vec![] };
    let refused = fixture.table.write(put(ITEM_BYTES_MAX)).await;
    assert!(matches!(refused, Err(WriteError::TooLarge { limit: ITEM_BYTES_MAX, .. })), "{refused:?}");
    assert_eq!(fixture.get("a").await, None);
    fixture.table.write(put(ITEM_BYTES_MAX - MARGIN_BYTES)).await.expect("an item below the limit is taken");
}

/// By an update.
pub async fn an_update_that_grows_an_item_over_the_limit_is_refused(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let item = fixture.item("a").with("text", "x".repeat(ITEM_BYTES_MAX - MARGIN_BYTES));
    fixture.put(item.clone()).await;
    let grow = || vec![Change::Set("more".to_owned(), "y".repeat(2 * MARGIN_BYTES).into())];
    let alone = fixture.update("a", grow()).await;
    assert!(matches!(alone, Err(WriteError::TooLarge { .. })), "{alone:?}");
    let writes = vec![fixture.put_write("b", vec![]), fixture.update_write("a", grow(), vec![])];
    let together = fixture.table.transact(None, writes).await;
    assert!(matches!(together, Err(WriteError::TooLarge { .. })), "{together:?}");
    assert_eq!(fixture.get("a").await, Some(item));
    assert_eq!(fixture.get("b").await, None);
}

/// 100 and 101 writes.
pub async fn a_transaction_of_a_hundred_writes_is_done_and_one_more_is_refused(
    table: Arc<dyn Table>,
    _clock: Arc<dyn Clock>,
) {
    let fixture = Fixture::new(table);
    let writes = |count: usize| (0..count).map(|number| fixture.put_write(&format!("{number:03}"), vec![])).collect();
    let refused = fixture.table.transact(None, writes(TRANSACTION_WRITES_MAX + 1)).await;
    assert!(matches!(refused, Err(WriteError::Invalid(_))), "{refused:?}");
    assert_eq!(fixture.all_sorts(Query::partition(fixture.partition.as_str())).await.len(), 0);
    fixture.table.transact(None, writes(TRANSACTION_WRITES_MAX)).await.expect("a hundred writes are done");
    let stored = fixture.all_sorts(Query::partition(fixture.partition.as_str())).await;
    assert_eq!(stored.len(), TRANSACTION_WRITES_MAX);
}

/// No writes.
pub async fn an_empty_transaction_is_refused(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let refused = table.transact(None, Vec::new()).await;
    assert!(matches!(refused, Err(WriteError::Invalid(_))), "{refused:?}");
}

/// The same item by two writes.
pub async fn an_item_named_twice_is_refused(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let writes = vec![
        fixture.put_write("a", vec![]),
        fixture.put_write("b", vec![]),
        fixture.check("a", vec![Condition::Absent]),
    ];
    let refused = fixture.table.transact(None, writes).await;
    assert!(matches!(refused, Err(WriteError::Invalid(_))), "{refused:?}");
    assert_eq!(fixture.get("b").await, None);
}

/// Attribute names.
pub async fn reserved_and_empty_names_are_refused(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    for name in RESERVED_NAMES.into_iter().chain([""]) {
        assert!(is_invalid(&fixture, Write::Put { item: fixture.item("a").with(name, 1), when: vec![] }).await);
        let set = vec![Change::Set(name.to_owned(), 1.into())];
        assert!(is_invalid(&fixture, fixture.update_write("a", set, vec![])).await);
    }
}

/// Changes of an update.
pub async fn an_update_without_changes_or_with_a_name_twice_is_refused(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let twice = vec![Change::Set("a".to_owned(), 1.into()), Change::Remove("a".to_owned())];
    assert!(is_invalid(&fixture, fixture.update_write("a", vec![], vec![])).await);
    assert!(is_invalid(&fixture, fixture.update_write("a", twice, vec![])).await);
}
