//! Sums the spend log up, so that reports need not read it: day by day, from where the last run stopped. Without it
//! reports are as right, and slower.

use super::cursor::Cursor;
use super::error::JobError;
use super::progress::{Ended, Progress, Until};
use crate::accounting::spend_log::SpendLog;
use crate::accounting::spend_row::SHARDS_MAX;
use crate::accounting::spend_sums::{Summed, is_over};
use crate::calendar::{self, DAY_MILLIS};
use crate::store::write::Change;

/// Most rows read in one run.
const ROWS_MAX: u64 = 50_000;

/// Rows read between two looks at the clock.
const ROWS_AT_ONCE: usize = 2_000;

/// Days before today that the first run begins with.
const FIRST_DAYS: i64 = 31;

const DAY: &str = "day";

pub(super) async fn run(
    spend: &SpendLog,
    cursor: &Cursor<'_>,
    until: Until<'_>,
    progress: &mut Progress,
) -> Result<Ended, JobError> {
    let now = until.now();
    let left = cursor.read().await?;
    let first = left.text(DAY).and_then(calendar::parse);
    let mut day = first.unwrap_or_else(|| now.plus_millis(-FIRST_DAYS * DAY_MILLIS));
    loop {
        for shard in 0..SHARDS_MAX {
            loop {
                if progress.examined >= ROWS_MAX || until.passed() {
                    return Ok(Ended::Unfinished);
                }
                let (summed, rows) = spend.sum_up((day, shard), now, ROWS_AT_ONCE).await?;
                progress.examined += rows as u64;
                if summed == Summed::All {
                    break;
                }
            }
        }
        if !is_over(day, now) {
            return Ok(Ended::Finished);
        }
        day = day.plus_millis(DAY_MILLIS);
        let name = calendar::day(day);
        progress.cursor = Some(name.clone());
        cursor.change(vec![Change::Set(DAY.to_owned(), name.into())]).await?;
    }
}
