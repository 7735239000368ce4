//! The spend log: every call's row, stored exactly once together with its charge. Called before the last byte of an
//! answer goes out; there is no queue in memory.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `LOG#<day>#<shard>` | the call's id | the row ([`super::spend_row`]); ends when its retention does |
//! | `KEY#<hash>` | `SPEND` | `spend`, `used`, `tokens`, `requests`: added to; `last_active`: set |
//! | of a team, a user, … | `SPEND` | `spend`, `used`: added to; `last_active`: set |
//! | of a budget | its counter | `used`: added to |

use super::release::{Release, make_otherwise};
use super::spend_row::{SHARDS_MAX, SpendRow};
use crate::calendar::DAY_MILLIS;
use crate::clock::Timestamp;
use crate::id::{KeyHash, RequestId};
use crate::money::NanoDollars;
use crate::store::item::{Item, Key};
use crate::store::silence::{CROWD_WAIT, LATE, Silence, StoreWait};
use crate::store::table::{Freshness, ReadError, TRANSACTION_WRITES_MAX, Table, WriteError};
use crate::store::write::{Change, Condition, Preferred, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Most times a correction is tried.
const ATTEMPTS_MAX: u32 = 6;

/// The wait before the second attempt; it doubles with each.
const FIRST_BACKOFF_MILLIS: u64 = 4;

/// What counts against a budget: what was charged, and what calls under way hold. Moves with every total.
const USED: &str = "used";

/// Marks the row of a call that was charged its reservation.
const UNSETTLED: &str = "unsettled";

/// The rows of one table.
#[derive(Clone)]
pub struct SpendLog {
    pub(super) table: Arc<dyn Table>,
    retention_days: Option<u32>,
    shards: u8,
    wait: StoreWait,
}

/// What a row says of its charge.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// It is the call's true cost.
    Final,
    /// It is the call's reservation; the true cost may yet be told.
    Unsettled,
}

/// What a settlement did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The row was stored and its cost charged.
    Now,
    /// The call was settled before; nothing was done.
    Before,
}

/// Why a call was not settled.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// Nothing was stored and nothing charged. Settling again is safe.
    #[error("the call was not settled")]
    NotStored(#[source] WriteError),
    /// The store gave no answer, neither to the write nor to the question whether it happened. Settling again is safe.
    #[error("whether the call was settled is not known")]
    OutcomeUnknown(#[source] WriteError),
}

impl SettleError {
    /// Whether the store was out of reach, silent or overloaded, so that settling another time may help.
    pub fn is_outage(&self) -> bool {
        let (Self::NotStored(error) | Self::OutcomeUnknown(error)) = self;
        error.is_outage()
    }
}

impl SpendLog {
    /// Rows in `table`, kept for `retention_days` after the call (`None`: for ever).
    pub fn new(table: Arc<dyn Table>, retention_days: Option<u32>) -> Self {
        Self { table, retention_days, shards: SHARDS_MAX, wait: StoreWait::default() }
    }

    /// Waits so long for a store that is silent.
    #[must_use]
    pub fn waiting(mut self, wait: StoreWait) -> Self {
        self.wait = wait;
        self
    }

    /// Stores a call's row and charges its cost, in one transaction and once: a row that stands already means that the
    /// call is settled. A call that cost nothing and used nothing gets its row alone; a row too large for the table is
    /// stored without its client's own data. Waits as [`SpendLog::waiting`] says for a store that is silent or
    /// out of reach, some seconds in a crowd.
    ///
    /// # Errors
    /// [`SettleError`] says whether the outcome is known. Repeating the call is safe in either case.
    pub async fn settle(&self, row: &SpendRow) -> Result<Settled, SettleError> {
        self.settle_held(row, Release::default()).await
    }

    /// As [`SpendLog::settle`], and gives back in the same transaction what the call held. Corrections for which it has no
    /// room come after it, as far as the store takes them. A call that was charged its reservation, because it was late,
    /// is charged its true cost instead, once.
    ///
    /// # Errors
    /// As [`SpendLog::settle`].
    pub async fn settle_held(&self, row: &SpendRow, release: Release) -> Result<Settled, SettleError> {
        match self.settle_as(row, Form::Final, release.clone()).await {
            // A call must not escape its charge by what its client wrote beside it.
            Err(SettleError::NotStored(WriteError::TooLarge { .. })) => {
                self.settle_as(&row.trimmed(), Form::Final, release).await
            }
            other => other,
        }
    }

    /// Charges a call its reservation, as nobody has settled it in its time: its process has died. A settlement that
    /// comes after all corrects it.
    ///
    /// # Errors
    /// As [`SpendLog::settle`].
    pub async fn charge_unsettled(&self, row: &SpendRow, release: Release) -> Result<Settled, SettleError> {
        self.settle_as(row, Form::Unsettled, release).await
    }

    async fn settle_as(&self, row: &SpendRow, form: Form, mut release: Release) -> Result<Settled, SettleError> {
        let is_final = form == Form::Final;
        let own = totals_key(&row.key);
        let mut afterwards = release.split_corrections(&own);
        let (started, mut attempt) = (Instant::now(), 1);
        let mut silence = Silence::lasting(self.wait);
        loop {
            // Made anew for each attempt; nearly every call needs one.
            let stored = silence.broken_by(self.store(row, self.item(row, form), &release)).await;
            let failure = match stored.unwrap_or_else(|| Err(WriteError::OutcomeUnknown(LATE.into()))) {
                Ok(()) => {
                    self.correct_windows(row.request_id, afterwards).await;
                    return Ok(Settled::Now);
                }
                Err(WriteError::ConditionFailed { index: 0, old: Some(old) })
                    if is_final && old.attributes.contains_key(UNSETTLED) =>
                {
                    return self.correct(row, self.item(row, form), &old, &release).await;
                }
                // Ours or not, the row is there: after a lost answer that is the write that was not answered.
                Err(WriteError::ConditionFailed { index: 0, .. }) if attempt == 1 => return Ok(Settled::Before),
                Err(WriteError::ConditionFailed { index: 0, .. }) => return Ok(Settled::Now),
                // A window has ended, and with it what it counted. The others have not.
                Err(WriteError::ConditionFailed { index, .. }) if release.correct_otherwise(index, &own) => {
                    silence.begin_again();
                    continue;
                }
                // The hold has ended and no row stands: it was void, and there is nothing to charge.
                Err(WriteError::ConditionFailed { .. }) if !is_final => return Ok(Settled::Before),
                // What was sent is charged, whatever became of its hold.
                Err(WriteError::ConditionFailed { .. }) if !release.held_nothing() => {
                    release = release.without_hold();
                    afterwards.clear();
                    silence.begin_again();
                    continue;
                }
                Err(failure) => failure,
            };
            match failure {
                WriteError::OutcomeUnknown(_) => match silence.broken_by(self.stored(row.request_id)).await {
                    // Not ours: the call was charged its reservation meanwhile.
                    Some(Ok(Some(old))) if is_final && old.attributes.contains_key(UNSETTLED) => {
                        return self.correct(row, self.item(row, form), &old, &release).await;
                    }
                    Some(Ok(Some(_))) => return Ok(Settled::Now),
                    // Not there yet. The same write again cannot charge twice, as it asks for the row to be absent.
                    Some(Ok(None) | Err(_)) if !silence.is_over() => {}
                    Some(_) | None => return Err(SettleError::OutcomeUnknown(failure)),
                },
                // A store that answers is there.
                WriteError::Conflict if started.elapsed() < CROWD_WAIT => silence.begin_again(),
                WriteError::Throttled(_) | WriteError::Unavailable(_) if !silence.is_over() => {}
                _ => return Err(SettleError::NotStored(failure)),
            }
            silence.sleep(backoff(attempt, row.request_id)).await;
            attempt += 1;
        }
    }

    /// Corrects windows after a settlement that had no room for it. They are many and end soon, so what the store does not
    /// take at once is left out.
    async fn correct_windows(&self, call: RequestId, mut corrections: Vec<Preferred>) {
        let mut silence = Silence::lasting(self.wait);
        while !corrections.is_empty() {
            let now = corrections.len().min(TRANSACTION_WRITES_MAX);
            let writes = corrections.iter().take(now).map(|correction| correction.write.clone()).collect();
            match silence.broken_by(self.table.transact(None, writes)).await {
                Some(Ok(())) => drop(corrections.drain(..now)),
                Some(Err(WriteError::ConditionFailed { index, .. })) if index < now => {
                    make_otherwise(&mut corrections, index);
                }
                failed => {
                    tracing::warn!(%call, ?failed, "windows count what was reserved, and not what was used");
                    return;
                }
            }
            silence.begin_again();
        }
    }

    /// Puts a call's true row in place of the one that charged its reservation, and charges the difference.
    async fn correct(&self, row: &SpendRow, item: Item, old: &Item, release: &Release) -> Result<Settled, SettleError> {
        let charged = NanoDollars::new(old.number("spend").unwrap_or(0));
        let difference = (row.cost - charged).nanos();
        // A row that cannot be read is no reason to leave its charge wrong.
        let counted = SpendRow::from_item(old).map_or(0, |old| tokens(&old));
        let put = Write::Put { item, when: vec![Condition::Equals(UNSETTLED.to_owned(), true.into())] };
        let own = totals_key(&row.key);
        let mut charge = charge_totals(&own, difference, difference, row);
        if let Write::Update { changes, .. } = &mut charge {
            changes.push(Change::Add("tokens".to_owned(), tokens(row) - counted));
        }
        let mut writes = vec![put, charge];
        let others = release.totals.iter().map(|(key, _)| key).filter(|key| **key != own);
        writes.extend(others.map(|key| charge_totals(key, difference, difference, row)));
        writes.extend(release.counters.iter().map(|(key, _)| count(key, difference)));
        for attempt in 1.. {
            match self.table.transact(None, writes.clone()).await {
                Ok(()) => break,
                Err(WriteError::ConditionFailed { .. }) if attempt == 1 => return Ok(Settled::Before),
                Err(WriteError::ConditionFailed { .. }) => break,
                Err(failure @ (WriteError::Invalid(_) | WriteError::TooLarge { .. } | WriteError::TokenReused)) => {
                    return Err(SettleError::NotStored(failure));
                }
                Err(failure @ WriteError::OutcomeUnknown(_)) if attempt >= ATTEMPTS_MAX => {
                    return Err(SettleError::OutcomeUnknown(failure));
                }
                Err(failure) if attempt >= ATTEMPTS_MAX => return Err(SettleError::NotStored(failure)),
                Err(_) => tokio::time::sleep(backoff(attempt, row.request_id)).await,
            }
        }
        Ok(Settled::Now)
    }

    /// The row of a call.
    ///
    /// # Errors
    /// As [`Table::get`]; [`ReadError::Corrupt`] where the row cannot be read.
    pub async fn find(&self, request_id: RequestId) -> Result<Option<SpendRow>, ReadError> {
        self.stored(request_id).await?.as_ref().map(SpendRow::from_item).transpose()
    }

    async fn stored(&self, request_id: RequestId) -> Result<Option<Item>, ReadError> {
        self.table.get(&SpendRow::place(request_id, self.shards), Freshness::Latest).await
    }

    /// The same log with all rows of a day in one partition, for a store that has one writer anyway: rows that arrive
    /// together are then stored together.
    pub fn unsharded(self) -> Self {
        Self { shards: 1, ..self }
    }

    /// Days that rows are kept; `None`: for ever.
    pub fn retention_days(&self) -> Option<u32> {
        self.retention_days
    }

    fn item(&self, row: &SpendRow, form: Form) -> Item {
        let item = row.to_item(self.expiry(row), self.shards);
        match form {
            Form::Final => item,
            Form::Unsettled => item.with(UNSETTLED, true),
        }
    }

    async fn store(&self, row: &SpendRow, item: Item, release: &Release) -> Result<(), WriteError> {
        let put = Write::Put { item, when: vec![Condition::Absent] };
        if !row.is_charged() && release.held_nothing() {
            return match &release.trace {
                None => self.table.write(put).await.map(drop),
                Some(trace) => self.table.transact(None, vec![put, trace.clone()]).await,
            };
        }
        let own = totals_key(&row.key);
        let mut writes = vec![put, charge(row, release)];
        let cost = row.cost.nanos();
        let others = release.totals.iter().filter(|(key, _)| *key != own);
        writes.extend(others.map(|(key, held)| charge_totals(key, cost, (row.cost - *held).nanos(), row)));
        writes.extend(release.counters.iter().map(|(key, held)| count(key, (row.cost - *held).nanos())));
        writes.extend(release.ended.iter().cloned());
        writes.extend(release.corrected.iter().map(|correction| correction.write.clone()));
        writes.extend(release.trace.clone());
        self.table.transact(None, writes).await
    }

    fn expiry(&self, row: &SpendRow) -> Option<Timestamp> {
        let days = i64::from(self.retention_days?);
        Some(row.request_id.arrived().plus_millis(days.saturating_mul(DAY_MILLIS)))
    }
}

/// Where a key's running totals stand. The layout is that of `auth::key_store`, which reads them.
pub fn totals_key(key: &KeyHash) -> Key {
    Key::new(format!("KEY#{key}"), "SPEND")
}

fn charge(row: &SpendRow, release: &Release) -> Write {
    let key = totals_key(&row.key);
    let changes = vec![
        Change::Add("spend".to_owned(), row.cost.nanos()),
        Change::Add(USED.to_owned(), (row.cost - release.held_at(&key)).nanos()),
        Change::Add("tokens".to_owned(), tokens(row)),
        Change::Add("requests".to_owned(), 1),
        Change::Set("last_active".to_owned(), row.details.ended_at.millis().into()),
    ];
    Write::Update { key, changes, when: Vec::new() }
}

fn tokens(row: &SpendRow) -> i64 {
    i64::try_from(row.details.usage.total()).unwrap_or(i64::MAX)
}

/// Charges the totals of a record above or beside the key. `used` moves by less than `cost` where some of it is held.
fn charge_totals(key: &Key, cost: i64, used: i64, row: &SpendRow) -> Write {
    let changes = vec![
        Change::Add("spend".to_owned(), cost),
        Change::Add(USED.to_owned(), used),
        Change::Set("last_active".to_owned(), row.details.ended_at.millis().into()),
    ];
    Write::Update { key: key.clone(), changes, when: Vec::new() }
}

/// Charges a counter of a budget.
fn count(key: &Key, used: i64) -> Write {
    Write::Update { key: key.clone(), changes: vec![Change::Add(USED.to_owned(), used)], when: Vec::new() }
}

/// Doubles with each attempt; the call's own random bits keep calls that met once from meeting again.
fn backoff(attempt: u32, request_id: RequestId) -> Duration {
    let base = FIRST_BACKOFF_MILLIS << attempt.min(6);
    Duration::from_millis(base / 2 + base * u64::from(request_id.shard()) / 32)
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
