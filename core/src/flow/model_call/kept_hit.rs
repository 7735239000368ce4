//! An answer that is given again: it counts as a request in every limit of its caller, is charged nothing, and has its row.

use super::admit::Admitted;
use super::asked::Asked;
use super::cacheable::Cached;
use super::error::CallError;
use super::facts::Facts;
use super::fits;
use super::keeping::About;
use super::outage::unless_out_of_reach;
use super::parts::ModelCalls;
use super::request::CallRequest;
use super::scopes::{OF_THE_WAY, Scopes};
use super::waits::Waits;
use super::{choice, details};
use crate::accounting::spend_row::{SpendDetails, SpendRow};
use crate::admission::hold::Hold;
use crate::admission::limits::{Demand, ScopeLimits, Tokens};
use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::money::NanoDollars;
use crate::principal::Principal;
use crate::usage::Usage;
use serde_json::{Map, Value};
use std::sync::Arc;

/// How long a hold of a hit may stay, in milliseconds: it is settled at once, and costs nothing if it is not.
const LASTS_MILLIS: i64 = 60_000;

/// Counts the request and writes its row.
///
/// # Errors
/// Those of admission; [`CallError::Unrecorded`].
pub(super) async fn charge(
    calls: &Arc<ModelCalls>,
    cached: &Cached,
    about: &About,
    (request, principal): (&CallRequest, &Arc<Principal>),
    facts: &mut Facts,
) -> Result<(), CallError> {
    let now = calls.clock.now();
    let group = choice::permitted(calls, &cached.model, principal)?;
    let Some(deployment) = group.deployments.first() else { return Ok(()) };
    let details = details::of(calls, facts.id, (principal, request), &cached.said, deployment);
    let limited = limits(calls, cached, (request, principal), (facts.id, deployment, &details), now).await?;
    let [prompt_tokens, completion_tokens, total_tokens] = about.tokens;
    let details = SpendDetails {
        model: about.model.clone(),
        provider: about.provider.clone().into(),
        deployment_id: None,
        api_base: String::new(),
        usage: Usage { prompt_tokens, completion_tokens, total_tokens, ..Usage::default() },
        ended_at: now,
        cache_hit: true,
        metadata: noted(cached, about),
        ..details
    };
    let row = SpendRow { request_id: facts.id, key: principal.key.clone(), cost: NanoDollars::ZERO, details };
    let hold = reserve(calls, &limited, &row, now).await;
    facts.left = calls.ledger.left(&limited, now);
    let hold = hold?;
    let mut admitted = Admitted::default();
    (admitted.hold, admitted.limited) = (hold, limited);
    let release = admitted.release(&row.details.usage, now);
    let (settling, id) = (Arc::clone(calls), facts.id);
    let settled = calls.background.to_its_end(async move { settling.spend.settle_held(&row, release).await }).await;
    match settled {
        Ok(_) => Ok(()),
        Err(error) if calls.admits_in_outage && error.is_outage() => {
            tracing::warn!(call = %id, error = &error as &dyn std::error::Error, "a kept answer is given without its row");
            Ok(())
        }
        Err(error) => Err(CallError::Unrecorded(error)),
    }
}

/// What the row says of where the answer is from.
fn noted(cached: &Cached, about: &About) -> Map<String, Value> {
    let key = about.similar_to.as_ref().map_or(&cached.key, |similar_to| &similar_to.key);
    let similarity =
        about.similar_to.as_ref().map(|similar_to| ("semantic-similarity".to_owned(), similar_to.similarity.into()));
    [("cache_key".to_owned(), key.as_str().into())].into_iter().chain(similarity).collect()
}

/// The limits that count requests. Neither money nor tokens are used, and no deployment is called.
async fn limits(
    calls: &Arc<ModelCalls>,
    cached: &Cached,
    (request, principal): (&CallRequest, &Arc<Principal>),
    (id, deployment, details): (RequestId, &Arc<crate::routing::Deployment>, &SpendDetails),
    now: Timestamp,
) -> Result<Vec<ScopeLimits>, CallError> {
    let operation = request.operation;
    let (said, body) = (&cached.said, &request.body);
    let waits = Waits::of(calls.bounds, deployment, (said, operation), (None, None));
    let (address, region, counted) = (None, None, &[]);
    let is_beside = false;
    let asked = Asked {
        id,
        principal,
        said,
        operation,
        deployment,
        body,
        waits,
        address,
        details,
        counted,
        region,
        is_beside,
        presumes: None,
    };
    let scopes = Scopes::of(calls, &asked, now).await?;
    let requests = |scope: ScopeLimits| ScopeLimits { budget: None, tokens: None, ..scope };
    let callers = scopes.limited.into_iter().filter(|scope| !OF_THE_WAY.contains(&scope.kind));
    Ok(callers.map(requests).filter(ScopeLimits::is_limited).collect())
}

async fn reserve(
    calls: &Arc<ModelCalls>,
    limited: &[ScopeLimits],
    row: &SpendRow,
    now: Timestamp,
) -> Result<Option<Hold>, CallError> {
    if limited.is_empty() {
        return Ok(None);
    }
    let demand = Demand {
        id: row.request_id,
        scopes: limited.to_vec(),
        totals: Vec::new(),
        cost: NanoDollars::ZERO,
        is_bound: false,
        tokens: Tokens::default(),
        lasts_millis: LASTS_MILLIS,
        unsettled: row.to_item(None, 1),
    };
    fits::check(&demand, &row.key, now)?;
    let reserved = calls.ledger.reserve(demand, now).await.map_err(CallError::from);
    unless_out_of_reach(calls, reserved, row.request_id)
}
