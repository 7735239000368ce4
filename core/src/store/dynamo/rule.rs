//! What DynamoDB would refuse, found before it is asked: sizes, empty keys, names used twice.

use super::attribute::{EXPIRES, PARTITION, SORT};
use crate::store::item::{ITEM_BYTES_MAX, Item, Key};
use crate::store::table::{IdempotencyToken, TRANSACTION_WRITES_MAX, WriteError};
use crate::store::write::{Change, Write};
use std::collections::HashSet;

/// The longest partition key, in bytes.
const PARTITION_BYTES_MAX: usize = 2048;
/// The longest sort key, in bytes.
const SORT_BYTES_MAX: usize = 1024;
/// The longest idempotency token, in characters.
const TOKEN_CHARACTERS_MAX: usize = 36;

/// Checks one write.
///
/// # Errors
/// [`WriteError::Invalid`] or [`WriteError::TooLarge`].
pub(super) fn check_write(write: &Write) -> Result<(), WriteError> {
    check_key(write.key())?;
    match write {
        Write::Put { item, .. } => check_item(item),
        Write::Update { changes, .. } => check_changes(changes),
        Write::Delete { .. } | Write::Check { .. } => Ok(()),
    }
}

/// Checks the writes of a transaction together.
///
/// # Errors
/// [`WriteError::Invalid`] or [`WriteError::TooLarge`].
pub(super) fn check_transaction(token: Option<&IdempotencyToken>, writes: &[Write]) -> Result<(), WriteError> {
    if token.is_some_and(|token| token.0.is_empty() || token.0.chars().count() > TOKEN_CHARACTERS_MAX) {
        return Err(WriteError::Invalid("an idempotency token has 1 to 36 characters"));
    }
    if writes.len() > TRANSACTION_WRITES_MAX {
        return Err(WriteError::Invalid("a transaction has at most 100 writes"));
    }
    let mut keys = HashSet::with_capacity(writes.len());
    if !writes.iter().all(|write| keys.insert(write.key())) {
        return Err(WriteError::Invalid("a transaction names an item twice"));
    }
    writes.iter().try_for_each(check_write)
}

fn check_key(key: &Key) -> Result<(), WriteError> {
    if key.partition.is_empty() || key.sort.is_empty() {
        return Err(WriteError::Invalid("a part of the key is empty"));
    }
    if key.partition.len() > PARTITION_BYTES_MAX || key.sort.len() > SORT_BYTES_MAX {
        return Err(WriteError::Invalid("a part of the key is too long"));
    }
    Ok(())
}

fn check_item(item: &Item) -> Result<(), WriteError> {
    item.attributes.keys().try_for_each(|name| check_name(name))?;
    let bytes = item.size();
    if bytes > ITEM_BYTES_MAX { Err(WriteError::TooLarge { bytes, limit: ITEM_BYTES_MAX }) } else { Ok(()) }
}

fn check_changes(changes: &[Change]) -> Result<(), WriteError> {
    let mut names = HashSet::with_capacity(changes.len());
    for change in changes {
        let name = match change {
            Change::Set(name, _) | Change::SetIfMissing(name, _) | Change::Add(name, _) | Change::Remove(name) => {
                check_name(name)?;
                name.as_str()
            }
            Change::Expire(_) => EXPIRES,
        };
        if !names.insert(name) {
            return Err(WriteError::Invalid("an update names an attribute twice"));
        }
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), WriteError> {
    if name.is_empty() {
        return Err(WriteError::Invalid("an attribute has no name"));
    }
    if matches!(name, PARTITION | SORT | EXPIRES) {
        return Err(WriteError::Invalid("an attribute has a name that the table reserves"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(partition: &str, sort: &str) -> Write {
        Write::Put { item: Item::new(Key::new(partition, sort)), when: vec![] }
    }

    #[test]
    fn rules_of_a_write_are_held_before_anything_is_sent() {
        let update = |changes| Write::Update { key: Key::new("p", "s"), changes, when: vec![] };
        let twice = vec![Change::Remove("a".to_owned()), Change::Add("a".to_owned(), 1)];
        let reserved = vec![Change::Set("pk".to_owned(), "x".into())];
        for write in [put("", "s"), put("p", ""), put("p", &"s".repeat(1025)), update(twice), update(reserved)] {
            assert!(matches!(check_write(&write), Err(WriteError::Invalid(_))), "{write:?}");
        }
        assert!(check_write(&put("p", "s")).is_ok());
    }

    #[test]
    fn an_item_over_the_limit_is_refused_with_its_size() {
        let item = Item::new(Key::new("p", "s")).with("a", "x".repeat(ITEM_BYTES_MAX));
        let outcome = check_write(&Write::Put { item, when: vec![] });
        assert!(matches!(outcome, Err(WriteError::TooLarge { bytes, .. }) if bytes > ITEM_BYTES_MAX));
    }

    #[test]
    fn rules_of_a_transaction_are_held() {
        let many: Vec<Write> = (0..=TRANSACTION_WRITES_MAX).map(|n| put("p", &n.to_string())).collect();
        assert!(matches!(check_transaction(None, &many), Err(WriteError::Invalid(_))));
        assert!(matches!(check_transaction(None, &[put("p", "s"), put("p", "s")]), Err(WriteError::Invalid(_))));
        let long = IdempotencyToken("t".repeat(37));
        assert!(matches!(check_transaction(Some(&long), &[put("p", "s")]), Err(WriteError::Invalid(_))));
    }
}
