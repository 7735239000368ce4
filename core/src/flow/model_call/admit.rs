//! Whether the caller's limits allow the call: what they are, what the call may use of them, and the hold that is
//! settled with the call.

use super::body::Said;
use super::error::CallError;
use super::late;
use super::parts::ModelCalls;
use crate::accounting::release::Release;
use crate::accounting::spend_log::totals_key;
use crate::accounting::spend_row::{Outcome, SpendDetails, SpendRow};
use crate::admission::hold::Hold;
use crate::admission::limits::{Budget, Demand, ScopeLimits, Tokens};
use crate::admission::refusal::Refusal;
use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::money::NanoDollars;
use crate::price::{CallFacts, cost_of};
use crate::principal::Principal;
use crate::providers::operation::Operation;
use crate::routing::Deployment;
use crate::upstream::transport::Bounds;
use crate::usage::Usage;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Tokens that are held for an answer whose request names no bound. More is charged when it is known.
const OUTPUT_TOKENS_HELD: u64 = 4_096;
/// Bytes of a request body that count as one token; fewer than a token has on average, so that a hold is rather too
/// large than too small.
const BYTES_PER_TOKEN: u64 = 3;
/// Time after a call's own bound until its hold counts as left behind, in milliseconds.
const GRACE_MILLIS: i64 = 60_000;

/// A call that is about to be made.
pub(super) struct Asked<'a> {
    pub(super) id: RequestId,
    pub(super) principal: &'a Arc<Principal>,
    pub(super) said: &'a Said,
    pub(super) operation: Operation,
    pub(super) deployment: &'a Deployment,
    pub(super) request_bytes: usize,
    pub(super) bounds: Bounds,
    pub(super) details: &'a SpendDetails,
}

/// Counts the call in all its limits. `None`: it has none, and nothing was waited for.
pub(super) async fn admit(calls: &Arc<ModelCalls>, asked: Asked<'_>) -> Result<Option<Hold>, CallError> {
    let scopes = scopes(asked.principal, &asked.said.model);
    if scopes.is_empty() {
        return Ok(None);
    }
    begin_due_period(calls, asked.principal).await?;
    let demand = demand(scopes, &asked);
    let (id, now) = (demand.id, calls.clock.now());
    let (answer, answered) = oneshot::channel();
    // On its own: where the client goes away meanwhile, what was reserved is given back.
    let reserving = Arc::clone(calls);
    calls.background.spawn(async move {
        let reserved = reserving.ledger.reserve(demand, now).await;
        let may_hold = match &reserved {
            Ok(_) => true,
            Err(Refusal::Unavailable(failure)) => failure.is_open(),
            Err(_) => false,
        };
        let is_hold = reserved.is_ok();
        let (take, taken) = oneshot::channel();
        // The client may go away with the answer on its way, so a hold counts as taken only when that is said.
        let heard = answer.send((reserved, take)).is_ok() && taken.await.is_ok();
        if may_hold && !(is_hold && heard) {
            late::void(&reserving, id).await;
        }
    });
    match answered.await {
        Ok((reserved, take)) => {
            // Nobody listens where nothing is held.
            let _ = take.send(());
            Ok(Some(reserved?))
        }
        Err(_) => Err(Refusal::Unavailable(crate::admission::refusal::StoreFailure::Late).into()),
    }
}

/// What settles with a call that held something.
pub(super) fn release(hold: Option<&Hold>, usage: &Usage, now: Timestamp) -> Release {
    let Some(hold) = hold else { return Release::default() };
    Release {
        budgets: hold.budgets().map(|(totals, nanos)| (totals.clone(), NanoDollars::new(nanos))).collect(),
        ended: hold.ended(),
        corrected: hold.corrected(i64::try_from(usage.total()).unwrap_or(i64::MAX), now),
    }
}

/// A budget whose period is over begins anew before it is asked.
async fn begin_due_period(calls: &ModelCalls, principal: &Principal) -> Result<(), CallError> {
    let now = calls.clock.now();
    if principal.limits.max_budget.is_some() && principal.limits.budget_reset_at.is_some_and(|end| end <= now) {
        calls.authenticator.begin_period(&principal.key, now).await?;
    }
    Ok(())
}

fn scopes(principal: &Principal, model: &str) -> Vec<ScopeLimits> {
    let budget = principal.limits.max_budget.map(|limit| Budget {
        totals: totals_key(&principal.key),
        limit,
        owner: format!("Key={} ({})", principal.key_alias.as_deref().unwrap_or("key"), principal.key_name),
    });
    let key = ScopeLimits {
        budget,
        requests: principal.limits.rpm_limit,
        tokens: principal.limits.tpm_limit,
        parallel: principal.limits.max_parallel_requests,
        ..ScopeLimits::new("api_key", principal.key.as_str())
    };
    let model = ScopeLimits {
        requests: principal.limits.model_rpm_limit.get(model).copied(),
        tokens: principal.limits.model_tpm_limit.get(model).copied(),
        ..ScopeLimits::new("model_per_key", format!("{}:{model}", principal.key))
    };
    [key, model].into_iter().filter(ScopeLimits::is_limited).collect()
}

fn demand(scopes: Vec<ScopeLimits>, asked: &Asked<'_>) -> Demand {
    let usage = bound(asked);
    let at = asked.id.arrived();
    let cost = cost_of(asked.deployment.price.as_ref(), &usage, &CallFacts::at(at)).total;
    let held = scopes.iter().filter_map(|scope| scope.budget.as_ref()).map(|budget| budget.limit).min();
    let charged = cost.min(held.unwrap_or(cost));
    let outcome = Outcome::Failure {
        class: "Unsettled".to_owned(),
        code: String::new(),
        message: "the call was never settled; what it held is charged".to_owned(),
    };
    let details = SpendDetails { usage, outcome, ended_at: at, ..asked.details.clone() };
    let row = SpendRow { request_id: asked.id, key: asked.principal.key.clone(), cost: charged, details };
    let lasts = i64::try_from(asked.bounds.total.as_millis()).unwrap_or(i64::MAX / 4);
    Demand {
        id: asked.id,
        scopes,
        cost,
        tokens: Tokens {
            input: count(usage.prompt_tokens),
            output: count(usage.completion_tokens),
            is_bounded: asked.said.output_tokens_max.is_some(),
        },
        lasts_millis: lasts.saturating_add(GRACE_MILLIS),
        unsettled: row.to_item(None, 1),
    }
}

fn count(tokens: u64) -> i64 {
    i64::try_from(tokens).unwrap_or(i64::MAX)
}

/// What the call may use, as far as it can be told before it is made.
fn bound(asked: &Asked<'_>) -> Usage {
    let prompt_tokens = (asked.request_bytes as u64).div_ceil(BYTES_PER_TOKEN);
    let most = asked.deployment.price.as_ref().and_then(|price| price.max_output_tokens().or(price.max_tokens()));
    let one = asked.said.output_tokens_max.unwrap_or(OUTPUT_TOKENS_HELD).min(most.unwrap_or(u64::MAX));
    let completion_tokens = match asked.operation {
        Operation::Embedding => 0,
        Operation::Chat | Operation::Completion => one.saturating_mul(asked.said.answers),
    };
    Usage { prompt_tokens, completion_tokens, ..Usage::default() }
}
