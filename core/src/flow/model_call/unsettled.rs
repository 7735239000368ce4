//! What a call asks of its limits, with the row that it is charged as where nobody settles it: its process has died.

use super::asked::Asked;
use super::bound::Bound;
use crate::accounting::spend_row::{Outcome, SpendDetails, SpendRow};
use crate::admission::limits::{Demand, ScopeLimits};
use crate::id::{KeyHash, RequestId};
use crate::limits::BudgetMode;
use crate::store::item::Key;
use crate::usage::Usage;
use std::time::Duration;

/// Time after a call's own bound until what it left in the store counts as left behind, in milliseconds.
const GRACE_MILLIS: i64 = 60_000;

/// Whose call it is, and what its row says.
pub(super) struct Call<'a> {
    pub(super) id: RequestId,
    pub(super) key: &'a KeyHash,
    pub(super) details: &'a SpendDetails,
    /// How long it may last.
    pub(super) total: Duration,
}

impl<'a> Call<'a> {
    pub(super) fn of(asked: &Asked<'a>) -> Self {
        Self { id: asked.id, key: &asked.principal.key, details: asked.details, total: asked.waits.bounds.total }
    }
}

/// What a call asks for of the scopes that limit it.
pub(super) fn demand(limited: &[ScopeLimits], totals: &[Key], bound: &Bound, call: &Call<'_>) -> Demand {
    let demand = &bound.demand;
    let usage = Usage {
        prompt_tokens: demand.input_tokens,
        completion_tokens: demand.output_tokens.saturating_mul(demand.choices.max(1)),
        ..Usage::default()
    };
    let is_bound = bound.mode == BudgetMode::Strict;
    let smallest = limited.iter().filter_map(|scope| scope.budget.as_ref()).map(|budget| budget.limit).min();
    let charged = smallest.filter(|_| !is_bound).map_or(bound.cost, |limit| bound.cost.min(limit));
    let outcome = Outcome::Failure {
        class: "Unsettled".to_owned(),
        code: String::new(),
        message: "the call was never settled; what it may have used is charged".to_owned(),
    };
    let details = SpendDetails { usage, outcome, ended_at: call.id.arrived(), ..call.details.clone() };
    let row = SpendRow { request_id: call.id, key: call.key.clone(), cost: charged, details };
    let lasts = i64::try_from(call.total.as_millis()).unwrap_or(i64::MAX / 4);
    Demand {
        id: call.id,
        scopes: limited.to_vec(),
        totals: totals.to_vec(),
        cost: bound.cost,
        is_bound,
        tokens: bound.tokens,
        lasts_millis: lasts.saturating_add(GRACE_MILLIS),
        unsettled: row.to_item(None, 1),
    }
}
