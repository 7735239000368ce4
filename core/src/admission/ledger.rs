//! Reserving: one transaction before a byte goes upstream, which counts the call in every limit it has or in none, and
//! leaves a hold, so that a crash leaves a trace. Whoever gets a hold settles or voids it. A call without limits waits for
//! nothing, and leaves its trace meanwhile.

use super::counters::give_back;
use super::hold::{Held, Hold, SHARDS, given_up, is_given_up, partition, place};
use super::limits::Demand;
use super::line::Line;
use super::refusal::{Refusal, StoreFailure};
use super::windows::Windows;
use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::store::item::Item;
use crate::store::silence::{CROWD_WAIT, LATE, Silence, StoreWait};
use crate::store::table::{Freshness, Query, ReadError, Table, WriteError};
use crate::store::write::{Condition, Write};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What is left of the wait for the store at least, however long the call has waited for other things.
const STORE_WAIT_LEFT_MIN: Duration = Duration::from_millis(60);
/// The wait before the second attempt in a crowd; it doubles up to [`BACKOFF_MAX_MILLIS`].
const FIRST_BACKOFF_MILLIS: u64 = 2;
const BACKOFF_MAX_MILLIS: u64 = 64;

/// The limits' state in one table.
#[derive(Clone)]
pub struct Ledger {
    pub(super) table: Arc<dyn Table>,
    pub(super) windows: Arc<Windows>,
    wait: StoreWait,
}

/// Expired holds of one shard.
#[derive(Debug, Default)]
pub struct Expired {
    /// The holds of calls that are over, each with the row to charge.
    pub holds: Vec<(Hold, Item)>,
    /// Where to go on; `None`: there are no more.
    pub next: Option<String>,
}

impl Ledger {
    /// A ledger in `table`.
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table, windows: Arc::default(), wait: StoreWait::default() }
    }

    /// Waits so long for a store that is silent.
    #[must_use]
    pub fn waiting(mut self, wait: StoreWait) -> Self {
        self.wait = wait;
        self
    }

    /// Counts a call in all its limits, or in none.
    ///
    /// # Errors
    /// [`Refusal`]: nothing is held; for [`Refusal::Unavailable`] what may be held ends with the call's time.
    pub async fn reserve(&self, demand: Demand, now: Timestamp) -> Result<Hold, Refusal> {
        let mut lines: Vec<Line<'_>> = demand.scopes.iter().flat_map(|scope| Line::of(scope, &demand)).collect();
        if let Some(refusal) = lines.iter().find_map(|line| line.impossible(now)) {
            return Err(refusal);
        }
        lines.iter_mut().for_each(|line| line.recall(&self.windows, now));
        let (started, mut attempt) = (Instant::now(), 0);
        let mut silence = Silence::with_left(self.wait, left_of(self.wait, demand.id, now));
        // Whether an attempt may have reserved that nobody has heard of.
        let mut is_open = false;
        loop {
            let hold = Hold::of(&lines, &demand, now);
            let put = Write::Put { item: hold.to_item(demand.unsettled.clone()), when: vec![Condition::Absent] };
            let writes = std::iter::once(put).chain(lines.iter().map(|line| line.write(now))).collect();
            let tried = silence.broken_by(self.table.transact(None, writes)).await;
            let failure = match tried.ok_or(Refusal::Unavailable(StoreFailure::Late))? {
                Ok(()) => {
                    lines.iter().for_each(|line| line.remember(&self.windows, now));
                    return Ok(hold);
                }
                Err(failure) => failure,
            };
            match failure {
                // This call was given up meanwhile.
                WriteError::ConditionFailed { index: 0, old: Some(old) } if is_given_up(&old) => {
                    return Err(Refusal::Unavailable(StoreFailure::Late));
                }
                // Ours: an attempt whose answer was lost. What it counted is what its item says.
                WriteError::ConditionFailed { index: 0, old: Some(old) } => return Ok(read(*old)?.0),
                WriteError::ConditionFailed { index, old } if started.elapsed() < CROWD_WAIT => {
                    if let Some(line) = index.checked_sub(1).and_then(|index| lines.get_mut(index)) {
                        let was_unmet = line.is_unmet();
                        line.forget(&self.windows, now);
                        line.learn(old.as_deref(), now)?;
                        // One by one would be a step each.
                        lines.iter_mut().filter(|_| was_unmet).for_each(Line::follow);
                    }
                    silence.begin_again();
                    continue;
                }
                WriteError::OutcomeUnknown(_) if !silence.is_over() => {
                    is_open = true;
                    // Where that is not known either, the same attempt again cannot count twice: the hold is in its way.
                    if let Some(Ok(Some(hold))) = silence.broken_by(self.find(demand.id)).await {
                        return Ok(hold);
                    }
                }
                // A store that answers is there.
                WriteError::Conflict if started.elapsed() < CROWD_WAIT => {
                    silence.begin_again();
                }
                WriteError::Throttled(_) | WriteError::Unavailable(_) if !silence.is_over() => {}
                _ if is_open => return Err(Refusal::Unavailable(StoreFailure::Late)),
                failure => return Err(Refusal::Unavailable(failure.into())),
            }
            silence.sleep(backoff(attempt, demand.id)).await;
            attempt += 1;
        }
    }

    /// Leaves the trace of a call that no scope limits: a hold of nothing, with the row that is charged where nobody
    /// settles it. Asked for once, and not for longer than the store is waited for.
    ///
    /// # Errors
    /// As [`Table::write`]: there may be a trace, or not.
    pub async fn trace(&self, demand: Demand, now: Timestamp) -> Result<(), WriteError> {
        let hold = Hold::of(&[], &demand, now);
        let put = Write::Put { item: hold.to_item(demand.unsettled), when: vec![Condition::Absent] };
        let late = || Err(WriteError::OutcomeUnknown(LATE.into()));
        self.wait.in_time(self.table.write(put)).await.unwrap_or_else(late).map(drop)
    }

    /// Gives back what a hold holds of money and tokens, for a call that used none. It was made: its windows have counted
    /// it. Once: a hold that has ended stays ended.
    ///
    /// # Errors
    /// As [`Table::transact`]. Where it is not repeated, the hold is charged when its time is over.
    pub async fn void(&self, hold: &Hold, now: Timestamp) -> Result<(), WriteError> {
        self.give_back(hold, hold.corrected(0, now).into_iter().map(|correction| correction.write).collect()).await
    }

    async fn give_back(&self, hold: &Hold, windows: Vec<Write>) -> Result<(), WriteError> {
        let mut writes = hold.ended();
        let held = hold.totals().chain(hold.counters()).filter(|(_, nanos)| *nanos != 0);
        writes.extend(held.map(|(key, nanos)| give_back(key, nanos)));
        let ended = writes.len();
        writes.extend(windows);
        loop {
            match self.table.transact(None, writes.clone()).await {
                // That window has ended, and with it what it counted.
                Err(WriteError::ConditionFailed { index, .. }) if (ended..writes.len()).contains(&index) => {
                    writes.remove(index);
                }
                Err(WriteError::ConditionFailed { .. }) => return Ok(()),
                other => return other,
            }
        }
    }

    /// Voids what a call may hold whose reservation had no answer, as if it had never been asked: its windows have not
    /// counted it either. `false`: it holds nothing, and a reservation that is still on its way will be refused.
    ///
    /// # Errors
    /// As [`Ledger::void`], and [`Refusal::Unavailable`] where it cannot be seen whether there is a hold.
    pub async fn void_unanswered(&self, id: RequestId, now: Timestamp) -> Result<bool, Refusal> {
        let failed = |error: WriteError| Refusal::Unavailable(error.into());
        loop {
            if let Some(hold) = self.find(id).await? {
                return self.give_back(&hold, hold.uncounted(now)).await.map(|()| true).map_err(failed);
            }
            let put = Write::Put { item: given_up(id, now), when: vec![Condition::Absent] };
            match self.table.write(put).await {
                Ok(_) => return Ok(false),
                Err(WriteError::ConditionFailed { old: Some(old), .. }) if is_given_up(&old) => return Ok(false),
                // It has just arrived.
                Err(WriteError::ConditionFailed { .. }) => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Holds of a shard (0 to 15) whose calls are over at `now`, oldest first, from `after` on.
    ///
    /// # Errors
    /// As [`Table::query`].
    pub async fn expired(
        &self,
        shard: u8,
        after: Option<String>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Expired, ReadError> {
        let query = Query { after, limit, ..Query::partition(partition(shard % SHARDS)) };
        let page = self.table.query(&query).await?;
        let mut holds = Vec::new();
        for item in page.items {
            if is_given_up(&item) {
                continue;
            }
            match Hold::from_item(item) {
                Ok((hold, row)) if hold.until <= now => holds.push((hold, row)),
                Ok(_) => {}
                // One that cannot be read does not stand in the way of the others.
                Err(error) => tracing::error!(error = &error as &dyn Error, "a hold cannot be read, and stays"),
            }
        }
        Ok(Expired { holds, next: page.next })
    }

    /// What a call holds, as the store says; `None`: nothing, or no more.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`].
    pub async fn find(&self, id: RequestId) -> Result<Option<Hold>, Refusal> {
        let unavailable = |error: ReadError| Refusal::Unavailable(error.into());
        let found = self.wait.in_time(self.table.get(&place(id), Freshness::Latest)).await;
        let item = found.ok_or(Refusal::Unavailable(StoreFailure::Late))?.map_err(unavailable)?;
        item.filter(|item| !is_given_up(item)).map(|item| Ok(read(item)?.0)).transpose()
    }
}

impl Hold {
    /// What a call holds once it is reserved, and with how many writes that is done: of its hold, and of each limit.
    pub fn reserved_by(demand: &Demand, now: Timestamp) -> (Self, usize) {
        let lines: Vec<Line<'_>> = demand.scopes.iter().flat_map(|scope| Line::of(scope, demand)).collect();
        (Self::of(&lines, demand, now), 1 + lines.len())
    }

    /// What is held by the lines, and the totals that are charged beside them.
    fn of(lines: &[Line<'_>], demand: &Demand, now: Timestamp) -> Self {
        let mut held: Vec<Held> = lines.iter().filter_map(|line| line.held(now)).collect();
        for key in &demand.totals {
            if !held.iter().any(|held| matches!(held, Held::Totals { key: known, .. } if known == key)) {
                held.push(Held::Totals { key: key.clone(), nanos: 0 });
            }
        }
        Self { id: demand.id, until: now.plus_millis(demand.lasts_millis), held }
    }
}

pub(super) fn read(item: Item) -> Result<(Hold, Item), Refusal> {
    Hold::from_item(item).map_err(|error| Refusal::Unavailable(error.into()))
}

/// What is left of the wait for the store.
fn left_of(wait: StoreWait, id: RequestId, now: Timestamp) -> Duration {
    let waited = Duration::from_millis(u64::try_from(now.millis_since(id.arrived())).unwrap_or(0));
    wait.0.saturating_sub(waited).max(STORE_WAIT_LEFT_MIN)
}

/// Doubles with each attempt; the call's own random bits keep calls that met once from meeting again.
pub(super) fn backoff(attempt: u32, id: RequestId) -> Duration {
    let base = (FIRST_BACKOFF_MILLIS << attempt.min(8)).min(BACKOFF_MAX_MILLIS);
    Duration::from_millis(base / 2 + base * u64::from(id.shard()) / 16)
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
