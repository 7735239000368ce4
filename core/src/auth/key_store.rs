//! The virtual keys in the table. Changes one field at a time: nothing here writes back a whole record it once read,
//! so a change under way never undoes a block.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `KEY#<hash>` | `KEY` | the record, one attribute a field ([`super::key_item`]) |
//! | `KEY#<hash>` | `SECRET` | which key this hash opens, where that is not told by its own record ([`super::key_secret`]) |
//! | `KEY#<hash>` | `SPEND` | running totals: `spend` (nano-dollars, only ever added to), `spend_adjustment`, `used` (both, and what calls under way hold), `tokens`, `requests`, `last_active` |
//! | `KEYS` | `<created, ms>#<hash>` | the list of keys with what it is filtered by ([`super::key_listing`]) |
//! | `KEYS_OF_USER#<id>`, `KEYS_OF_TEAM#<id>` | `<created, ms>#<hash>` | the same of one user's, or one team's |
//! | `KEYS_COUNT` | first digit of the hash | `count`: how many keys there are of these |
//! | `KEY_ALIAS#<alias>` | `ALIAS` | `hash` of the one key with this alias |

use super::item_difference::difference;
use super::key_item;
use super::key_listing::{self, Found, KeyFilter, KeyListing, KeyPage, Owner};
use super::key_record::{KeyRecord, KeyTotals, StoredKey};
use crate::clock::Timestamp;
use crate::id::KeyHash;
use crate::money::NanoDollars;
use crate::store::item::{Item, Key};
use crate::store::table::{Freshness, Query, ReadError, Table, WriteError};
use crate::store::write::{Change, Condition, Write};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Items read at a time when the list is walked.
const LIST_PAGE: usize = 500;

/// In which order the list of keys is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// From the latest key back.
    NewestFirst,
    /// From the first key on.
    OldestFirst,
}

/// The keys of one table.
#[derive(Clone)]
pub struct KeyStore {
    pub(super) table: Arc<dyn Table>,
}

/// What stands in the partition of a hash.
pub(super) struct KeyItems {
    record: Option<Item>,
    pub(super) secret: Option<Item>,
    totals: Option<Item>,
}

impl KeyItems {
    /// The key that was made with this hash.
    pub(super) fn stored(&self) -> Result<Option<StoredKey>, ReadError> {
        let Some(record) = &self.record else { return Ok(None) };
        let totals = self.totals.as_ref().map(key_item::totals_from_item).unwrap_or_default();
        Ok(Some(StoredKey { record: key_item::from_item(record)?, totals }))
    }
}

/// Why a key was not changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// Another key has this alias.
    #[error("another key has the alias `{0}`")]
    AliasTaken(String),
    /// The key exists already.
    #[error("the key exists already")]
    KeyTaken,
    /// There is no such key.
    #[error("there is no such key")]
    NotFound,
    /// Somebody else changed the same fields meanwhile. Nothing was changed; read the key and try again.
    #[error("the key was changed meanwhile")]
    Changed,
    /// The table could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The table could not be written, or did not say whether it was.
    #[error(transparent)]
    Write(WriteError),
}

impl KeyStore {
    /// Keys in `table`.
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }

    /// The table that they are in.
    pub(super) fn table(&self) -> Arc<dyn Table> {
        Arc::clone(&self.table)
    }

    /// The key and what it has spent, as of every write confirmed before. One read.
    ///
    /// # Errors
    /// As [`Table::query`]; [`ReadError::Corrupt`] where the record cannot be read.
    pub async fn get(&self, hash: &KeyHash) -> Result<Option<StoredKey>, ReadError> {
        self.items(hash).await?.stored()
    }

    /// The items of a hash.
    pub(super) async fn items(&self, hash: &KeyHash) -> Result<KeyItems, ReadError> {
        let mut page = self.table.query(&Query { limit: 3, ..Query::partition(key_item::partition(hash)) }).await?;
        let mut take = |sort: &str| {
            let index = page.items.iter().position(|item| item.key.sort == sort)?;
            Some(page.items.swap_remove(index))
        };
        Ok(KeyItems { record: take(key_item::RECORD), secret: take(key_item::SECRET), totals: take(key_item::TOTALS) })
    }

    /// The key that has this alias.
    ///
    /// # Errors
    /// As [`Table::get`].
    pub async fn find_alias(&self, alias: &str) -> Result<Option<KeyHash>, ReadError> {
        let item = self.table.get(&alias_key(alias), Freshness::Latest).await?;
        Ok(item.and_then(|item| item.text("hash").and_then(KeyHash::parse)))
    }

    /// Stores a new key that has already spent `spent`. All or nothing.
    ///
    /// # Errors
    /// [`KeyStoreError::AliasTaken`] and [`KeyStoreError::KeyTaken`]. A lost answer is resolved by reading.
    pub async fn create(&self, record: &KeyRecord, spent: NanoDollars) -> Result<(), KeyStoreError> {
        let absent = |item: Item| Write::Put { item, when: vec![Condition::Absent] };
        let totals = Item::new(key_item::totals_key(&record.hash))
            .with("spend_adjustment", spent.nanos())
            .with("used", spent.nanos());
        let mut writes = vec![
            absent(key_item::to_item(record)),
            Write::Check { key: key_item::secret_key(&record.hash), when: vec![Condition::Absent] },
            Write::Put { item: totals, when: Vec::new() },
        ];
        writes.extend(key_listing::list(record));
        writes.extend(record.key_alias.as_deref().map(|alias| absent(alias_item(alias, &record.hash))));
        match self.table.transact(None, writes).await {
            Err(WriteError::ConditionFailed { index: 0 | 1, .. }) => Err(KeyStoreError::KeyTaken),
            Err(WriteError::ConditionFailed { .. }) => {
                Err(KeyStoreError::AliasTaken(record.key_alias.clone().unwrap_or_default()))
            }
            Err(unknown @ WriteError::OutcomeUnknown(_)) => match self.get(&record.hash).await? {
                Some(stored) if stored.record.created_at == record.created_at => Ok(()),
                _ => Err(KeyStoreError::Write(unknown)),
            },
            other => other.map_err(KeyStoreError::Write),
        }
    }

    /// Makes the fields in which `after` differs from `before` what they are in `after`, and touches no other field.
    ///
    /// # Errors
    /// [`KeyStoreError::NotFound`], [`KeyStoreError::AliasTaken`]. [`KeyStoreError::Changed`] where the metadata, the
    /// alias or the free fields are no longer as in `before`: those are written whole.
    pub async fn update(&self, before: &KeyRecord, after: &KeyRecord) -> Result<(), KeyStoreError> {
        let (writes, alias_index) = Self::changes(before, after);
        self.commit(writes, alias_index, usize::MAX, after).await
    }

    /// The writes that make `after` of `before`, and which of them takes the new alias.
    pub(super) fn changes(before: &KeyRecord, after: &KeyRecord) -> (Vec<Write>, usize) {
        let (changes, mut when) = difference(&key_item::to_item(before), &key_item::to_item(after));
        let relisted = key_listing::relist(before, after);
        if !relisted.is_empty() {
            when.extend(key_listing::unmoved(before));
        }
        let mut writes = vec![Write::Update { key: key_item::record_key(&before.hash), changes, when }];
        writes.extend(relisted);
        let (changes, _) = difference(&key_listing::to_item(before), &key_listing::to_item(after));
        if !changes.is_empty() {
            let when = vec![Condition::Exists];
            writes.push(Write::Update { key: key_listing::listing_key(before), changes, when });
        }
        if before.key_alias != after.key_alias {
            writes.extend(before.key_alias.as_deref().map(|alias| release_alias(alias, &before.hash)));
            writes.extend(
                after
                    .key_alias
                    .as_deref()
                    .map(|alias| Write::Put { item: alias_item(alias, &after.hash), when: vec![Condition::Absent] }),
            );
        }
        // The new alias, where there is one, is the last write.
        let alias_index = after.key_alias.as_ref().map_or(usize::MAX, |_| writes.len() - 1);
        (writes, alias_index)
    }

    /// Does the writes of [`KeyStore::changes`], and those from `secret_index` on, which take a key's hash.
    pub(super) async fn commit(
        &self,
        writes: Vec<Write>,
        alias_index: usize,
        secret_index: usize,
        after: &KeyRecord,
    ) -> Result<(), KeyStoreError> {
        match self.table.transact(None, writes).await {
            Err(WriteError::ConditionFailed { index: 0, old: None }) => Err(KeyStoreError::NotFound),
            Err(WriteError::ConditionFailed { index, .. }) if index >= secret_index => Err(KeyStoreError::KeyTaken),
            Err(WriteError::ConditionFailed { index, .. }) if index > 0 && index == alias_index => {
                Err(KeyStoreError::AliasTaken(after.key_alias.clone().unwrap_or_default()))
            }
            Err(WriteError::ConditionFailed { .. } | WriteError::Conflict) => Err(KeyStoreError::Changed),
            other => other.map_err(KeyStoreError::Write),
        }
    }

    /// Blocks or unblocks a key and returns its record. One field; repeating it is safe.
    ///
    /// # Errors
    /// [`KeyStoreError::NotFound`].
    pub async fn set_blocked(
        &self,
        hash: &KeyHash,
        blocked: bool,
        by: Option<&str>,
        now: Timestamp,
    ) -> Result<KeyRecord, KeyStoreError> {
        let mut changes = vec![
            Change::Set("blocked".to_owned(), blocked.into()),
            Change::Set("updated_at".to_owned(), now.millis().into()),
        ];
        changes.extend(by.map(|by| Change::Set("updated_by".to_owned(), by.into())));
        let when = vec![Condition::Exists];
        match self.table.write(Write::Update { key: key_item::record_key(hash), changes, when }).await {
            Ok(Some(item)) => Ok(key_item::from_item(&item)?),
            Ok(None) | Err(WriteError::ConditionFailed { .. }) => Err(KeyStoreError::NotFound),
            Err(error) => Err(KeyStoreError::Write(error)),
        }
    }

    /// Moves what counts against the key's budget by `amount`, which calls in flight add to undisturbed.
    ///
    /// # Errors
    /// [`KeyStoreError::Write`]. Not safe to repeat where the outcome is unknown.
    pub async fn adjust_spend(&self, hash: &KeyHash, amount: NanoDollars) -> Result<KeyTotals, KeyStoreError> {
        let changes = vec![
            Change::Add("spend_adjustment".to_owned(), amount.nanos()),
            Change::Add("used".to_owned(), amount.nanos()),
        ];
        let write = Write::Update { key: key_item::totals_key(hash), changes, when: Vec::new() };
        let item = self.table.write(write).await.map_err(KeyStoreError::Write)?;
        Ok(item.as_ref().map(key_item::totals_from_item).unwrap_or_default())
    }

    /// Removes the key with its alias, its totals and its place in the list. Its spend rows stay.
    ///
    /// # Errors
    /// [`KeyStoreError::NotFound`]; [`KeyStoreError::Changed`] where its alias is another than `record` says.
    pub async fn delete(&self, record: &KeyRecord) -> Result<(), KeyStoreError> {
        let delete = |key: Key| Write::Delete { key, when: Vec::new() };
        let when = [vec![Condition::Exists], key_listing::unmoved(record)].concat();
        let mut writes = vec![
            Write::Delete { key: key_item::record_key(&record.hash), when },
            delete(key_item::totals_key(&record.hash)),
        ];
        writes.extend(key_listing::unlist(record));
        writes.extend(record.key_alias.as_deref().map(|alias| delete(alias_key(alias))));
        writes.extend(record.secret.as_ref().map(|secret| delete(key_item::secret_key(secret))));
        match self.table.transact(None, writes).await {
            Err(WriteError::ConditionFailed { old: None, .. }) => Err(KeyStoreError::NotFound),
            Err(WriteError::ConditionFailed { .. } | WriteError::Conflict) => Err(KeyStoreError::Changed),
            other => other.map_err(KeyStoreError::Write),
        }
    }

    /// All listings that `filter` admits, newest first. Reads no more than the keys of those whom the filter names, and
    /// every key where it names nobody.
    ///
    /// # Errors
    /// As [`Table::query`].
    pub async fn list(&self, filter: &KeyFilter) -> Result<Vec<KeyListing>, ReadError> {
        // No two keys have the same alias.
        let named = match filter.key_alias.as_deref().filter(|_| filter.hash.is_none()) {
            Some(alias) => match self.find_alias(alias).await? {
                Some(hash) => Some(BTreeSet::from([Owner::Key(hash)])),
                None => return Ok(Vec::new()),
            },
            None => filter.owners(),
        };
        let Some(owners) = named else {
            return self.listed(key_listing::PARTITION, Order::NewestFirst, filter, usize::MAX).await;
        };
        let mut found = Vec::new();
        for owner in &owners {
            match owner.keys() {
                Found::Listed(partition) => {
                    found.extend(self.listed(&partition, Order::NewestFirst, filter, usize::MAX).await?);
                }
                Found::Alone(hash) => {
                    let listing = self.get(hash).await?.and_then(|stored| key_listing::listing(&stored.record));
                    found.extend(listing.filter(|listing| filter.admits(listing)));
                }
            }
        }
        if owners.len() > 1 {
            found.sort_by_key(|listing| Reverse(listing.position()));
            // A key of a user and a team stands in both lists.
            found.dedup_by(|a, b| a.hash == b.hash);
        }
        Ok(found)
    }

    /// The first `count` keys of all.
    ///
    /// # Errors
    /// As [`Table::query`].
    pub async fn first(&self, order: Order, count: usize) -> Result<Vec<KeyListing>, ReadError> {
        self.listed(key_listing::PARTITION, order, &KeyFilter::default(), count).await
    }

    /// The next `limit` keys behind the position `after`, the oldest first. May lag by a second or so.
    ///
    /// # Errors
    /// As [`Table::query`].
    pub async fn page(&self, after: Option<String>, limit: usize) -> Result<KeyPage, ReadError> {
        let freshness = Freshness::Eventual;
        let query = Query { after, limit, freshness, ..Query::partition(key_listing::PARTITION) };
        let page = self.table.query(&query).await?;
        Ok(KeyPage { listings: page.items.iter().filter_map(key_listing::from_item).collect(), next: page.next })
    }

    /// How many keys there are, without looking at them.
    ///
    /// # Errors
    /// As [`Table::query`].
    pub async fn count(&self) -> Result<u64, ReadError> {
        let parts = self.table.query(&Query { limit: LIST_PAGE, ..Query::partition(key_listing::COUNT) }).await?;
        Ok(parts.items.iter().map(key_listing::count_in).sum::<i64>().unsigned_abs())
    }

    /// The first listings of a partition that `filter` admits, no more than `most`.
    async fn listed(
        &self,
        partition: &str,
        order: Order,
        filter: &KeyFilter,
        most: usize,
    ) -> Result<Vec<KeyListing>, ReadError> {
        let descending = order == Order::NewestFirst;
        let mut query = Query { descending, limit: most.clamp(1, LIST_PAGE), ..Query::partition(partition) };
        let mut found = Vec::new();
        loop {
            let page = self.table.query(&query).await?;
            let listings = page.items.iter().filter_map(key_listing::from_item);
            found.extend(listings.filter(|listing| filter.admits(listing)));
            if found.len() >= most {
                found.truncate(most);
                return Ok(found);
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(found),
            }
        }
    }
}

fn alias_key(alias: &str) -> Key {
    Key::new(format!("KEY_ALIAS#{alias}"), "ALIAS")
}

fn alias_item(alias: &str, hash: &KeyHash) -> Item {
    Item::new(alias_key(alias)).with("hash", hash.as_str())
}

fn release_alias(alias: &str, hash: &KeyHash) -> Write {
    let when = vec![Condition::Equals("hash".to_owned(), hash.as_str().into())];
    Write::Delete { key: alias_key(alias), when }
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
