//! The periods of budgets that stand with a record, a key's or one above or beside it: whose there are to look at, and
//! the step from one period to the next. The step is one transaction that touches four attributes; it can be asked for
//! any number of times and is done once.

use super::key_item;
use super::key_listing::{self, BUDGET_RESET_AT};
use super::records::{RecordId, RecordKind, item as record_item, listing as record_listing};
use crate::clock::Timestamp;
use crate::id::KeyHash;
use crate::limits::Limits;
use crate::money::NanoDollars;
use crate::store::item::{Item, Key};
use crate::store::table::{Freshness, Query, ReadError, Table, WriteError};
use crate::store::write::{Change, Condition, Write};
use futures_util::future::try_join;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Most times a step is tried that meets another change of the same items: those of a busy key change all the time.
const ATTEMPTS_MAX: u32 = 8;
/// The wait before the second of them, which doubles with each up to [`BACKOFF_MAX_MILLIS`].
const FIRST_BACKOFF_MILLIS: u64 = 1;
const BACKOFF_MAX_MILLIS: u64 = 64;

const ADJUSTMENT: &str = "spend_adjustment";

/// Who has a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Budgeted {
    /// A key.
    Key(KeyHash),
    /// A record above or beside keys.
    Record(RecordId),
}

/// A list of those who may have a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetList {
    /// All keys.
    Keys,
    /// All records of a kind.
    Records(RecordKind),
}

/// A stretch of a list, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BudgetPage {
    /// Who is in it. May be none where `next` is set.
    pub entries: Vec<BudgetEntry>,
    /// Where the next stretch starts; `None`: this was the last.
    pub next: Option<String>,
}

/// One of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetEntry {
    /// Who.
    pub who: Budgeted,
    /// When the budget's period ends.
    pub resets_at: Option<Timestamp>,
    /// Where it stands in the list.
    pub position: String,
}

/// What became of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// A new one has begun.
    Begun {
        /// What the old one cost.
        spent: NanoDollars,
        /// When the new one ends.
        resets_at: Timestamp,
    },
    /// It is still running, or there is none, or the record is gone.
    Running,
}

/// Why no period was begun.
#[derive(Debug, thiserror::Error)]
pub enum PeriodError {
    /// Others change the record all the time: ask again later.
    #[error("the record was changed meanwhile")]
    Changed,
    /// The record, its totals or its period could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The table could not be written, or did not say whether it was.
    #[error(transparent)]
    Write(WriteError),
}

/// The periods of one table.
#[derive(Clone)]
pub struct BudgetPeriods {
    table: Arc<dyn Table>,
}

impl BudgetPeriods {
    /// The periods in `table`.
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }

    /// The next `limit` of a list behind the position `after`. May lag by a second or so.
    ///
    /// # Errors
    /// As [`Table::query`].
    pub async fn page(&self, list: BudgetList, after: Option<String>, limit: usize) -> Result<BudgetPage, ReadError> {
        let query = Query { after, limit, freshness: Freshness::Eventual, ..Query::partition(list.partition()) };
        let page = self.table.query(&query).await?;
        let entries = page.items.iter().filter_map(|item| {
            let resets_at = item.number(BUDGET_RESET_AT).map(Timestamp::from_millis);
            Some(BudgetEntry { who: list.listed(item)?, resets_at, position: item.key.sort.clone() })
        });
        Ok(BudgetPage { entries: entries.collect(), next: page.next })
    }

    /// Begins the next period of a budget where the present one has ended at `now`: what was spent so far no longer
    /// counts, and the next end is set. Takes off exactly what it read, so a call that is charged meanwhile counts in the
    /// new period. All or nothing; two that do it at once do it once.
    ///
    /// What was charged between the period's end and this step counts in the old period.
    ///
    /// # Errors
    /// [`PeriodError::Read`] with [`ReadError::Corrupt`] where the record or its period cannot be read.
    pub async fn begin(&self, who: &Budgeted, now: Timestamp) -> Result<Period, PeriodError> {
        let mut attempt = 1;
        loop {
            let (record_key, totals_key) = who.places();
            let read = |key| async move { self.table.get(&key, Freshness::Latest).await };
            let (record, totals) = try_join(read(record_key), read(totals_key)).await?;
            let Some(record) = record else { return Ok(Period::Running) };
            let (limits, listing) = who.read(&record)?;
            let Some(ended_at) = limits.budget_reset_at.filter(|end| *end <= now) else { return Ok(Period::Running) };
            let corrupt = || ReadError::Corrupt(format!("attribute `budget_duration` of {who}"));
            let period = limits.budget_duration.as_ref().ok_or_else(corrupt)?;
            let resets_at = period.next_reset(now);
            let spent = totals.as_ref().map(|item| key_item::totals_from_item(item).spend()).unwrap_or_default();
            let mut writes = vec![next_end(&record.key, (ended_at, period.as_str()), resets_at)];
            writes.extend(listing.map(|key| Write::Update {
                key,
                changes: vec![Change::Set(BUDGET_RESET_AT.to_owned(), resets_at.millis().into())],
                when: vec![Condition::Exists],
            }));
            writes.extend(totals.filter(|_| spent != NanoDollars::ZERO).map(|totals| take_off(&totals, spent)));
            match self.table.transact(None, writes).await {
                Ok(()) => return Ok(Period::Begun { spent, resets_at }),
                // Somebody else was there, or the answer was lost: the record says which, and whether to go on.
                Err(WriteError::ConditionFailed { .. } | WriteError::Conflict | WriteError::OutcomeUnknown(_))
                    if attempt < ATTEMPTS_MAX => {}
                Err(WriteError::ConditionFailed { .. } | WriteError::Conflict) => return Err(PeriodError::Changed),
                Err(error) => return Err(PeriodError::Write(error)),
            }
            let millis = (FIRST_BACKOFF_MILLIS << attempt.min(8)).min(BACKOFF_MAX_MILLIS);
            tokio::time::sleep(Duration::from_millis(millis)).await;
            attempt += 1;
        }
    }
}

impl Budgeted {
    /// Where the record and its running totals stand.
    fn places(&self) -> (Key, Key) {
        match self {
            Self::Key(hash) => (key_item::record_key(hash), key_item::totals_key(hash)),
            Self::Record(id) => (id.place(), id.totals_place()),
        }
    }

    /// The limits in the record, and where it is listed.
    fn read(&self, item: &Item) -> Result<(Limits, Option<Key>), ReadError> {
        match self {
            Self::Key(_) => {
                let record = key_item::from_item(item)?;
                let listing = key_listing::listing_key(&record);
                Ok((record.limits, Some(listing)))
            }
            Self::Record(_) => {
                let record = record_item::from_item(item)?;
                let listing = record_listing::listing_key(&record);
                Ok((record.limits, listing))
            }
        }
    }
}

impl fmt::Display for Budgeted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(hash) => write!(f, "key `{hash}`"),
            Self::Record(id) => write!(f, "`{}`", id.name()),
        }
    }
}

impl BudgetList {
    /// Every list.
    pub const ALL: [Self; 7] = [
        Self::Keys,
        Self::Records(RecordKind::Budget),
        Self::Records(RecordKind::Team),
        Self::Records(RecordKind::User),
        Self::Records(RecordKind::Organization),
        Self::Records(RecordKind::Customer),
        Self::Records(RecordKind::Tag),
    ];

    /// Its partition, which is its name.
    pub const fn partition(self) -> &'static str {
        match self {
            Self::Keys => key_listing::PARTITION,
            Self::Records(kind) => kind.list(),
        }
    }

    fn listed(self, item: &Item) -> Option<Budgeted> {
        match self {
            Self::Keys => key_listing::from_item(item).map(|listing| Budgeted::Key(listing.hash)),
            Self::Records(kind) => record_listing::from_item(item).map(|listing| Budgeted::Record(listing.id(kind))),
        }
    }
}

/// The new end, as long as the old one and its period still stand.
fn next_end(record: &Key, (ended_at, period): (Timestamp, &str), resets_at: Timestamp) -> Write {
    let changes = vec![Change::Set(BUDGET_RESET_AT.to_owned(), resets_at.millis().into())];
    let when = vec![
        Condition::Equals(BUDGET_RESET_AT.to_owned(), ended_at.millis().into()),
        Condition::Equals("budget_duration".to_owned(), period.into()),
    ];
    Write::Update { key: record.clone(), changes, when }
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
