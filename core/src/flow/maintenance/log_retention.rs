//! Removes spend rows that are older than the retention and do not know it: a row ends by itself at the time that was
//! right when it was written, so only rows of before the last change of the retention are looked for. A whole day at a
//! time, once the whole day is old enough; each day is looked at once.
//!
//! Kept from run to run: `day`, the first day that may still hold such rows; `retention_days`, what was in force; and
//! `mixed_until`, the day from which on all rows were written under it. Days count from the Unix epoch.
//!
//! A row that was written under a shorter retention ends as it was written; a longer one does not bring it back.

use super::cursor::Cursor;
use super::error::JobError;
use super::progress::{Ended, Progress, Until};
use crate::accounting::spend_log::SpendLog;
use crate::calendar::{self, DAY_MILLIS};
use crate::clock::Timestamp;
use crate::store::write::Change;

/// Days before the retention that are looked at where nothing is known of the past: three years.
const LOOK_BACK_DAYS: i64 = 3 * 366;

/// Most days looked at in one run. An empty one costs sixteen small reads.
const DAYS_MAX: u64 = 400;

/// Most rows removed in one run, about.
const ROWS_MAX: u64 = 20_000;

/// Rows removed between two looks at the clock, about.
const ROWS_AT_ONCE: usize = 800;

const DAY: &str = "day";
const RETENTION_DAYS: &str = "retention_days";
const MIXED_UNTIL: &str = "mixed_until";

/// The days to look at: from the first on, up to the second.
struct Span {
    day: i64,
    end: i64,
}

pub(super) async fn run(
    spend: &SpendLog,
    cursor: &Cursor<'_>,
    until: Until<'_>,
    progress: &mut Progress,
) -> Result<Ended, JobError> {
    let Some(retention) = spend.retention_days().map(i64::from) else {
        forget(cursor).await?;
        return Ok(Ended::Off);
    };
    let mut span = span(cursor, retention, until.now()).await?;
    let first = span.day;
    let walked = walk(spend, &mut span, until, progress).await;
    progress.cursor = (span.day < span.end).then(|| calendar::day(midnight(span.day)));
    if span.day != first {
        cursor.change(vec![Change::Set(DAY.to_owned(), span.day.into())]).await?;
    }
    walked
}

/// Without a retention rows are written that end never: they are looked for when there is one again.
async fn forget(cursor: &Cursor<'_>) -> Result<(), JobError> {
    if cursor.read().await?.number(RETENTION_DAYS).is_some() {
        cursor.change(vec![Change::Remove(RETENTION_DAYS.to_owned())]).await?;
    }
    Ok(())
}

async fn span(cursor: &Cursor<'_>, retention: i64, now: Timestamp) -> Result<Span, JobError> {
    let today = now.millis().div_euclid(DAY_MILLIS);
    let old_enough = today - retention;
    let kept = cursor.read().await?;
    let day = kept.number(DAY).unwrap_or(old_enough - LOOK_BACK_DAYS);
    let known = kept.number(MIXED_UNTIL).filter(|_| kept.number(RETENTION_DAYS) == Some(retention));
    let mixed_until = match known {
        Some(mixed_until) => mixed_until,
        None => {
            // Instances with the old settings may go on for a while, past midnight too.
            let mixed_until = today + 2;
            cursor
                .change(vec![
                    Change::SetIfMissing(DAY.to_owned(), day.into()),
                    Change::Set(RETENTION_DAYS.to_owned(), retention.into()),
                    Change::Set(MIXED_UNTIL.to_owned(), mixed_until.into()),
                ])
                .await?;
            mixed_until
        }
    };
    Ok(Span { day, end: old_enough.min(mixed_until) })
}

async fn walk(spend: &SpendLog, span: &mut Span, until: Until<'_>, progress: &mut Progress) -> Result<Ended, JobError> {
    while span.day < span.end {
        if progress.examined >= DAYS_MAX || progress.done >= ROWS_MAX || until.passed() {
            return Ok(Ended::Unfinished);
        }
        let removed = spend.remove_day(midnight(span.day), ROWS_AT_ONCE).await?;
        progress.done += removed.rows as u64;
        if removed.emptied {
            progress.examined += 1;
            span.day += 1;
        }
    }
    Ok(Ended::Finished)
}

fn midnight(day: i64) -> Timestamp {
    Timestamp::from_millis(day.saturating_mul(DAY_MILLIS))
}
