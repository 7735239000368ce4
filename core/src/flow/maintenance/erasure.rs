//! Takes people who were deleted out of the spend log: day by day, from today back to the oldest rows there may be; and out
//! of the last days once more when every call that was under way then has its row.
//!
//! How far it came stands with each of them ([`crate::flow::erasures`]).

use super::error::JobError;
use super::progress::{Ended, Progress, Until};
use crate::accounting::spend_log::SpendLog;
use crate::calendar::DAY_MILLIS;
use crate::clock::Timestamp;
use crate::flow::erasures::{Erasures, Pending};

/// Days that are looked back: ten years.
const LOOK_BACK_DAYS: i64 = 10 * 366;

/// Most days looked at in one run. An empty one costs thirty-two small reads.
const DAYS_MAX: u64 = 800;

/// How long after somebody was deleted rows of calls may still be stored, in milliseconds: a call may last an hour, and
/// maintenance charges those that nobody else does.
const LATE_MILLIS: i64 = 2 * 60 * 60 * 1000;

pub(super) async fn run(
    erasures: &Erasures,
    spend: &SpendLog,
    until: Until<'_>,
    progress: &mut Progress,
) -> Result<Ended, JobError> {
    for pending in erasures.pending().await? {
        let (asked, today) = (day_of(pending.asked_at), day_of(until.now()));
        let oldest = asked - LOOK_BACK_DAYS;
        let first = pending.day.unwrap_or(today);
        let is_late = until.now().millis() - pending.asked_at.millis() >= LATE_MILLIS;
        let day = walk(&pending, (first, oldest), (spend, until), progress).await?;
        if day >= oldest {
            erasures.reached(&pending, day).await?;
            return Ok(Ended::Unfinished);
        }
        if !is_late {
            if day != first {
                erasures.reached(&pending, day).await?;
            }
            continue;
        }
        if walk(&pending, (today, asked - 1), (spend, until), progress).await? >= asked - 1 {
            return Ok(Ended::Unfinished);
        }
        erasures.done(&pending).await?;
    }
    Ok(Ended::Finished)
}

/// Goes back over the days from the first to the last, as far as the time goes; the next that is left.
async fn walk(
    pending: &Pending,
    (first, last): (i64, i64),
    (spend, until): (&SpendLog, Until<'_>),
    progress: &mut Progress,
) -> Result<i64, JobError> {
    let mut day = first;
    while day >= last && progress.examined < DAYS_MAX && !until.passed() {
        let midnight = Timestamp::from_millis(day.saturating_mul(DAY_MILLIS));
        progress.done += spend.erase_day(midnight, &pending.person, pending.erasure).await?;
        progress.examined += 1;
        day -= 1;
    }
    Ok(day)
}

fn day_of(at: Timestamp) -> i64 {
    at.millis().div_euclid(DAY_MILLIS)
}
