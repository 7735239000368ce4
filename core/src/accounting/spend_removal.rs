//! Removing rows before they end by themselves: those of a whole day, a bounded number at a time. What was charged stays
//! charged.

use super::spend_log::SpendLog;
use super::spend_row::{SHARDS_MAX, partition};
use crate::calendar;
use crate::clock::Timestamp;
use crate::store::item::Key;
use crate::store::table::{Freshness, Query, ReadError, WriteError};
use crate::store::write::{Condition, Write};
use futures_util::future::try_join_all;

/// Rows of one shard read at a time.
const PAGE: usize = 200;

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Rows removed by this call.
    pub rows: usize,
    /// Whether no row of the day is left.
    pub emptied: bool,
}

/// Why rows are left that were to be removed. Asking again is safe.
#[derive(Debug, thiserror::Error)]
pub enum RemovalError {
    /// The rows could not be found.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A row could not be removed, or the store did not say whether it was.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl SpendLog {
    /// Removes rows of calls that arrived on the day that `day` lies in: about `rows_max` of them, spread over the
    /// day's shards. Repeating it is safe.
    ///
    /// # Errors
    /// [`RemovalError`]: some rows may be gone.
    pub async fn remove_day(&self, day: Timestamp, rows_max: usize) -> Result<Removed, RemovalError> {
        let day = calendar::day(day);
        let limit = rows_max.div_ceil(usize::from(SHARDS_MAX)).max(1);
        let shards = (0..SHARDS_MAX).map(|shard| self.remove_shard(partition(&day, shard), limit));
        let removed = try_join_all(shards).await?;
        Ok(Removed {
            rows: removed.iter().map(|shard| shard.rows).sum(),
            emptied: removed.iter().all(|shard| shard.emptied),
        })
    }

    async fn remove_shard(&self, partition: String, rows_max: usize) -> Result<Removed, RemovalError> {
        // Rows of a day that is over do not change, so an old view of them is good enough.
        let first = Query::partition(partition);
        let mut query = Query { limit: PAGE, freshness: Freshness::Eventual, ..first };
        let mut rows = 0;
        loop {
            let page = self.table.query(&query).await?;
            for item in page.items {
                if rows == rows_max {
                    return Ok(Removed { rows, emptied: false });
                }
                rows += usize::from(self.remove(item.key).await?);
            }
            // A page may be empty and yet not the last: rows that have ended stand there until the store removes them.
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(Removed { rows, emptied: true }),
            }
        }
    }

    /// Whether it was this call that removed the row: another run, or the row's own end, may have been faster.
    async fn remove(&self, key: Key) -> Result<bool, WriteError> {
        match self.table.write(Write::Delete { key, when: vec![Condition::Exists] }).await {
            Ok(_) => Ok(true),
            Err(WriteError::ConditionFailed { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
