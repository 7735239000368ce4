//! A table that fails as real stores do, on purpose and repeatably. For tests only: it wraps any table, and what goes
//! wrong comes from a script or a seed, never from chance.

use super::item::{Item, Key};
use super::table::{Cause, Freshness, IdempotencyToken, Page, Query, ReadError, Table, WriteError};
use super::write::Write;
use async_trait::async_trait;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The store asks for less; nothing happens.
    Throttled,
    /// The store cannot be reached; nothing happens.
    Unavailable,
    /// Another transaction is at the same items; nothing happens. A read goes through.
    Conflict,
    /// The request is lost on its way: the outcome is unknown, and nothing happened. A read is unavailable.
    LostRequest,
    /// The answer is lost on its way back: the outcome is unknown, and the write was done. A read is unavailable.
    LostAnswer,
    /// The request is delivered twice, and the second answer is the one that arrives. A read goes through.
    Duplicate,
    /// An eventual read gives each item as it stood before its last write through this wrapper (past its end, too). A latest read and
    /// writes go through: no store may answer those with old items.
    Stale,
}

impl Fault {
    const ALL: [Self; 7] = [
        Self::Throttled,
        Self::Unavailable,
        Self::Conflict,
        Self::LostRequest,
        Self::LostAnswer,
        Self::Duplicate,
        Self::Stale,
    ];
}

/// Which calls go wrong, and how. Every call of the table (read or write) takes one step.
#[derive(Clone, Debug)]
pub enum Plan {
    /// The first call meets the first entry, and so on; calls behind the end go through.
    Script(VecDeque<Option<Fault>>),
    /// About so many of a thousand calls go wrong, each kind as often, the same ones for the same seed.
    Seed {
        /// Where the sequence starts.
        seed: u64,
        /// Calls of a thousand that go wrong; 1000 or more: all.
        faults_per_thousand: u64,
    },
}

impl Plan {
    /// A script.
    pub fn script(faults: impl IntoIterator<Item = Option<Fault>>) -> Self {
        Self::Script(faults.into_iter().collect())
    }

    fn next(&mut self) -> Option<Fault> {
        match self {
            Self::Script(faults) => faults.pop_front().flatten(),
            Self::Seed { seed, faults_per_thousand } => {
                let goes_wrong = draw(seed) % 1000 < *faults_per_thousand;
                let kind = usize::try_from(draw(seed) % Fault::ALL.len() as u64).unwrap_or_default();
                Fault::ALL.get(kind).copied().filter(|_| goes_wrong)
            }
        }
    }
}

/// A table with faults in front of it.
pub struct FaultyTable {
    inner: Arc<dyn Table>,
    plan: Mutex<Plan>,
    injected: Mutex<Vec<Fault>>,
    before: Mutex<BTreeMap<Key, Option<Item>>>,
}

impl FaultyTable {
    /// `inner`, failing by `plan`.
    pub fn new(inner: Arc<dyn Table>, plan: Plan) -> Self {
        Self { inner, plan: Mutex::new(plan), injected: Mutex::default(), before: Mutex::default() }
    }

    /// Fails by `plan` from the next call on.
    pub fn follow(&self, plan: Plan) {
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = plan;
    }

    /// Stops failing.
    pub fn heal(&self) {
        self.follow(Plan::Script(VecDeque::new()));
    }

    /// How many entries of the script are left; calls behind its end go through.
    pub fn steps_left(&self) -> usize {
        match &*self.plan.lock().unwrap_or_else(PoisonError::into_inner) {
            Plan::Script(faults) => faults.len(),
            Plan::Seed { .. } => usize::MAX,
        }
    }

    /// The faults that were met so far, in their order.
    pub fn injected(&self) -> Vec<Fault> {
        self.injected.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn next_fault(&self) -> Option<Fault> {
        let fault = self.plan.lock().unwrap_or_else(PoisonError::into_inner).next();
        self.injected.lock().unwrap_or_else(PoisonError::into_inner).extend(fault);
        fault
    }

    /// Remembers the items as they stand, for stale reads behind the write that follows.
    async fn remember<'writes>(&self, writes: impl Iterator<Item = &'writes Write>) {
        for write in writes {
            // An item that cannot be read now is not shown as it was later.
            let Ok(item) = self.inner.get(write.key(), Freshness::Latest).await else { continue };
            self.before.lock().unwrap_or_else(PoisonError::into_inner).insert(write.key().clone(), item);
        }
    }

    fn as_before(&self, item: Item) -> Option<Item> {
        let before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        before.get(&item.key).cloned().unwrap_or(Some(item))
    }
}

#[async_trait]
impl Table for FaultyTable {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, ReadError> {
        let fault = self.next_fault();
        if let Some(error) = fault.and_then(read_error) {
            return Err(error);
        }
        if fault == Some(Fault::Stale) && freshness == Freshness::Eventual {
            let before = self.before.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
            if let Some(item) = before {
                return Ok(item);
            }
        }
        self.inner.get(key, freshness).await
    }

    async fn query(&self, query: &Query) -> Result<Page, ReadError> {
        let fault = self.next_fault();
        if let Some(error) = fault.and_then(read_error) {
            return Err(error);
        }
        let mut page = self.inner.query(query).await?;
        if fault == Some(Fault::Stale) && query.freshness == Freshness::Eventual {
            page.items = page.items.into_iter().filter_map(|item| self.as_before(item)).collect();
        }
        Ok(page)
    }

    async fn write(&self, write: Write) -> Result<Option<Item>, WriteError> {
        let fault = self.next_fault();
        if let Some(error) = fault.and_then(refusal) {
            return Err(error);
        }
        self.remember(std::iter::once(&write)).await;
        if fault == Some(Fault::Duplicate) {
            // Only the second answer arrives.
            let _ = self.inner.write(write.clone()).await;
        }
        let answer = self.inner.write(write).await;
        if fault == Some(Fault::LostAnswer) { Err(WriteError::OutcomeUnknown(cause("answer"))) } else { answer }
    }

    async fn transact(&self, token: Option<IdempotencyToken>, writes: Vec<Write>) -> Result<(), WriteError> {
        let fault = self.next_fault();
        if let Some(error) = fault.and_then(refusal) {
            return Err(error);
        }
        self.remember(writes.iter()).await;
        if fault == Some(Fault::Duplicate) {
            // Only the second answer arrives.
            let _ = self.inner.transact(token.clone(), writes.clone()).await;
        }
        let answer = self.inner.transact(token, writes).await;
        if fault == Some(Fault::LostAnswer) { Err(WriteError::OutcomeUnknown(cause("answer"))) } else { answer }
    }
}

/// How a read fails, where it does.
fn read_error(fault: Fault) -> Option<ReadError> {
    match fault {
        Fault::Throttled => Some(ReadError::Throttled(cause("throttling"))),
        Fault::Unavailable | Fault::LostRequest | Fault::LostAnswer => {
            Some(ReadError::Unavailable(cause("unavailability")))
        }
        Fault::Conflict | Fault::Duplicate | Fault::Stale => None,
    }
}

/// How a write fails before it reaches the table, where it does.
fn refusal(fault: Fault) -> Option<WriteError> {
    match fault {
        Fault::Throttled => Some(WriteError::Throttled(cause("throttling"))),
        Fault::Unavailable => Some(WriteError::Unavailable(cause("unavailability"))),
        Fault::Conflict => Some(WriteError::Conflict),
        Fault::LostRequest => Some(WriteError::OutcomeUnknown(cause("lost request"))),
        Fault::LostAnswer | Fault::Duplicate | Fault::Stale => None,
    }
}

fn cause(what: &str) -> Cause {
    format!("injected: {what}").into()
}

/// The next number of the sequence (SplitMix64).
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests;
