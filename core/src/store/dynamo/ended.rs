//! What a write means where the stored item is past its end but not removed yet: DynamoDB's TTL takes up to days.

use crate::store::item::{Item, Key, Value};
use crate::store::write::{Change, Condition, Write};

/// Whether a condition holds of an absent item.
pub(super) fn holds_of_absent(condition: &Condition) -> bool {
    match condition {
        Condition::Absent
        | Condition::Differs(..)
        | Condition::Lacks(_)
        | Condition::AtLeastOrLacks(..)
        | Condition::AtMostOrLacks(..) => true,
        Condition::Exists
        | Condition::Equals(..)
        | Condition::AtLeast(..)
        | Condition::AtMost(..)
        | Condition::Has(_) => false,
    }
}

/// The write to send instead of an update that met an ended item: put a new item, made from nothing by the same
/// changes, in the ended one's place. `None` where the write is no update, or its conditions do not hold of an absent
/// item: then it fails.
pub(super) fn instead_of_update(write: &Write) -> Option<Write> {
    match write {
        Write::Update { key, changes, when } if when.iter().all(holds_of_absent) => {
            Some(Write::Put { item: made_by(key, changes), when: vec![Condition::Absent] })
        }
        _ => None,
    }
}

fn made_by(key: &Key, changes: &[Change]) -> Item {
    let mut item = Item::new(key.clone());
    for change in changes {
        match change {
            Change::Set(name, value) | Change::SetIfMissing(name, value) => {
                item.attributes.insert(name.clone(), value.clone());
            }
            Change::Add(name, number) => {
                item.attributes.insert(name.clone(), Value::Number(*number));
            }
            Change::Remove(_) => {}
            Change::Expire(at) => item.expires_at = *at,
        }
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_of_an_ended_item_starts_from_nothing() {
        let key = Key::new("p", "s");
        let changes = vec![Change::Add("count".to_owned(), 2), Change::Remove("old".to_owned())];
        let write = Write::Update { key: key.clone(), changes: changes.clone(), when: vec![] };
        let item = Item::new(key.clone()).with("count", 2);
        assert_eq!(instead_of_update(&write), Some(Write::Put { item, when: vec![Condition::Absent] }));
        let write = Write::Update { key, changes, when: vec![Condition::Exists] };
        assert_eq!(instead_of_update(&write), None);
    }
}
