//! Changes: what each write leaves behind.

use super::super::item::{Item, Value};
use super::super::table::{Table, WriteError};
use super::super::write::{Change, Write};
use super::fixture::Fixture;
use crate::clock::Clock;
use std::sync::Arc;

fn set(name: &str, value: impl Into<Value>) -> Change {
    Change::Set(name.to_owned(), value.into())
}

fn add(name: &str, amount: i64) -> Change {
    Change::Add(name.to_owned(), amount)
}

/// A put keeps nothing of what stood there.
pub async fn a_put_replaces_the_whole_item(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    fixture.put(fixture.item("a").with("old", 1).with("both", 1)).await;
    let new = fixture.item("a").with("both", 2);
    fixture.put(new.clone()).await;
    assert_eq!(fixture.get("a").await, Some(new));
}

/// An update stores an item where there is none.
pub async fn an_update_makes_a_missing_item(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    fixture.update("a", vec![set("name", "new"), add("count", 3)]).await.expect("an update succeeds");
    assert_eq!(fixture.get("a").await, Some(fixture.item("a").with("name", "new").with("count", 3)));
}

/// `Set` and `SetIfMissing`.
pub async fn set_replaces_and_set_if_missing_does_not(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    fixture.put(fixture.item("a").with("one", 1).with("two", 2)).await;
    let if_missing = |name: &str| Change::SetIfMissing(name.to_owned(), 9.into());
    let changes = vec![set("one", "another kind"), if_missing("two"), if_missing("three")];
    fixture.update("a", changes).await.expect("an update succeeds");
    let wanted = fixture.item("a").with("one", "another kind").with("two", 2).with("three", 9);
    assert_eq!(fixture.get("a").await, Some(wanted));
}

/// `Add`.
pub async fn add_counts_from_zero_and_downwards(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    for (amount, sum) in [(5, 5), (-7, -2), (0, -2), (2, 0)] {
        let after = fixture.update("a", vec![add("count", amount)]).await.expect("an update succeeds");
        assert_eq!(after.and_then(|item| item.number("count")), Some(sum));
    }
}

/// `Add` to what is no number.
pub async fn adding_to_a_text_is_refused(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let item = fixture.item("a").with("name", "text");
    fixture.put(item.clone()).await;
    let refused = fixture.update("a", vec![set("other", 1), add("name", 1)]).await;
    assert!(matches!(refused, Err(WriteError::Invalid(_))), "{refused:?}");
    assert_eq!(fixture.get("a").await, Some(item), "nothing changed");
}

/// `Remove`.
pub async fn remove_takes_the_attribute_away(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    fixture.put(fixture.item("a").with("gone", 1).with("kept", 2)).await;
    let remove = |name: &str| Change::Remove(name.to_owned());
    fixture.update("a", vec![remove("gone"), remove("never there")]).await.expect("an update succeeds");
    assert_eq!(fixture.get("a").await, Some(fixture.item("a").with("kept", 2)));
}

/// An update touches only what it names, the end included.
pub async fn an_update_leaves_other_attributes_alone(table: Arc<dyn Table>, clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let end = crate::clock::Timestamp::from_seconds(clock.now().seconds() + 1000);
    fixture.put(fixture.item("a").with("one", 1).with("two", "zwei").expiring(end)).await;
    fixture.update("a", vec![set("one", 2)]).await.expect("an update succeeds");
    assert_eq!(fixture.get("a").await, Some(fixture.item("a").with("one", 2).with("two", "zwei").expiring(end)));
}

/// `Expire`.
pub async fn expire_sets_and_lifts_the_end(table: Arc<dyn Table>, clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let now = clock.now();
    let later = crate::clock::Timestamp::from_seconds(now.seconds() + 1000);
    fixture.put(fixture.item("a").with("one", 1)).await;
    fixture.update("a", vec![Change::Expire(Some(later))]).await.expect("an update succeeds");
    assert_eq!(fixture.get("a").await.and_then(|item| item.expires_at), Some(later));
    fixture.update("a", vec![Change::Expire(None)]).await.expect("an update succeeds");
    assert_eq!(fixture.get("a").await, Some(fixture.item("a").with("one", 1)));
    fixture.update("a", vec![Change::Expire(Some(now.plus_millis(-60_000)))]).await.expect("an update succeeds");
    assert_eq!(fixture.get("a").await, None);
}

/// The answer of `write`.
pub async fn a_write_answers_with_the_item_after_it(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let item = fixture.item("a").with("count", 1).with("name", "a");
    let write = |write: Write| fixture.table.write(write);
    let put: Option<Item> = write(Write::Put { item: item.clone(), when: vec![] }).await.expect("a put succeeds");
    assert_eq!(put, Some(item));
    let updated = fixture.update("a", vec![add("count", 1)]).await.expect("an update succeeds");
    assert_eq!(updated, Some(fixture.item("a").with("count", 2).with("name", "a")));
    let deleted = write(Write::Delete { key: fixture.key("a"), when: vec![] }).await.expect("a delete succeeds");
    assert_eq!(deleted, None);
    assert_eq!(fixture.get("a").await, None);
}

/// `Delete` of nothing.
pub async fn deleting_a_missing_item_is_no_error(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let delete = Write::Delete { key: fixture.key("a"), when: vec![] };
    assert_eq!(fixture.table.write(delete).await.expect("a delete succeeds"), None);
}
