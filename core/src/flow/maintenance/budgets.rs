//! Budget roll-over: a key whose period has ended shows nothing spent, and when its new period ends.

use super::cursor;
use crate::auth::key_record::StoredKey;
use crate::auth::key_store::KeyStore;
use crate::clock::Timestamp;
use crate::duration::Duration;
use crate::store::item::Value;
use crate::store::table::{ReadError, Table, WriteError};
use serde::Serialize;
use std::sync::Arc;

/// Keys looked at in one run: some seconds of reads.
const KEYS_MAX: usize = 1000;
const JOB: &str = "budgets";

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BudgetReport {
    /// Keys looked at.
    pub keys: usize,
    /// Those whose period ended.
    pub rolled_over: usize,
    /// Whether the last key was reached; otherwise the next run goes on.
    pub finished: bool,
}

/// Why the job stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum BudgetError {
    /// The table could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The table could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

pub(super) async fn roll_over(
    keys: &KeyStore,
    table: &Arc<dyn Table>,
    now: Timestamp,
) -> Result<BudgetReport, BudgetError> {
    let after = cursor::read(table.as_ref(), JOB).await?.and_then(|at| at.as_text().map(str::to_owned));
    let page = keys.page(after, KEYS_MAX).await?;
    let mut report = BudgetReport { finished: page.next.is_none(), ..BudgetReport::default() };
    for hash in &page.keys {
        report.keys += 1;
        let Some(key) = keys.get(hash).await? else { continue };
        if let Some(next) = next_period(&key, now)
            && keys.start_period(&key, next).await?
        {
            report.rolled_over += 1;
        }
    }
    cursor::keep(table.as_ref(), JOB, page.next.map(Value::Text)).await?;
    Ok(report)
}

/// When the period ends that begins now; `None`: the key's period goes on, or it has none.
fn next_period(key: &StoredKey, now: Timestamp) -> Option<Timestamp> {
    key.record.budget_reset_at.filter(|end| *end <= now)?;
    Duration::parse(key.record.budget_duration.as_deref()?).ok()?.next_reset(now).ok()
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests {
    use super::super::run::{Maintenance, Outcome};
    use super::*;
    use crate::accounting::spend_log::SpendLog;
    use crate::auth::key_record::KeyRecord;
    use crate::calendar::DAY_MILLIS;
    use crate::clock::ManualClock;
    use crate::id::KeyHash;
    use crate::money::NanoDollars;
    use crate::store::embedded::EmbeddedTable;

    const START: Timestamp = Timestamp::from_millis(1_705_314_030_007);

    struct World {
        clock: Arc<ManualClock>,
        jobs: Maintenance,
        hash: KeyHash,
    }

    /// A key with a daily budget that has spent 5.
    async fn world() -> World {
        let clock = Arc::new(ManualClock::at(START));
        let table: Arc<dyn Table> = Arc::new(EmbeddedTable::in_memory(clock.clone()).unwrap());
        let keys = KeyStore::new(table.clone());
        let hash = KeyHash::of_digest(&[7; 32]);
        let mut record = KeyRecord::new(hash.clone(), "sk-...aily".to_owned(), START, None);
        record.budget_duration = Some("1d".to_owned());
        record.budget_reset_at = Some(START.plus_millis(DAY_MILLIS));
        keys.create(&record, NanoDollars::new(5)).await.unwrap();
        let spend = Arc::new(SpendLog::new(table.clone(), None));
        World { jobs: Maintenance { keys, spend, table, clock: clock.clone() }, clock, hash }
    }

    impl World {
        async fn rolled_over(&self) -> usize {
            match self.jobs.run().await.budgets {
                Outcome::Done(report) => report.rolled_over,
                Outcome::Failed(error) => panic!("{error}"),
            }
        }

        async fn spend(&self) -> i64 {
            self.jobs.keys.get(&self.hash).await.unwrap().unwrap().totals.spend().nanos()
        }
    }

    #[tokio::test]
    async fn a_period_that_goes_on_is_left_alone() {
        let world = world().await;
        assert_eq!((world.rolled_over().await, world.spend().await), (0, 5));
    }

    #[tokio::test]
    async fn a_period_that_ended_rolls_over_once_however_often_the_job_runs() {
        let world = world().await;
        world.clock.advance_millis(DAY_MILLIS);
        assert_eq!((world.rolled_over().await, world.spend().await), (1, 0));
        assert_eq!((world.rolled_over().await, world.spend().await), (0, 0));
        world.clock.advance_millis(2 * DAY_MILLIS);
        assert_eq!(world.rolled_over().await, 1);
    }

    #[tokio::test]
    async fn what_is_spent_while_a_period_ends_counts_in_the_next() {
        let world = world().await;
        let seen = world.jobs.keys.get(&world.hash).await.unwrap().unwrap();
        world.jobs.keys.adjust_spend(&world.hash, NanoDollars::new(3)).await.unwrap();
        assert!(world.jobs.keys.start_period(&seen, START.plus_millis(9 * DAY_MILLIS)).await.unwrap());
        assert!(!world.jobs.keys.start_period(&seen, START.plus_millis(9 * DAY_MILLIS)).await.unwrap());
        assert_eq!(world.spend().await, 3);
    }
}
