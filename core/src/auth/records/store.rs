//! The records in the table. As for keys: a record is made where none was, changes name the fields they change, and
//! nothing here writes back a whole record it once read.

use super::item;
use super::listing::{self, RecordListing};
use super::record::{Record, RecordId, RecordKind, StoredRecord};
use super::user_index::{self, UserField};
use crate::auth::item_difference::difference;
use crate::auth::key_item;
use crate::auth::key_record::KeyTotals;
use crate::clock::Timestamp;
use crate::money::NanoDollars;
use crate::store::documents::Documents;
use crate::store::table::{Freshness, Query, ReadError, Table, WriteError};
use crate::store::write::{Change, Condition, Write};
use futures_util::future::try_join;
use std::sync::Arc;

/// Items read at a time when a list is walked.
pub(super) const LIST_PAGE: usize = 500;

/// The list of documents that say what new records get where their maker says nothing.
pub const RECORD_DEFAULTS: &str = "RECORD_DEFAULTS";
/// The one of users.
pub const USER_DEFAULTS: &str = "internal_user";
/// The one of teams.
pub const TEAM_DEFAULTS: &str = "default_team";

/// The records of one table.
#[derive(Clone)]
pub struct RecordStore {
    pub(super) table: Arc<dyn Table>,
}

/// Why a record was not changed.
#[derive(Debug, thiserror::Error)]
pub enum RecordStoreError {
    /// There is one of this id already.
    #[error("the record exists already")]
    Taken,
    /// There is none of this id.
    #[error("there is no such record")]
    NotFound,
    /// Somebody else changed the same fields meanwhile. Nothing was changed; read the record and try again.
    #[error("the record was changed meanwhile")]
    Changed,
    /// The table could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The table could not be written, or did not say whether it was.
    #[error(transparent)]
    Write(WriteError),
}

impl RecordStore {
    /// Records in `table`.
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }

    /// A list of documents beside the records.
    pub fn documents(&self, list: impl Into<String>) -> Documents {
        Documents::new(Arc::clone(&self.table), list)
    }

    /// The record, as of every write confirmed before. One read.
    ///
    /// # Errors
    /// As [`Table::get`]; [`ReadError::Corrupt`] where the record cannot be read.
    pub async fn record(&self, id: &RecordId) -> Result<Option<Record>, ReadError> {
        if !id.is_possible() {
            return Ok(None);
        }
        self.table.get(&id.place(), Freshness::Latest).await?.as_ref().map(item::from_item).transpose()
    }

    /// A record with the limits of the shared budget that it is under.
    ///
    /// # Errors
    /// As [`RecordStore::record`].
    pub async fn under_its_budget(&self, mut record: Record) -> Result<Record, ReadError> {
        let Some(budget) = record.limits.budget_id.as_deref() else { return Ok(record) };
        if let Some(budget) = self.record(&RecordId::of(RecordKind::Budget, budget)).await? {
            record.limits = record.limits.under(&budget.limits);
        }
        Ok(record)
    }

    /// What was spent below a record.
    ///
    /// # Errors
    /// As [`Table::get`].
    pub async fn totals(&self, id: &RecordId) -> Result<KeyTotals, ReadError> {
        let item = self.table.get(&id.totals_place(), Freshness::Latest).await?;
        Ok(item.as_ref().map(key_item::totals_from_item).unwrap_or_default())
    }

    /// The record and what was spent below it. Two reads at once.
    ///
    /// # Errors
    /// As [`RecordStore::record`].
    pub async fn get(&self, id: &RecordId) -> Result<Option<StoredRecord>, ReadError> {
        if !id.is_possible() {
            return Ok(None);
        }
        let (record, totals) = try_join(self.record(id), self.totals(id)).await?;
        Ok(record.map(|record| StoredRecord { record, totals }))
    }

    /// Stores a new record, and does `more` with it. All or nothing.
    ///
    /// # Errors
    /// [`RecordStoreError::Taken`] where there is one of its id; [`RecordStoreError::Changed`] where a condition of
    /// `more` does not hold. A lost answer is resolved by reading.
    pub async fn create(&self, record: &Record, more: Vec<Write>) -> Result<(), RecordStoreError> {
        let mut writes = vec![Write::Put { item: item::to_item(record), when: vec![Condition::Absent] }];
        writes.extend(listing::to_item(record).map(|item| Write::Put { item, when: Vec::new() }));
        writes.extend(user_index::moves(None, Some(record)));
        writes.extend(more);
        match self.table.transact(None, writes).await {
            Err(WriteError::ConditionFailed { index: 0, .. }) => Err(RecordStoreError::Taken),
            Err(WriteError::ConditionFailed { .. } | WriteError::Conflict) => Err(RecordStoreError::Changed),
            Err(unknown @ WriteError::OutcomeUnknown(_)) => match self.record(&record.id).await? {
                Some(stored) if stored == *record => Ok(()),
                _ => Err(RecordStoreError::Write(unknown)),
            },
            other => other.map_err(RecordStoreError::Write),
        }
    }

    /// Makes the fields in which `after` differs from `before` what they are in `after`, and touches no other field.
    ///
    /// # Errors
    /// [`RecordStoreError::NotFound`]. [`RecordStoreError::Changed`] where the metadata or the free fields are no longer
    /// as in `before`: those are written whole.
    pub async fn update(&self, before: &Record, after: &Record) -> Result<(), RecordStoreError> {
        let (changes, when) = difference(&item::to_item(before), &item::to_item(after));
        if changes.is_empty() {
            return Ok(());
        }
        let mut writes = vec![Write::Update { key: before.id.place(), changes, when }];
        if let (Some(old), Some(new)) = (listing::to_item(before), listing::to_item(after)) {
            let (changes, when) = difference(&old, &new);
            if !changes.is_empty() {
                writes.push(Write::Update { key: old.key, changes, when });
            }
        }
        writes.extend(user_index::moves(Some(before), Some(after)));
        match self.table.transact(None, writes).await {
            Err(WriteError::ConditionFailed { index: 0, old: None }) => Err(RecordStoreError::NotFound),
            Err(WriteError::ConditionFailed { .. } | WriteError::Conflict) => Err(RecordStoreError::Changed),
            other => other.map_err(RecordStoreError::Write),
        }
    }

    /// Blocks or unblocks. One field; repeating it is safe.
    ///
    /// # Errors
    /// [`RecordStoreError::NotFound`].
    pub async fn set_blocked(
        &self,
        id: &RecordId,
        blocked: bool,
        by: Option<&str>,
        now: Timestamp,
    ) -> Result<Record, RecordStoreError> {
        if !id.is_possible() {
            return Err(RecordStoreError::NotFound);
        }
        let mut changes = vec![
            Change::Set("blocked".to_owned(), blocked.into()),
            Change::Set("updated_at".to_owned(), now.millis().into()),
        ];
        changes.extend(by.map(|by| Change::Set("updated_by".to_owned(), by.into())));
        let when = vec![Condition::Exists];
        match self.table.write(Write::Update { key: id.place(), changes, when }).await {
            Ok(Some(stored)) => Ok(item::from_item(&stored)?),
            Ok(None) | Err(WriteError::ConditionFailed { .. }) => Err(RecordStoreError::NotFound),
            Err(error) => Err(RecordStoreError::Write(error)),
        }
    }

    /// Moves what counts as spent below a record by `amount`.
    ///
    /// # Errors
    /// [`RecordStoreError::Write`]. Not safe to repeat where the outcome is unknown.
    pub async fn adjust_spend(&self, id: &RecordId, amount: NanoDollars) -> Result<KeyTotals, RecordStoreError> {
        let changes = vec![
            Change::Add("spend_adjustment".to_owned(), amount.nanos()),
            Change::Add("used".to_owned(), amount.nanos()),
        ];
        let write = Write::Update { key: id.totals_place(), changes, when: Vec::new() };
        let item = self.table.write(write).await.map_err(RecordStoreError::Write)?;
        Ok(item.as_ref().map(key_item::totals_from_item).unwrap_or_default())
    }

    /// Removes a record with its totals and its place in the list, and does `more` with it. All or nothing.
    ///
    /// # Errors
    /// [`RecordStoreError::NotFound`].
    pub async fn delete(&self, record: &Record, more: Vec<Write>) -> Result<(), RecordStoreError> {
        let delete = |key| Write::Delete { key, when: Vec::new() };
        let mut writes = vec![
            Write::Delete { key: record.id.place(), when: vec![Condition::Exists] },
            delete(record.id.totals_place()),
        ];
        writes.extend(listing::listing_key(record).map(delete));
        writes.extend(user_index::moves(Some(record), None));
        writes.extend(more);
        match self.table.transact(None, writes).await {
            Err(WriteError::ConditionFailed { .. }) => Err(RecordStoreError::NotFound),
            Err(WriteError::Conflict) => Err(RecordStoreError::Changed),
            other => other.map_err(RecordStoreError::Write),
        }
    }

    /// The users who have this value, by their ids.
    ///
    /// # Errors
    /// As [`Table::query`].
    pub async fn users_with(&self, field: UserField, value: &str) -> Result<Vec<Record>, ReadError> {
        let mut query = Query { limit: LIST_PAGE, ..Query::partition(field.partition(value)) };
        let mut found = Vec::new();
        loop {
            let page = self.table.query(&query).await?;
            for item in &page.items {
                let record = self.record(&RecordId::of(RecordKind::User, item.key.sort.as_str())).await?;
                found.extend(record.filter(|record| field.is(record, value)));
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// All of a kind, in order of creation.
    ///
    /// # Errors
    /// As [`Table::query`].
    pub async fn list(&self, kind: RecordKind) -> Result<Vec<RecordListing>, ReadError> {
        let mut query = Query { limit: LIST_PAGE, ..Query::partition(kind.list()) };
        let mut found = Vec::new();
        loop {
            let page = self.table.query(&query).await?;
            found.extend(page.items.iter().filter_map(listing::from_item));
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(found),
            }
        }
    }
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
