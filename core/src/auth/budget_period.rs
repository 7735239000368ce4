//! A budget's period ends and the next begins: what was spent in it no longer counts.

use super::key_item;
use super::key_listing;
use super::key_record::StoredKey;
use super::key_store::KeyStore;
use crate::clock::Timestamp;
use crate::id::KeyHash;
use crate::store::table::{Query, ReadError, WriteError};
use crate::store::write::{Change, Condition, Write};

/// Some keys, and where the next ones start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// The keys, in order of creation.
    pub keys: Vec<KeyHash>,
    /// Where the next page starts; `None`: there are no more.
    pub next: Option<String>,
}

impl KeyStore {
    /// At most `limit` keys behind `after`, the `next` of the page before.
    ///
    /// # Errors
    /// As [`crate::store::table::Table::query`].
    pub async fn page(&self, after: Option<String>, limit: usize) -> Result<KeyPage, ReadError> {
        let query = Query { after, limit, ..Query::partition(key_listing::PARTITION) };
        let page = self.table.query(&query).await?;
        let keys = page.items.iter().filter_map(key_listing::from_item).map(|listing| listing.hash).collect();
        Ok(KeyPage { keys, next: page.next })
    }

    /// Ends the key's period: what `key` shows as spent no longer counts, and the next period ends at `next`. Calls in
    /// flight are charged undisturbed. `false`: somebody else ended it, or the key is gone; nothing was done.
    ///
    /// # Errors
    /// As [`crate::store::table::Table::transact`]. Repeating the call is safe.
    pub async fn start_period(&self, key: &StoredKey, next: Timestamp) -> Result<bool, WriteError> {
        let hash = &key.record.hash;
        let Some(ended) = key.record.budget_reset_at else { return Ok(false) };
        let name = || "budget_reset_at".to_owned();
        let begin = Write::Update {
            key: key_item::record_key(hash),
            changes: vec![Change::Set(name(), next.millis().into())],
            when: vec![Condition::Equals(name(), ended.millis().into())],
        };
        let forget = Write::Update {
            key: key_item::totals_key(hash),
            changes: vec![Change::Add("spend_adjustment".to_owned(), key.totals.spend().nanos().saturating_neg())],
            when: Vec::new(),
        };
        match self.table.transact(None, vec![begin, forget]).await {
            Ok(()) => Ok(true),
            Err(WriteError::ConditionFailed { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
