//! What a condition and a change mean, for an item in hand. Pure.

use super::super::item::{ITEM_BYTES_MAX, Item, Key, Value};
use super::super::table::WriteError;
use super::super::write::{Change, Write};
use crate::clock::Timestamp;

/// What a write makes of its item.
pub(super) enum Outcome {
    /// It stays as it is.
    Same,
    /// It is this from now on.
    Stored(Item),
    /// It is gone.
    Removed,
}

/// What `write` makes of `old`, the item as it stands (`None`: absent or ended).
///
/// # Errors
/// [`WriteError::ConditionFailed`] with this `index`, [`WriteError::TooLarge`], [`WriteError::Invalid`].
pub(super) fn outcome(write: Write, index: usize, old: Option<&Item>) -> Result<Outcome, WriteError> {
    if !write.conditions().iter().all(|condition| condition.holds(old)) {
        return Err(WriteError::ConditionFailed { index, old: old.cloned().map(Box::new) });
    }
    match write {
        Write::Put { item, .. } => stored(item),
        Write::Update { key, changes, .. } => stored(changed(key, changes, old)?),
        Write::Delete { .. } => Ok(Outcome::Removed),
        Write::Check { .. } => Ok(Outcome::Same),
    }
}

fn stored(mut item: Item) -> Result<Outcome, WriteError> {
    let bytes = item.size();
    if bytes > ITEM_BYTES_MAX {
        return Err(WriteError::TooLarge { bytes, limit: ITEM_BYTES_MAX });
    }
    item.expires_at = item.expires_at.map(|end| Timestamp::from_seconds(end.seconds()));
    Ok(Outcome::Stored(item))
}

fn changed(key: Key, changes: Vec<Change>, old: Option<&Item>) -> Result<Item, WriteError> {
    let mut item = old.cloned().unwrap_or_else(|| Item::new(key));
    for change in changes {
        match change {
            Change::Set(name, value) => {
                item.attributes.insert(name, value);
            }
            Change::SetIfMissing(name, value) => {
                item.attributes.entry(name).or_insert(value);
            }
            Change::Add(name, amount) => add(item.attributes.entry(name).or_insert(Value::Number(0)), amount)?,
            Change::Remove(name) => {
                item.attributes.remove(&name);
            }
            Change::Expire(at) => item.expires_at = at,
        }
    }
    Ok(item)
}

fn add(value: &mut Value, amount: i64) -> Result<(), WriteError> {
    let Value::Number(number) = value else {
        return Err(WriteError::Invalid("only a number can be added to"));
    };
    *number = number.checked_add(amount).ok_or(WriteError::Invalid("the sum does not fit an `i64`"))?;
    Ok(())
}
