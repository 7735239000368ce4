//! Removing rows of days gone by. TTL removes a row at the end it was stored with; this is for rows that were stored
//! with a later end, or none, because the retention was another then.

use super::spend_log::SpendLog;
use super::spend_row::partition;
use crate::calendar;
use crate::clock::Timestamp;
use crate::store::table::{Query, ReadError, WriteError};
use crate::store::write::Write;
use futures_util::future::try_join_all;

/// Rows removed side by side.
const PAGE: usize = 25;

/// Why rows were not removed. Trying again is safe.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// They could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// One could not be removed.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl SpendLog {
    /// Removes rows that arrived on the day of `day`, about `rows_max` at most. Gives how many; fewer than `rows_max`
    /// means that none are left.
    ///
    /// # Errors
    /// [`RemoveError`]. What was removed before stays removed.
    pub async fn remove_day(&self, day: Timestamp, rows_max: usize) -> Result<usize, RemoveError> {
        let mut removed = 0;
        for shard in 0..16 {
            let query = Query { limit: PAGE, ..Query::partition(partition(&calendar::day(day), shard)) };
            while removed < rows_max {
                let page = self.table.query(&query).await?;
                let deletions = page.items.iter().map(|item| Write::Delete { key: item.key.clone(), when: Vec::new() });
                try_join_all(deletions.map(|deletion| self.table.write(deletion))).await?;
                removed += page.items.len();
                // The same query again: what it found is gone.
                if page.next.is_none() {
                    break;
                }
            }
        }
        Ok(removed)
    }
}

#[cfg(all(test, feature = "embedded"))]
mod tests {
    use super::super::spend_row::tests::row;
    use super::*;
    use crate::calendar::DAY_MILLIS;
    use crate::clock::ManualClock;
    use crate::store::embedded::EmbeddedTable;
    use std::sync::Arc;

    const NOON: i64 = 1_763_726_400_000;

    #[tokio::test]
    async fn a_days_rows_are_removed_in_portions_and_its_neighbours_stay() {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(NOON)));
        let log = SpendLog::new(Arc::new(EmbeddedTable::in_memory(clock).unwrap()), None);
        let neighbours = [row(NOON - DAY_MILLIS, 1, 0), row(NOON + DAY_MILLIS, 1, 0)];
        let day: Vec<_> = (0..100).map(|tail| row(NOON, tail, 0)).collect();
        for row in day.iter().chain(&neighbours) {
            log.settle(row).await.unwrap();
        }
        let noon = Timestamp::from_millis(NOON);
        let mut removed = Vec::new();
        while removed.last() != Some(&0) {
            removed.push(log.remove_day(noon, 40).await.unwrap());
        }
        assert_eq!(removed.iter().sum::<usize>(), 100);
        assert!(removed.len() > 2, "{removed:?}");
        for row in &neighbours {
            assert!(log.find(row.request_id).await.unwrap().is_some());
        }
        assert!(log.find(day[0].request_id).await.unwrap().is_none());
    }
}
