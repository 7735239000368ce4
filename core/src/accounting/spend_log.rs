//! The spend log: every call's row, stored exactly once together with its charge. Called before the last byte of an
//! answer goes out; there is no queue in memory.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `LOG#<day>#<shard>` | the call's id | the row ([`super::spend_row`]); ends when its retention does |
//! | `KEY#<hash>` | `SPEND` | `spend`, `tokens`, `requests`: added to; `last_active`: set |

use super::spend_row::{SHARDS_MAX, SpendRow};
use crate::calendar::DAY_MILLIS;
use crate::clock::Timestamp;
use crate::id::{KeyHash, RequestId};
use crate::store::item::Key;
use crate::store::table::{Freshness, ReadError, Table, WriteError};
use crate::store::write::{Change, Condition, Write};
use std::sync::Arc;
use std::time::Duration;

/// Most times a settlement is tried where the store asks for it or does not answer.
const ATTEMPTS_MAX: u32 = 6;

/// The wait before the second attempt; it doubles with each.
const FIRST_BACKOFF_MILLIS: u64 = 4;

/// The rows of one table.
#[derive(Clone)]
pub struct SpendLog {
    pub(super) table: Arc<dyn Table>,
    retention_days: Option<u32>,
    shards: u8,
}

/// What a settlement did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The row was stored and its cost charged.
    Now,
    /// The call was settled before; nothing was done.
    Before,
}

/// Why a call was not settled.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// Nothing was stored and nothing charged. Settling again is safe.
    #[error("the call was not settled")]
    NotStored(#[source] WriteError),
    /// The store gave no answer, neither to the write nor to the question whether it happened. Settling again is safe.
    #[error("whether the call was settled is not known")]
    OutcomeUnknown(#[source] WriteError),
}

impl SpendLog {
    /// Rows in `table`, kept for `retention_days` after the call (`None`: for ever).
    pub fn new(table: Arc<dyn Table>, retention_days: Option<u32>) -> Self {
        Self { table, retention_days, shards: SHARDS_MAX }
    }

    /// Stores a call's row and charges its cost, in one transaction and once: a row that stands already means that the
    /// call is settled. A call that cost nothing and used nothing gets its row alone; a row too large for the table is
    /// stored without its client's own data. Waits a quarter of a second at most between its attempts, all together.
    ///
    /// # Errors
    /// [`SettleError`] says whether the outcome is known. Repeating the call is safe in either case.
    pub async fn settle(&self, row: &SpendRow) -> Result<Settled, SettleError> {
        match self.settle_as_it_is(row).await {
            // A call must not escape its charge by what its client wrote beside it.
            Err(SettleError::NotStored(WriteError::TooLarge { .. })) => self.settle_as_it_is(&row.trimmed()).await,
            other => other,
        }
    }

    async fn settle_as_it_is(&self, row: &SpendRow) -> Result<Settled, SettleError> {
        let mut attempt = 1;
        loop {
            let failure = match self.store(row).await {
                Ok(()) => return Ok(Settled::Now),
                // Ours or not, the row is there: after a lost answer that is the write that was not answered.
                Err(WriteError::ConditionFailed { .. }) if attempt == 1 => return Ok(Settled::Before),
                Err(WriteError::ConditionFailed { .. }) => return Ok(Settled::Now),
                Err(failure) => failure,
            };
            match failure {
                WriteError::OutcomeUnknown(_) => match self.find(row.request_id).await {
                    Ok(Some(_)) => return Ok(Settled::Now),
                    // Not there yet. The same write again cannot charge twice, as it asks for the row to be absent.
                    Ok(None) | Err(_) if attempt < ATTEMPTS_MAX => {}
                    Ok(None) | Err(_) => return Err(SettleError::OutcomeUnknown(failure)),
                },
                WriteError::Conflict | WriteError::Throttled(_) | WriteError::Unavailable(_)
                    if attempt < ATTEMPTS_MAX => {}
                _ => return Err(SettleError::NotStored(failure)),
            }
            tokio::time::sleep(backoff(attempt, row.request_id)).await;
            attempt += 1;
        }
    }

    /// The row of a call.
    ///
    /// # Errors
    /// As [`Table::get`]; [`ReadError::Corrupt`] where the row cannot be read.
    pub async fn find(&self, request_id: RequestId) -> Result<Option<SpendRow>, ReadError> {
        let item = self.table.get(&SpendRow::place(request_id, self.shards), Freshness::Latest).await?;
        item.as_ref().map(SpendRow::from_item).transpose()
    }

    /// The same log with all rows of a day in one partition, for a store that has one writer anyway: rows that arrive
    /// together are then stored together.
    pub fn unsharded(self) -> Self {
        Self { shards: 1, ..self }
    }

    /// Days that rows are kept; `None`: for ever.
    pub fn retention_days(&self) -> Option<u32> {
        self.retention_days
    }

    async fn store(&self, row: &SpendRow) -> Result<(), WriteError> {
        let put = Write::Put { item: row.to_item(self.expiry(row), self.shards), when: vec![Condition::Absent] };
        if row.is_charged() {
            self.table.transact(None, vec![put, charge(row)]).await
        } else {
            self.table.write(put).await.map(drop)
        }
    }

    fn expiry(&self, row: &SpendRow) -> Option<Timestamp> {
        let days = i64::from(self.retention_days?);
        Some(row.request_id.arrived().plus_millis(days.saturating_mul(DAY_MILLIS)))
    }
}

/// Where a key's running totals stand. The layout is that of `auth::key_store`, which reads them.
pub fn totals_key(key: &KeyHash) -> Key {
    Key::new(format!("KEY#{key}"), "SPEND")
}

fn charge(row: &SpendRow) -> Write {
    let tokens = i64::try_from(row.details.usage.total()).unwrap_or(i64::MAX);
    let changes = vec![
        Change::Add("spend".to_owned(), row.cost.nanos()),
        Change::Add("tokens".to_owned(), tokens),
        Change::Add("requests".to_owned(), 1),
        Change::Set("last_active".to_owned(), row.details.ended_at.millis().into()),
    ];
    Write::Update { key: totals_key(&row.key), changes, when: Vec::new() }
}

/// Doubles with each attempt; the call's own random bits keep calls that met once from meeting again.
fn backoff(attempt: u32, request_id: RequestId) -> Duration {
    let base = FIRST_BACKOFF_MILLIS << attempt.min(6);
    Duration::from_millis(base / 2 + base * u64::from(request_id.shard()) / 32)
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
