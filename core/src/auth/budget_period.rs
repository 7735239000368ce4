//! The periods of keys' budgets: which keys there are to look at, and the step from one period to the next. The step is
//! one transaction that touches three attributes; it can be asked for any number of times and is done once.

use super::key_item;
use super::key_listing::{self, BUDGET_RESET_AT, KeyListing};
use super::key_record::KeyRecord;
use super::key_store::{KeyStore, KeyStoreError};
use crate::clock::Timestamp;
use crate::id::KeyHash;
use crate::money::NanoDollars;
use crate::store::item::Item;
use crate::store::table::{Freshness, Query, ReadError, WriteError};
use crate::store::write::{Change, Condition, Write};

/// Most times a step is tried that meets another change of the same key.
const ATTEMPTS_MAX: u32 = 4;

const ADJUSTMENT: &str = "spend_adjustment";

/// A stretch of the list of keys, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListingPage {
    /// The keys. May be none where `next` is set.
    pub listings: Vec<KeyListing>,
    /// Where the next stretch starts; `None`: this was the last.
    pub next: Option<String>,
}

/// What became of a key's period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// A new one has begun.
    Begun {
        /// What the old one cost.
        spent: NanoDollars,
        /// When the new one ends.
        resets_at: Timestamp,
    },
    /// It is still running, or the key has none, or the key is gone.
    Running,
}

impl KeyStore {
    /// The next `limit` keys behind the position `after`. May lag by a second or so.
    ///
    /// # Errors
    /// As [`crate::store::table::Table::query`].
    pub async fn list_page(&self, after: Option<String>, limit: usize) -> Result<ListingPage, ReadError> {
        let partition = Query::partition(key_listing::PARTITION);
        let query = Query { after, limit, freshness: Freshness::Eventual, ..partition };
        let page = self.table.query(&query).await?;
        let listings = page.items.iter().filter_map(key_listing::from_item).collect();
        Ok(ListingPage { listings, next: page.next })
    }

    /// Begins the next period of a key's budget where the present one has ended at `now`: what was spent so far no
    /// longer counts, and the next end is set. Takes off exactly what it read, so a call that is charged meanwhile
    /// counts in the new period. All or nothing; two that do it at once do it once.
    ///
    /// What was charged between the period's end and this step counts in the old period.
    ///
    /// # Errors
    /// [`KeyStoreError::Changed`] where the key is too busy: ask again later. [`KeyStoreError::Read`] with
    /// [`ReadError::Corrupt`] where the record or its period cannot be read.
    pub async fn begin_period(&self, hash: &KeyHash, now: Timestamp) -> Result<Period, KeyStoreError> {
        let mut attempt = 1;
        loop {
            let Some((record, totals)) = self.items(hash).await? else { return Ok(Period::Running) };
            let record = key_item::from_item(&record)?;
            let Some(ended_at) = record.limits.budget_reset_at.filter(|end| *end <= now) else {
                return Ok(Period::Running);
            };
            let resets_at = next_reset(&record, now)?;
            let spent = totals.as_ref().map(|item| key_item::totals_from_item(item).spend()).unwrap_or_default();
            let mut writes = next_end(&record, ended_at, resets_at);
            writes.extend(totals.filter(|_| spent != NanoDollars::ZERO).map(|totals| take_off(&totals, spent)));
            match self.table.transact(None, writes).await {
                Ok(()) => return Ok(Period::Begun { spent, resets_at }),
                // Somebody else was there, or the answer was lost: the record says which, and whether to go on.
                Err(WriteError::ConditionFailed { .. } | WriteError::Conflict | WriteError::OutcomeUnknown(_))
                    if attempt < ATTEMPTS_MAX => {}
                Err(WriteError::ConditionFailed { .. } | WriteError::Conflict) => return Err(KeyStoreError::Changed),
                Err(error) => return Err(KeyStoreError::Write(error)),
            }
            attempt += 1;
        }
    }
}

fn next_reset(record: &KeyRecord, now: Timestamp) -> Result<Timestamp, KeyStoreError> {
    let corrupt = || ReadError::Corrupt(format!("attribute `budget_duration` of key `{}`", record.hash));
    Ok(record.limits.budget_duration.as_ref().map(|period| period.next_reset(now)).ok_or_else(corrupt)?)
}

/// The new end, in the record and in the list, as long as the old one still stands.
fn next_end(record: &KeyRecord, ended_at: Timestamp, resets_at: Timestamp) -> Vec<Write> {
    let changes = || vec![Change::Set(BUDGET_RESET_AT.to_owned(), resets_at.millis().into())];
    let mut when = vec![Condition::Equals(BUDGET_RESET_AT.to_owned(), ended_at.millis().into())];
    when.extend(
        record
            .limits
            .budget_duration
            .as_ref()
            .map(|period| Condition::Equals("budget_duration".to_owned(), period.as_str().into())),
    );
    vec![
        Write::Update { key: key_item::record_key(&record.hash), changes: changes(), when },
        Write::Update { key: key_listing::listing_key(record), changes: changes(), when: vec![Condition::Exists] },
    ]
}

/// Takes what was read off what counts. Calls change `spend` alone, so they neither stand in the way nor get lost; an
/// administrator who set the spend anew meanwhile does stand in the way.
fn take_off(totals: &Item, spent: NanoDollars) -> Write {
    let as_read = match totals.attributes.get(ADJUSTMENT) {
        Some(value) => Condition::Equals(ADJUSTMENT.to_owned(), value.clone()),
        None => Condition::Lacks(ADJUSTMENT.to_owned()),
    };
    let off = (-spent).nanos();
    let changes = vec![Change::Add(ADJUSTMENT.to_owned(), off), Change::Add("used".to_owned(), off)];
    Write::Update { key: totals.key.clone(), changes, when: vec![as_read] }
}
