//! What no table takes, whatever stands behind it: checked before anything is sent, so that every store refuses alike.

use super::item::{Item, Key, PARTITION_BYTES_MAX, RESERVED_NAMES, SORT_BYTES_MAX};
use super::table::{IdempotencyToken, TOKEN_BYTES_MAX, TRANSACTION_WRITES_MAX, WriteError};
use super::write::{Change, Write};

/// Checks a whole transaction.
///
/// # Errors
/// [`WriteError::Invalid`] names the rule that it breaks.
pub fn check_transaction(token: Option<&IdempotencyToken>, writes: &[Write]) -> Result<(), WriteError> {
    if token.is_some_and(|token| token.0.is_empty() || token.0.len() > TOKEN_BYTES_MAX) {
        return Err(WriteError::Invalid("an idempotency token has 1 to 36 bytes"));
    }
    if writes.is_empty() {
        return Err(WriteError::Invalid("a transaction has at least one write"));
    }
    if writes.len() > TRANSACTION_WRITES_MAX {
        return Err(WriteError::Invalid("a transaction has at most 100 writes"));
    }
    for (index, write) in writes.iter().enumerate() {
        check_write(write)?;
        if writes.iter().take(index).any(|earlier| earlier.key() == write.key()) {
            return Err(WriteError::Invalid("a transaction names an item at most once"));
        }
    }
    Ok(())
}

/// Checks one write.
///
/// # Errors
/// [`WriteError::Invalid`] names the rule that it breaks.
pub fn check_write(write: &Write) -> Result<(), WriteError> {
    check_key(write.key())?;
    match write {
        Write::Put { item, .. } => check_names(item),
        Write::Update { changes, .. } => check_changes(changes),
        Write::Delete { .. } | Write::Check { .. } => Ok(()),
    }
}

fn check_key(key: &Key) -> Result<(), WriteError> {
    if key.partition.is_empty() || key.sort.is_empty() {
        return Err(WriteError::Invalid("neither part of a key is empty"));
    }
    if key.partition.len() > PARTITION_BYTES_MAX {
        return Err(WriteError::Invalid("a partition key has at most 2048 bytes"));
    }
    if key.sort.len() > SORT_BYTES_MAX {
        return Err(WriteError::Invalid("a sort key has at most 1024 bytes"));
    }
    Ok(())
}

fn check_names(item: &Item) -> Result<(), WriteError> {
    item.attributes.keys().try_for_each(|name| check_name(name))
}

fn check_changes(changes: &[Change]) -> Result<(), WriteError> {
    if changes.is_empty() {
        return Err(WriteError::Invalid("an update has at least one change"));
    }
    for (index, change) in changes.iter().enumerate() {
        if let Some(name) = change.attribute() {
            check_name(name)?;
        }
        if changes.iter().take(index).any(|earlier| earlier.attribute() == change.attribute()) {
            return Err(WriteError::Invalid("an update names an attribute at most once"));
        }
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), WriteError> {
    if name.is_empty() {
        return Err(WriteError::Invalid("an attribute's name is not empty"));
    }
    if RESERVED_NAMES.contains(&name) {
        return Err(WriteError::Invalid("`pk`, `sk` and `expires_at` are no attribute names"));
    }
    Ok(())
}
