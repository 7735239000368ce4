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

pub(super) async fn apply(
    spend: &SpendLog,
    table: &Arc<dyn Table>,
    now: Timestamp,
) -> Result<LogReport, LogError> {
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
