//! What instances tell each other of the deployments that they call: sums of a minute, which each adds to. Nobody reads
//! before it writes, and it does not matter in which order they tell.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `ROUTING#<minute>` | the deployment's id | `requests`, `tokens`, `latency_us`, `latencies`, `first_us`, `firsts`: added to; ends minutes later |

use crate::clock::Timestamp;
use crate::id::DeploymentId;
use crate::store::item::{Item, Key};
use crate::store::table::{Freshness, Query, ReadError, Table, WriteError};
use crate::store::write::{Change, Write};
use std::sync::Arc;

/// Milliseconds that sums are kept: those of the minute before are read, too.
const KEPT_MILLIS: i64 = 10 * 60_000;
/// Most deployments read in one round: a bound on what a round can cost.
const DEPLOYMENTS_MAX: usize = 10_000;

const REQUESTS: &str = "requests";
const TOKENS: &str = "tokens";
const LATENCY: &str = "latency_us";
const LATENCIES: &str = "latencies";
const FIRST: &str = "first_us";
const FIRSTS: &str = "firsts";

/// What a deployment was used for within a minute, by one instance or by all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// Calls begun.
    pub requests: i64,
    /// Tokens of calls ended.
    pub tokens: i64,
    /// Microseconds for each token of an answer, one mean a call.
    pub latency_us: i64,
    /// How many of these there are.
    pub latencies: i64,
    /// Microseconds until streams began.
    pub first_us: i64,
    /// How many of these there are.
    pub firsts: i64,
}

impl Shares {
    /// The sum of both.
    pub fn plus(self, other: Self) -> Self {
        self.each(other, i64::saturating_add)
    }

    /// What is in this beyond the other.
    pub fn beyond(self, other: Self) -> Self {
        self.each(other, |all, part| all.saturating_sub(part).max(0))
    }

    fn each(self, other: Self, join: impl Fn(i64, i64) -> i64) -> Self {
        Self {
            requests: join(self.requests, other.requests),
            tokens: join(self.tokens, other.tokens),
            latency_us: join(self.latency_us, other.latency_us),
            latencies: join(self.latencies, other.latencies),
            first_us: join(self.first_us, other.first_us),
            firsts: join(self.firsts, other.firsts),
        }
    }
}

/// The sums of one table.
#[derive(Clone)]
pub struct SharedUse {
    table: Arc<dyn Table>,
}

impl SharedUse {
    /// Those of this table.
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }

    /// Adds what an instance has seen to the sums of a minute.
    ///
    /// # Errors
    /// [`WriteError`]: it may or may not be added.
    pub async fn tell(&self, id: &DeploymentId, minute: i64, seen: Shares, now: Timestamp) -> Result<(), WriteError> {
        let counts = [
            (REQUESTS, seen.requests),
            (TOKENS, seen.tokens),
            (LATENCY, seen.latency_us),
            (LATENCIES, seen.latencies),
            (FIRST, seen.first_us),
            (FIRSTS, seen.firsts),
        ];
        let added = counts.into_iter().filter(|(_, count)| *count > 0);
        let mut changes: Vec<_> = added.map(|(name, count)| Change::Add(name.to_owned(), count)).collect();
        changes.push(Change::Expire(Some(now.plus_millis(KEPT_MILLIS))));
        let key = Key::new(partition(minute), id.as_str());
        self.table.write(Write::Update { key, changes, when: Vec::new() }).await.map(drop)
    }

    /// The sums of a minute, of all instances.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub async fn told(&self, minute: i64) -> Result<Vec<(String, Shares)>, ReadError> {
        let mut query = Query { freshness: Freshness::Eventual, ..Query::partition(partition(minute)) };
        let mut told = Vec::new();
        loop {
            let page = self.table.query(&query).await?;
            told.extend(page.items.iter().map(|item| (item.key.sort.clone(), shares(item))));
            match page.next {
                Some(next) if told.len() < DEPLOYMENTS_MAX => query.after = Some(next),
                _ => return Ok(told),
            }
        }
    }
}

fn partition(minute: i64) -> String {
    format!("ROUTING#{minute}")
}

fn shares(item: &Item) -> Shares {
    let number = |name| item.number(name).unwrap_or(0);
    Shares {
        requests: number(REQUESTS),
        tokens: number(TOKENS),
        latency_us: number(LATENCY),
        latencies: number(LATENCIES),
        first_us: number(FIRST),
        firsts: number(FIRSTS),
    }
}
