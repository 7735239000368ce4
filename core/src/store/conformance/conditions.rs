//! Conditions: what each asks of an item that is there, and of one that is not.

use super::super::item::Value;
use super::super::table::Table;
use super::super::write::{Condition, Write};
use super::fixture::{Fixture, failed_condition};
use crate::clock::Clock;
use std::sync::Arc;

async fn with_item(table: Arc<dyn Table>) -> Fixture {
    let fixture = Fixture::new(table);
    let item = fixture.item("there").with("count", 5).with("name", "five").with("open", true).with("empty", "");
    fixture.put(item).await;
    fixture
}

/// `Exists`.
pub async fn exists_holds_of_a_stored_item_only(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = with_item(table).await;
    assert!(fixture.holds("there", vec![Condition::Exists]).await);
    assert!(!fixture.holds("missing", vec![Condition::Exists]).await);
}

/// `Absent`.
pub async fn absent_holds_of_a_missing_item_only(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = with_item(table).await;
    assert!(!fixture.holds("there", vec![Condition::Absent]).await);
    assert!(fixture.holds("missing", vec![Condition::Absent]).await);
}

/// `Equals`.
pub async fn equals_compares_value_and_kind(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = with_item(table).await;
    let equals = |name: &str, value: Value| vec![Condition::Equals(name.to_owned(), value)];
    assert!(fixture.holds("there", equals("count", 5.into())).await);
    assert!(fixture.holds("there", equals("name", "five".into())).await);
    assert!(fixture.holds("there", equals("open", true.into())).await);
    assert!(fixture.holds("there", equals("empty", "".into())).await);
    assert!(!fixture.holds("there", equals("count", 6.into())).await);
    assert!(!fixture.holds("there", equals("count", "5".into())).await);
    assert!(!fixture.holds("there", equals("open", false.into())).await);
    assert!(!fixture.holds("there", equals("other", 5.into())).await);
    assert!(!fixture.holds("missing", equals("count", 5.into())).await);
}

/// `Differs`.
pub async fn differs_holds_of_a_missing_attribute_too(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = with_item(table).await;
    let differs = |name: &str, value: Value| vec![Condition::Differs(name.to_owned(), value)];
    assert!(!fixture.holds("there", differs("count", 5.into())).await);
    assert!(fixture.holds("there", differs("count", 6.into())).await);
    assert!(fixture.holds("there", differs("count", "5".into())).await);
    assert!(fixture.holds("there", differs("other", 5.into())).await);
    assert!(fixture.holds("missing", differs("count", 5.into())).await);
}

/// `AtLeast` and `AtMost`.
pub async fn at_least_and_at_most_include_their_bound(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = with_item(table).await;
    for (bound, at_least, at_most) in [(4, true, false), (5, true, true), (6, false, true)] {
        let least = Condition::AtLeast("count".to_owned(), bound);
        let most = Condition::AtMost("count".to_owned(), bound);
        assert_eq!(fixture.holds("there", vec![least]).await, at_least, "at least {bound}");
        assert_eq!(fixture.holds("there", vec![most]).await, at_most, "at most {bound}");
        let least = Condition::AtLeastOrLacks("count".to_owned(), bound);
        let most = Condition::AtMostOrLacks("count".to_owned(), bound);
        assert_eq!(fixture.holds("there", vec![least]).await, at_least, "lacks it, or at least {bound}");
        assert_eq!(fixture.holds("there", vec![most]).await, at_most, "lacks it, or at most {bound}");
    }
}

/// `AtLeast` and `AtMost` of what is no number.
pub async fn bounds_hold_of_numbers_only(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = with_item(table).await;
    for (sort, name) in [("there", "name"), ("there", "open"), ("there", "other"), ("missing", "count")] {
        for condition in [Condition::AtLeast(name.to_owned(), i64::MIN), Condition::AtMost(name.to_owned(), i64::MAX)] {
            assert!(!fixture.holds(sort, vec![condition.clone()]).await, "{condition:?} of `{sort}`");
        }
    }
}

/// `AtLeastOrLacks` and `AtMostOrLacks` of what is no number, and of nothing.
pub async fn bounds_or_nothing_hold_of_nothing(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = with_item(table).await;
    for (sort, name, lacks) in
        [("there", "name", false), ("there", "open", false), ("there", "other", true), ("missing", "count", true)]
    {
        let least = Condition::AtLeastOrLacks(name.to_owned(), i64::MIN);
        let most = Condition::AtMostOrLacks(name.to_owned(), i64::MAX);
        for condition in [least, most] {
            assert_eq!(fixture.holds(sort, vec![condition.clone()]).await, lacks, "{condition:?} of `{sort}`");
        }
    }
}

/// `Has` and `Lacks`.
pub async fn has_and_lacks_ask_for_the_attribute(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = with_item(table).await;
    for (sort, name, has) in
        [("there", "count", true), ("there", "empty", true), ("there", "other", false), ("missing", "count", false)]
    {
        assert_eq!(fixture.holds(sort, vec![Condition::Has(name.to_owned())]).await, has, "`{sort}` has `{name}`");
        assert_eq!(fixture.holds(sort, vec![Condition::Lacks(name.to_owned())]).await, !has, "`{sort}` lacks `{name}`");
    }
}

/// Several conditions on one write.
pub async fn all_conditions_of_a_write_must_hold(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = with_item(table).await;
    let good = || Condition::AtLeast("count".to_owned(), 5);
    let also_good = || Condition::Equals("name".to_owned(), "five".into());
    let bad = || Condition::Equals("open".to_owned(), false.into());
    assert!(fixture.holds("there", vec![good(), also_good(), Condition::Exists]).await);
    assert!(!fixture.holds("there", vec![good(), also_good(), bad()]).await);
    assert!(!fixture.holds("there", vec![bad(), good()]).await);
    assert!(fixture.holds("there", vec![]).await);
}

/// The item that stood in the way is shown.
pub async fn a_failed_condition_carries_the_old_item(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = with_item(table).await;
    let stored = fixture.get("there").await;
    let refused = fixture.table.write(fixture.put_write("there", vec![Condition::Absent])).await.expect_err("refused");
    assert_eq!(failed_condition(refused), (0, stored.clone()));
    let delete = Write::Delete { key: fixture.key("missing"), when: vec![Condition::Exists] };
    assert_eq!(failed_condition(fixture.table.write(delete).await.expect_err("refused")), (0, None));
    let check = fixture.check("there", vec![Condition::Absent]);
    assert_eq!(failed_condition(fixture.table.write(check).await.expect_err("refused")), (0, stored.clone()));
    assert_eq!(fixture.get("there").await, stored, "nothing changed");
}

/// `Check` as a write of its own.
pub async fn a_check_changes_nothing(table: Arc<dyn Table>, _clock: Arc<dyn Clock>) {
    let fixture = with_item(table).await;
    let stored = fixture.get("there").await;
    let answer = fixture.table.write(fixture.check("there", vec![Condition::Exists])).await.expect("it holds");
    assert_eq!(answer, None);
    fixture.table.write(fixture.check("missing", vec![Condition::Absent])).await.expect("it holds");
    assert_eq!(fixture.get("there").await, stored);
    assert_eq!(fixture.get("missing").await, None);
}
