//! What a write changes of an object, as it is shown: the fields that it touches, before and after.

use super::mask::shown;
use super::object::Action;
use crate::store::item::Item;
use crate::store::write::{Change, Write};
use serde_json::{Map, Value};

/// What is shown of a change.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    pub(super) action: Action,
    pub(super) before: Map<String, Value>,
    pub(super) after: Map<String, Value>,
}

impl Shown {
    /// The change of another item of the same object. What is done with the first is what is done with the object.
    pub(super) fn add(&mut self, other: Self) {
        self.before.extend(other.before);
        self.after.extend(other.after);
    }
}

/// What `write` makes of the item as it stood. `None`: nothing that is shown.
pub(super) fn of(write: &Write, stood: Option<&Item>) -> Option<Shown> {
    match write {
        Write::Put { item, .. } => put(item, stood),
        Write::Update { changes, .. } => update(changes, stood),
        Write::Delete { .. } => Some(Shown { action: Action::Deleted, before: whole(stood?), after: Map::new() }),
        Write::Check { .. } => None,
    }
}

fn whole(item: &Item) -> Map<String, Value> {
    item.attributes.iter().map(|(name, value)| (name.clone(), shown(name, value))).collect()
}

/// An item in place of another: only what differs is told.
fn put(item: &Item, stood: Option<&Item>) -> Option<Shown> {
    let after = whole(item);
    let Some(stood) = stood else {
        return Some(Shown { action: Action::Created, before: Map::new(), after });
    };
    let before = whole(stood);
    let differs = |one: &Map<String, Value>, other: &Map<String, Value>| {
        let differs = |(name, value): &(&String, &Value)| other.get(*name) != Some(value);
        one.iter().filter(differs).map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>()
    };
    let shown = Shown { action: Action::Updated, before: differs(&before, &after), after: differs(&after, &before) };
    (!shown.before.is_empty() || !shown.after.is_empty()).then_some(shown)
}

fn update(changes: &[Change], stood: Option<&Item>) -> Option<Shown> {
    let (mut before, mut after) = (Map::new(), Map::new());
    for change in changes {
        let Some(name) = change.attribute() else { continue };
        let was = stood.and_then(|item| item.attributes.get(name)).map(|value| shown(name, value));
        let is = match change {
            Change::Set(_, value) => Some(shown(name, value)),
            Change::SetIfMissing(_, value) if was.is_none() => Some(shown(name, value)),
            // Calls in flight move it too: what it was is not known to the last digit.
            Change::Add(_, amount) => {
                after.insert(name.to_owned(), format!("{amount:+}").into());
                continue;
            }
            Change::SetIfMissing(..) | Change::Remove(_) | Change::Expire(_) => None,
        };
        if was == is || matches!(change, Change::SetIfMissing(..)) && is.is_none() {
            continue;
        }
        before.extend(was.map(|was| (name.to_owned(), was)));
        after.insert(name.to_owned(), is.unwrap_or(Value::Null));
    }
    let action = if stood.is_some() { Action::Updated } else { Action::Created };
    (!after.is_empty()).then_some(Shown { action, before, after })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::item::Key;
    use serde_json::json;

    fn item() -> Item {
        Item::new(Key::new("KEY#a", "KEY")).with("alias", "x").with("rpm", 7).with("blocked", false)
    }

    fn told(write: &Write, stood: Option<&Item>) -> Option<(Action, Value, Value)> {
        of(write, stood).map(|shown| (shown.action, shown.before.into(), shown.after.into()))
    }

    #[test]
    fn of_an_update_the_fields_that_it_moves_are_told() {
        let changes = vec![
            Change::Set("alias".to_owned(), "y".into()),
            Change::Set("blocked".to_owned(), false.into()),
            Change::Remove("rpm".to_owned()),
            Change::Add("spend".to_owned(), -5),
            Change::SetIfMissing("alias".to_owned(), "z".into()),
        ];
        let write = Write::Update { key: item().key, changes, when: Vec::new() };
        let before = json!({"alias": "x", "rpm": 7});
        let after = json!({"alias": "y", "rpm": null, "spend": "-5"});
        assert_eq!(told(&write, Some(&item())), Some((Action::Updated, before, after)));
        let same =
            Write::Update { key: item().key, changes: vec![Change::Set("rpm".to_owned(), 7.into())], when: Vec::new() };
        assert_eq!(told(&same, Some(&item())), None);
    }

    #[test]
    fn what_is_made_and_what_is_removed_is_told_whole() {
        let put = Write::Put { item: item(), when: Vec::new() };
        let all = json!({"alias": "x", "rpm": 7, "blocked": false});
        assert_eq!(told(&put, None), Some((Action::Created, json!({}), all.clone())));
        assert_eq!(told(&put, Some(&item())), None);
        let delete = Write::Delete { key: item().key, when: Vec::new() };
        assert_eq!(told(&delete, Some(&item())), Some((Action::Deleted, all, json!({}))));
        assert_eq!(told(&delete, None), None);
    }

    #[test]
    fn a_secret_that_is_sealed_anew_is_no_change_that_is_shown() {
        let sealed = |bytes: u8| {
            Item::new(Key::new("CREDENTIALS", "c")).with("value", crate::store::item::Value::Bytes(vec![bytes]))
        };
        let put = Write::Put { item: sealed(2), when: Vec::new() };
        assert_eq!(told(&put, Some(&sealed(1))), None);
    }
}
