//! Replacing a key while everything it is known by stays: its record, totals, limits, holds and rows of the spend log.
//! A key is known by the hash that it was made with; each later secret's hash is a pointer to that. A secret that was
//! replaced may open the key for a while longer: its pointer then ends by itself.
//!
//! | attribute | holds |
//! |---|---|
//! | `key` | the hash that the key was made with |
//! | `made` | when that key was made: another key made with the same hash later is not meant |

use super::key_item;
use super::key_record::{KeyRecord, StoredKey};
use super::key_store::{KeyStore, KeyStoreError};
use crate::clock::Timestamp;
use crate::id::KeyHash;
use crate::store::item::Item;
use crate::store::table::ReadError;
use crate::store::write::{Condition, Write};

/// A key that a caller presents a secret of.
#[derive(Debug)]
pub struct Presented {
    /// The key.
    pub stored: StoredKey,
    /// When this secret no longer opens it; `None`: it is the one that counts now.
    pub until: Option<Timestamp>,
}

fn pointer(secret: &KeyHash, record: &KeyRecord, until: Option<Timestamp>) -> Item {
    let item = Item::new(key_item::secret_key(secret))
        .with("key", record.hash.as_str())
        .with("made", record.created_at.millis());
    Item { expires_at: until, ..item }
}

impl KeyStore {
    /// The key that the secret with this hash opens. One read; two where the key was replaced since it was made.
    ///
    /// # Errors
    /// As [`KeyStore::get`].
    pub async fn presented(&self, hash: &KeyHash) -> Result<Option<Presented>, ReadError> {
        let items = self.items(hash).await?;
        let own = items.stored()?;
        let Some(pointer) = items.secret else {
            let own = own.filter(|stored| stored.record.secret.is_none());
            return Ok(own.map(|stored| Presented { stored, until: None }));
        };
        let stored = match pointer.text("key").and_then(KeyHash::parse) {
            Some(key) if key == *hash => own,
            Some(key) => self.get(&key).await?,
            None => None,
        };
        let opened = stored.filter(|stored| {
            let is_meant = pointer.number("made") == Some(stored.record.created_at.millis());
            is_meant && (pointer.expires_at.is_some() || stored.record.presented() == hash)
        });
        Ok(opened.map(|stored| {
            let is_current = stored.record.presented() == hash;
            Presented { until: pointer.expires_at.filter(|_| !is_current), stored }
        }))
    }

    /// The key that an administrator means by a hash: that of the key as it was made, or of a secret since.
    ///
    /// # Errors
    /// As [`KeyStore::get`].
    pub async fn meant(&self, hash: &KeyHash) -> Result<Option<StoredKey>, ReadError> {
        let items = self.items(hash).await?;
        match (items.stored()?, items.secret.as_ref().and_then(|pointer| pointer.text("key").and_then(KeyHash::parse)))
        {
            (Some(stored), _) => Ok(Some(stored)),
            (None, Some(key)) if key != *hash => self.get(&key).await,
            (None, _) => Ok(None),
        }
    }

    /// Makes `after`, with another secret, of `before`; the secret before opens the key until `until` (`None`: no more).
    /// All or nothing.
    ///
    /// # Errors
    /// As [`KeyStore::update`], and [`KeyStoreError::KeyTaken`] where another key is opened by the new secret.
    pub async fn replace_secret(
        &self,
        before: &KeyRecord,
        after: &KeyRecord,
        until: Option<Timestamp>,
    ) -> Result<(), KeyStoreError> {
        self.swap(before, after, (until, vec![Condition::Absent])).await
    }

    /// Takes a replacement back: `before` is the key as it was made by it, `after` as it was.
    ///
    /// # Errors
    /// As [`KeyStore::update`].
    pub async fn restore_secret(&self, before: &KeyRecord, after: &KeyRecord) -> Result<(), KeyStoreError> {
        // The old pointer may still stand, with an end.
        self.swap(before, after, (None, Vec::new())).await
    }

    async fn swap(
        &self,
        before: &KeyRecord,
        after: &KeyRecord,
        (until, when): (Option<Timestamp>, Vec<Condition>),
    ) -> Result<(), KeyStoreError> {
        let (mut writes, alias_index) = Self::changes(before, after);
        let (old, new) = (before.presented(), after.presented());
        writes.push(match until {
            Some(_) => Write::Put { item: pointer(old, before, until), when: Vec::new() },
            None => Write::Delete { key: key_item::secret_key(old), when: Vec::new() },
        });
        let secret_index = writes.len();
        if new != &after.hash {
            writes.push(Write::Put { item: pointer(new, after, None), when });
            writes.push(Write::Check { key: key_item::record_key(new), when: vec![Condition::Absent] });
        }
        self.commit(writes, alias_index, secret_index, after).await
    }
}
