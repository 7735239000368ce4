//! Retention of the spend log: rows older than it are removed, whatever end they were stored with.

use super::cursor;
use crate::accounting::spend_log::SpendLog;
use crate::accounting::spend_query::SPAN_DAYS_MAX;
use crate::accounting::spend_retention::RemoveError;
use crate::calendar::DAY_MILLIS;
use crate::clock::Timestamp;
use crate::store::item::Value;
use crate::store::table::{ReadError, Table, WriteError};
use serde::Serialize;
use std::sync::Arc;

/// Rows removed in one run: some seconds of writes.
const ROWS_MAX: usize = 2000;
/// Days looked at in one run, of sixteen reads each.
const DAYS_MAX: usize = 30;
const JOB: &str = "spend_log";

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LogReport {
    /// Days that hold no row any more.
    pub days: usize,
    /// Rows removed.
    pub rows: usize,
    /// Whether no older row is left; otherwise the next run goes on. Rows are kept for ever where no retention is set.
    pub finished: bool,
}

/// Why the job stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum LogError {
    /// The job's place could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The job's place could not be kept.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Rows could not be removed.
    #[error(transparent)]
    Remove(#[from] RemoveError),
}

pub(super) async fn apply(spend: &SpendLog, table: &Arc<dyn Table>, now: Timestamp) -> Result<LogReport, LogError> {
    let mut report = LogReport { finished: true, ..LogReport::default() };
    let Some(retention_days) = spend.retention_days() else { return Ok(report) };
    // Rows of the edge's own day are TTL's to remove, or tomorrow's run's.
    let edge = midnight(now.plus_millis(-i64::from(retention_days).saturating_mul(DAY_MILLIS)));
    let earliest = edge.plus_millis(-SPAN_DAYS_MAX * DAY_MILLIS);
    let kept = cursor::read(table.as_ref(), JOB).await?.and_then(|at| at.as_number()).map(Timestamp::from_millis);
    let start = kept.unwrap_or(earliest).max(earliest);
    let mut day = start;
    while day < edge {
        let room = ROWS_MAX - report.rows.min(ROWS_MAX);
        if report.days == DAYS_MAX || room == 0 {
            report.finished = false;
            break;
        }
        let removed = spend.remove_day(day, room).await?;
        report.rows += removed;
        if removed < room {
            report.days += 1;
            day = day.plus_millis(DAY_MILLIS);
        }
    }
    if day != start {
        cursor::keep(table.as_ref(), JOB, Some(Value::Number(day.millis()))).await?;
    }
    Ok(report)
}

fn midnight(at: Timestamp) -> Timestamp {
    at.plus_millis(-at.millis().rem_euclid(DAY_MILLIS))
}

#[cfg(all(test, feature = "embedded"))]
mod tests {
    use super::*;
    use crate::accounting::spend_row::{SpendDetails, SpendRow};
    use crate::clock::ManualClock;
    use crate::id::{KeyHash, RequestId};
    use crate::money::NanoDollars;
    use crate::store::embedded::EmbeddedTable;

    const NOON: Timestamp = Timestamp::from_millis(1_763_726_400_000);

    /// A table with one row of each of the days ago, stored without an end.
    async fn table_with_rows(days_ago: &[i64]) -> (Arc<dyn Table>, Vec<RequestId>) {
        let clock = Arc::new(ManualClock::at(NOON));
        let table: Arc<dyn Table> = Arc::new(EmbeddedTable::in_memory(clock).unwrap());
        let log = SpendLog::new(Arc::clone(&table), None);
        let mut ids = Vec::new();
        for days in days_ago {
            let request_id = RequestId::at(NOON.plus_millis(-days * DAY_MILLIS), &[1; 10]);
            let key = KeyHash::of_digest(&[7; 32]);
            let row = SpendRow { request_id, key, cost: NanoDollars::ZERO, details: SpendDetails::default() };
            log.settle(&row).await.unwrap();
            ids.push(request_id);
        }
        (table, ids)
    }

    /// Runs the job until it has finished; how many rows it removed.
    async fn run(table: &Arc<dyn Table>, retention_days: Option<u32>) -> usize {
        let log = SpendLog::new(Arc::clone(table), retention_days);
        let mut rows = 0;
        loop {
            let report = apply(&log, table, NOON).await.unwrap();
            rows += report.rows;
            if report.finished {
                return rows;
            }
        }
    }

    #[tokio::test]
    async fn only_rows_older_than_the_retention_are_removed() {
        let (table, ids) = table_with_rows(&[300, 8, 7, 0]).await;
        assert_eq!(run(&table, Some(7)).await, 2);
        let log = SpendLog::new(Arc::clone(&table), None);
        for (id, stays) in ids.into_iter().zip([false, false, true, true]) {
            assert_eq!(log.find(id).await.unwrap().is_some(), stays);
        }
    }

    #[tokio::test]
    async fn a_shorter_retention_takes_effect_and_without_one_rows_stay() {
        let (table, _) = table_with_rows(&[9, 5]).await;
        assert_eq!(run(&table, None).await, 0);
        assert_eq!(run(&table, Some(7)).await, 1);
        assert_eq!(run(&table, Some(2)).await, 1);
        assert_eq!(run(&table, Some(2)).await, 0);
    }
}
