//! Gives back the room of items that have ended, where the store does not do so by itself. It goes on where it stopped;
//! the store knows where.

use super::error::JobError;
use super::progress::{Ended, Progress, Until};
use crate::store::expiry::SweepExpired;

/// Most items looked at in one run.
const ITEMS_MAX: u64 = 50_000;

/// Items looked at between two looks at the clock. Callers of a store in memory wait behind them.
const ITEMS_AT_ONCE: usize = 250;

pub(super) async fn run(
    store: Option<&dyn SweepExpired>,
    until: Until<'_>,
    progress: &mut Progress,
) -> Result<Ended, JobError> {
    let Some(store) = store else { return Ok(Ended::Off) };
    while progress.examined < ITEMS_MAX && !until.passed() {
        let swept = store.sweep_expired(ITEMS_AT_ONCE).await?;
        progress.examined += swept.examined as u64;
        progress.done += swept.removed as u64;
        if swept.finished {
            return Ok(Ended::Finished);
        }
    }
    Ok(Ended::Unfinished)
}
