//! Values and keys come back as they went in.

use super::super::item::{Key, Value};
use super::super::table::{Freshness, Table};
use super::super::write::Condition;
use super::fixture::Fixture;
use crate::clock::Clock;
use std::sync::Arc;

/// One item with all kinds.
pub async fn every_kind_of_value_is_read_back(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let item = fixture
        .item("a")
        .with("text", "Grüße, 世界 🚀")
        .with("empty text", "")
        .with("number", -42)
        .with("true", true)
        .with("false", false)
        .with("bytes", Value::Bytes((0..=255).collect()))
        .with("no bytes", Value::Bytes(Vec::new()))
        .with("name: with.odd#signs", 1);
    fixture.put(item.clone()).await;
    assert_eq!(fixture.get("a").await.as_ref(), Some(&item));
    let eventual = fixture.table.get(&item.key, Freshness::Eventual).await.expect("a read succeeds");
    assert!(eventual.is_none() || eventual == Some(item), "an eventual read may lag, but tears nothing");
}

/// The ends of `i64`.
pub async fn extreme_numbers_are_read_back_and_compared(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let item =
        fixture.item("a").with("least", i64::MIN).with("most", i64::MAX).with("zero", 0).with("odd", i64::MAX - 1);
    fixture.put(item.clone()).await;
    assert_eq!(fixture.get("a").await, Some(item));
    for (condition, wanted) in [
        (Condition::AtLeast("most".to_owned(), i64::MAX), true),
        (Condition::AtLeast("odd".to_owned(), i64::MAX), false),
        (Condition::AtMost("least".to_owned(), i64::MIN), true),
        (Condition::AtMost("zero".to_owned(), i64::MIN), false),
        (Condition::Equals("odd".to_owned(), i64::MAX.into()), false),
        (Condition::Equals("most".to_owned(), i64::MAX.into()), true),
    ] {
        assert_eq!(fixture.holds("a", vec![condition.clone()]).await, wanted, "{condition:?}");
    }
}

/// Letters that look alike are different keys.
pub async fn unicode_keys_are_kept_apart(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    let sorts = ["é", "e\u{301}", "E", "e", "世界", "🚀", " e", "e "];
    for sort in sorts {
        fixture.put(fixture.item(sort).with("sort", sort)).await;
    }
    for sort in sorts {
        assert_eq!(fixture.get(sort).await, Some(fixture.item(sort).with("sort", sort)), "{sort:?}");
    }
    let partition = format!("{}/é", fixture.partition);
    assert_eq!(fixture.table.get(&Key::new(partition, "é"), Freshness::Latest).await.expect("a read succeeds"), None);
}

/// NUL ends nothing.
pub async fn keys_and_texts_may_hold_nul(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    for sort in ["a", "a\0", "a\0b"] {
        fixture.put(fixture.item(sort).with("text", format!("before\0after {sort}"))).await;
    }
    for sort in ["a", "a\0", "a\0b"] {
        let wanted = fixture.item(sort).with("text", format!("before\0after {sort}"));
        assert_eq!(fixture.get(sort).await, Some(wanted), "{sort:?}");
    }
    let text = Condition::Equals("text".to_owned(), "before".into());
    assert!(!fixture.holds("a", vec![text]).await);
}

/// A key is enough.
pub async fn an_item_without_attributes_is_an_item(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = Fixture::new(table);
    fixture.put(fixture.item("a")).await;
    assert_eq!(fixture.get("a").await, Some(fixture.item("a")));
    assert!(fixture.holds("a", vec![Condition::Exists]).await);
}

/// Both parts of a key count.
pub async fn keys_of_one_partition_are_not_found_in_another(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let one = Fixture::new(Arc::clone(&table));
    let other = Fixture::new(table);
    one.put(one.item("a").with("of", "one")).await;
    assert_eq!(other.get("a").await, None);
    other.put(other.item("a").with("of", "other")).await;
    assert_eq!(one.get("a").await.and_then(|item| item.text("of").map(str::to_owned)).as_deref(), Some("one"));
}
