//! What changes lead from one item to another, so that an update names what it changes.

use crate::store::item::Item;
use crate::store::write::{Change, Condition};

/// The changes that lead from one item to another, and what must still hold of the attributes that are written whole.
pub(super) fn difference(before: &Item, after: &Item) -> (Vec<Change>, Vec<Condition>) {
    let mut changes = Vec::new();
    let mut when = vec![Condition::Exists];
    let names = before.attributes.keys().chain(after.attributes.keys().filter(|n| !before.attributes.contains_key(*n)));
    for name in names {
        let (old, new) = (before.attributes.get(name), after.attributes.get(name));
        if old == new {
            continue;
        }
        changes.push(match new {
            Some(value) => Change::Set(name.clone(), value.clone()),
            None => Change::Remove(name.clone()),
        });
        if matches!(name.as_str(), "metadata" | "document" | "key_alias" | "models" | "secret") {
            when.push(match old {
                Some(value) => Condition::Equals(name.clone(), value.clone()),
                None => Condition::Lacks(name.clone()),
            });
        }
    }
    (changes, when)
}
