//! Charges calls whose process died before they were settled: each its reservation, or what it may have used where
//! nothing limits it, and gives back what they held. A settlement that comes after all corrects the charge. One that
//! cannot be charged is passed over, run after run.
//!
//! Nothing is kept from run to run: a hold that is dealt with is gone, and those of calls under way are few.

use super::error::JobError;
use super::progress::{Ended, Progress, Until};
use crate::accounting::release::Release;
use crate::accounting::spend_log::{Settled, SpendLog};
use crate::accounting::spend_row::SpendRow;
use crate::admission::hold::{Hold, SHARDS};
use crate::admission::ledger::Ledger;
use crate::money::NanoDollars;
use crate::store::item::{Item, Key};
use std::error::Error;

/// Most holds charged in one run.
const HOLDS_MAX: u64 = 5_000;

/// Holds read at a time.
const PAGE: usize = 200;

pub(super) async fn run(
    ledger: &Ledger,
    spend: &SpendLog,
    until: Until<'_>,
    progress: &mut Progress,
) -> Result<Ended, JobError> {
    for shard in 0..SHARDS {
        let mut after = None;
        loop {
            if progress.done >= HOLDS_MAX || until.passed() {
                return Ok(Ended::Unfinished);
            }
            let page = ledger.expired(shard, after, PAGE, until.now()).await?;
            for (hold, row) in page.holds {
                progress.examined += 1;
                match end(ledger, spend, (&hold, &row), until).await {
                    Ok(Settled::Now) => progress.done += 1,
                    Ok(Settled::Before) => progress.passed_over += 1,
                    Err(error) if error.is_outage() => return Err(error),
                    // One that cannot be charged does not stand in the way of the others.
                    Err(error) => {
                        let error = &error as &dyn Error;
                        tracing::error!(call = %hold.id, error, "a call that was never settled cannot be charged");
                        progress.passed_over += 1;
                    }
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    Ok(Ended::Finished)
}

/// Charges the call of a hold, or gives it back where the call was charged before.
async fn end(
    ledger: &Ledger,
    spend: &SpendLog,
    (hold, row): (&Hold, &Item),
    until: Until<'_>,
) -> Result<Settled, JobError> {
    let settled = charge(spend, hold, row, until).await?;
    if settled == Settled::Before {
        // Its row stands: the call was charged without it, in an outage, or settled long ago and reserved again by a
        // request that arrived late. It is only given back.
        ledger.void(hold, until.now()).await?;
    }
    Ok(settled)
}

async fn charge(spend: &SpendLog, hold: &Hold, row: &Item, until: Until<'_>) -> Result<Settled, JobError> {
    let mut row = SpendRow::from_item(row)?;
    row.details.ended_at = until.now();
    let owned = |(key, nanos): (&Key, i64)| (key.clone(), NanoDollars::new(nanos));
    let release = Release {
        totals: hold.totals().map(owned).collect(),
        counters: hold.counters().map(owned).collect(),
        ended: hold.ended(),
        ..Release::default()
    };
    let settled = spend.charge_unsettled(&row, release).await?;
    if settled == Settled::Now {
        tracing::warn!(call = %hold.id, "a call was never settled; what it may have used is charged");
    }
    Ok(settled)
}
