//! What a call may use and cost, as far as it can be told before it is made.

use super::body::Said;
use super::error::CallError;
use super::proxy_limits::ProxyLimits;
use crate::admission::limits::Tokens;
use crate::api::care::Care;
use crate::limits::{BudgetMode, BudgetPolicy};
use crate::money::NanoDollars;
use crate::price::{Demand, ModelPrice};
use crate::principal::Principal;
use crate::providers::operation::{Dialect, Operation};
use crate::wire::input_weight::InputWeight;

/// What a call may use and cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    /// What it may use, as prices ask.
    pub(super) demand: Demand,
    /// What it may cost. Nothing where the model has no price.
    pub(super) cost: NanoDollars,
    /// What it may use, as windows count.
    pub(super) tokens: Tokens,
    /// Whether it cannot pass that.
    pub(super) mode: BudgetMode,
}

/// How carefully the budgets of a caller are kept: as its key says, else its team, else the proxy.
pub(super) fn mode(principal: &Principal, proxy: &ProxyLimits) -> BudgetMode {
    let of_team = || principal.above.team.as_ref().and_then(|team| team.limits.budget_mode);
    principal.limits.budget_mode.or_else(of_team).unwrap_or(proxy.mode)
}

/// What happens to a call that a budget of the caller does not fully afford.
pub(super) fn policy(principal: &Principal, proxy: &ProxyLimits) -> BudgetPolicy {
    let of_team = || principal.above.team.as_ref().and_then(|team| team.limits.budget_policy);
    principal.limits.budget_policy.or_else(of_team).unwrap_or(proxy.policy)
}

/// How a mode bounds a call.
pub(super) fn care(mode: BudgetMode, proxy: &ProxyLimits) -> Care {
    let reserve_output_tokens = proxy.reserve_output_tokens;
    match mode {
        BudgetMode::Balanced => Care::Balanced { reserve_output_tokens },
        BudgetMode::Strict => Care::Strict { output_tokens: Some(reserve_output_tokens) },
    }
}

impl Bound {
    /// The bound of a call with this body.
    ///
    /// # Errors
    /// [`CallError::Unbounded`]: the budget is kept strictly, and what is in the request has no bound.
    pub(super) fn of(
        said: &Said,
        body: &[u8],
        operation: Operation,
        price: Option<&ModelPrice>,
        (mode, proxy): (BudgetMode, &ProxyLimits),
    ) -> Result<Self, CallError> {
        let care = care(mode, proxy);
        if operation.counts() {
            let (demand, cost, tokens) = (Demand::default(), NanoDollars::ZERO, Tokens::default());
            return Ok(Self { demand, cost, tokens, mode });
        }
        let weight = match operation.dialect() {
            Dialect::Google => InputWeight::of_contents(body),
            _ => InputWeight::of(body),
        };
        let demand = match &said.medium {
            Some(medium) => medium.demand(&weight, price, care),
            None => said.asked.demand(&weight, price, care, operation.generates()),
        };
        let demand = demand.map_err(CallError::Unbounded)?;
        let output = demand.output_tokens.saturating_mul(demand.choices.max(1));
        let tokens = Tokens {
            input: count(demand.input_tokens),
            output: count(output),
            is_bounded: said.asked.output_tokens.is_some(),
        };
        let cost = price.map(|price| price.bound(&demand)).unwrap_or_default();
        Ok(Self { demand, cost, tokens, mode })
    }
}

fn count(tokens: u64) -> i64 {
    i64::try_from(tokens).unwrap_or(i64::MAX)
}
