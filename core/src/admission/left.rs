//! What is left of the limits that a call counts in, as far as this process knows, for the headers of its answer.

use super::counters::USED;
use super::ledger::Ledger;
use super::limits::{Counter, ScopeLimits};
use super::refusal::Rate;
use super::windows::InFlight;
use crate::clock::Timestamp;
use crate::money::NanoDollars;
use crate::store::table::{Freshness, ReadError};

/// What is left of one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The scope's kind.
    pub kind: &'static str,
    /// What is limited.
    pub rate: Rate,
    /// The limit.
    pub limit: i64,
    /// What is left of it: at most so much where other processes count in it too.
    pub left: i64,
}

impl Ledger {
    /// What was charged to a budget and is held of it.
    ///
    /// # Errors
    /// As [`crate::store::table::Table::get`].
    pub async fn used(&self, counter: &Counter) -> Result<NanoDollars, ReadError> {
        let item = self.table.get(counter.key(), Freshness::Latest).await?;
        Ok(NanoDollars::new(item.and_then(|item| item.number(USED)).unwrap_or(0)))
    }

    /// What is left of these scopes at `now`, the calls counted in that are under way.
    pub fn left(&self, scopes: &[ScopeLimits], now: Timestamp) -> Vec<Left> {
        let mut all = Vec::new();
        for scope in scopes.iter().filter(|scope| scope.has_rate()) {
            let (requests, tokens) = self.windows.count(scope, now);
            let rates = [
                (Rate::Requests, scope.requests, requests),
                (Rate::Tokens, scope.tokens, tokens),
                (Rate::Parallel, scope.parallel, scope.parallel.map_or(0, |_| self.windows.in_flight(scope))),
            ];
            all.extend(rates.into_iter().filter_map(|(rate, limit, used)| {
                let limit = limit?;
                Some(Left { kind: scope.kind, rate, limit, left: limit.saturating_sub(used).max(0) })
            }));
        }
        all
    }

    /// Counts a call as in flight here, until what is returned is dropped.
    pub fn enter(&self, scopes: &[ScopeLimits]) -> Vec<InFlight> {
        scopes.iter().filter(|scope| scope.parallel.is_some()).map(|scope| self.windows.enter(scope)).collect()
    }
}
