//! Whether the caller's limits allow the call: what it counts in, what it may use, and the hold that is settled with it.

use super::asked::Asked;
use super::bound::{self, Bound};
use super::error::CallError;
use super::fits;
use super::late;
use super::outage::unless_out_of_reach;
use super::parts::ModelCalls;
use super::place::Place;
use super::presuming;
use super::scopes::{OF_THE_WAY, Scopes};
use super::soft_budget::SoftBudget;
use super::trace::Trace;
use super::unsettled::{self, Call};
use crate::accounting::release::Release;
use crate::admission::hold::Hold;
use crate::admission::left::Left;
use crate::admission::limits::{Counter, Demand, ScopeLimits};
use crate::admission::refusal::{Refusal, StoreFailure};
use crate::admission::windows::InFlight;
use crate::clock::Timestamp;
use crate::money::NanoDollars;
use crate::principal::Principal;
use crate::store::item::Key;
use crate::upstream::transport::TransportError;
use crate::usage::Usage;
use futures_util::future::{Either, join, select, try_join};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long a call waits at most for what it gives back.
const GIVE_BACK_WAIT: Duration = Duration::from_millis(200);

/// What an admitted call counts in.
#[derive(Debug, Default)]
pub(super) struct Admitted {
    /// What it holds; `None`: nothing limits it.
    pub(super) hold: Option<Hold>,
    /// The scopes that limit it.
    pub(super) limited: Vec<ScopeLimits>,
    /// The soft budgets that it counts in.
    pub(super) soft: Vec<SoftBudget>,
    /// What it may use; `None`: nothing limits it.
    pub(super) bound: Option<Bound>,
    /// What is left of its limits.
    pub(super) left: Vec<Left>,
    _in_flight: Vec<InFlight>,
    _place: Option<Place>,
    /// Why there is no way to the upstream, as far as that is known.
    pub(super) no_way: Option<TransportError>,
    totals: Vec<Key>,
    /// What it leaves in the store while it is under way, where nothing limits it.
    pub(super) trace: Option<Trace>,
    /// The caller as it was read meanwhile, where it was presumed.
    pub(super) confirmed: Option<Arc<Principal>>,
}

/// A call that is not admitted.
pub(super) struct Refused {
    pub(super) error: CallError,
    /// What it may have used, as far as that was asked.
    pub(super) bound: Option<Bound>,
    /// What is left of its limits, as far as they are known.
    pub(super) left: Vec<Left>,
}

impl<E: Into<CallError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self { error: error.into(), bound: None, left: Vec::new() }
    }
}

/// Counts the call in all its limits. One without limits waits for nothing.
pub(super) async fn admit(calls: &Arc<ModelCalls>, asked: Asked<'_>) -> Result<Admitted, Refused> {
    let now = calls.clock.now();
    let scopes = Scopes::of(calls, &asked, now).await.map_err(|error| match asked.presumes {
        Some(_) if !error.is_outage() => CallError::Outdated,
        _ => error,
    })?;
    let Scopes { limited, soft, totals, due, region, presumed } = scopes;
    let presumed = presuming::presumption(asked.presumes, presumed);
    let region = region.filter(|region| asked.region != Some(region));
    if !presumed.is_empty() && (region.is_some() || !due.is_empty()) {
        return Err(CallError::Outdated.into());
    }
    if let Some(region) = region {
        return Err(CallError::Elsewhere(region).into());
    }
    let limited = counting(limited, &asked);
    let confirmed = async {
        match presumed.is_empty() {
            true => Ok(None),
            // In a box: most of what a call goes by is known.
            false => Box::pin(presuming::confirm(calls, &presumed, asked.id)).await,
        }
    };
    if limited.is_empty() {
        fits::check_unlimited(&totals)?;
        let mut admitted = Admitted { totals, soft, ..Admitted::default() };
        if !presumed.is_empty() {
            let connected = async { Ok(connect(calls, &asked).await) };
            (admitted.confirmed, admitted.no_way) = try_join(confirmed, connected).await?;
        }
        admitted.trace = Trace::begin(calls, &asked, &admitted.totals);
        return Ok(admitted);
    }
    let left = || calls.ledger.left(&limited, now);
    for record in &due {
        let begun = calls.authenticator.begin_period(asked.principal, record, now).await;
        let begun = unless_out_of_reach(calls, begun.map_err(CallError::from), asked.id);
        begun.map_err(|error| Refused { error, bound: None, left: left() })?;
    }
    let demanded = demanded(calls, &asked, (&limited, &totals), now);
    let demanded = demanded.map_err(|error| if presumed.is_empty() { error } else { CallError::Outdated });
    let (bound, demand) = demanded.map_err(|error| Refused { error, bound: None, left: left() })?;
    let refused = |error| Refused { error, bound: Some(bound), left: left() };
    let decided = join(reserve(calls, demand), confirmed);
    let ((reserved, confirmed), no_way) = decided_and_connected(decided, connect(calls, &asked)).await;
    if matches!(confirmed, Err(CallError::Outdated)) {
        // In a box: this is the rare way.
        Box::pin(give_back(reserved)).await;
        return Err(refused(CallError::Outdated));
    }
    let (confirmed, Reserved { hold, take, .. }) = (confirmed.map_err(refused)?, reserved);
    let hold = unless_out_of_reach(calls, hold.map_err(CallError::from), asked.id).map_err(refused)?;
    // Nobody listens where nothing is held.
    let _ = take.map(|take| take.send(()));
    let _in_flight = calls.ledger.enter(&limited);
    let (left, _place) = (left(), Place::at(calls, asked.deployment));
    let bound = Some(bound);
    Ok(Admitted { hold, limited, soft, bound, no_way, left, _in_flight, _place, totals, trace: None, confirmed })
}

/// What this call counts in these scopes: not all that others do, where it is the gateway's own or has counted before.
fn counting(mut limited: Vec<ScopeLimits>, asked: &Asked<'_>) -> Vec<ScopeLimits> {
    if asked.is_beside {
        limited = limited.into_iter().map(money_alone).filter(ScopeLimits::is_limited).collect();
    }
    for scope in limited.iter_mut().filter(|_| !asked.counted.is_empty()) {
        scope.is_repeat = asked.counted.iter().any(|(kind, id)| *kind == scope.kind && *id == scope.id);
    }
    limited
}

/// What is asked of a caller by a call of the gateway's own. Ways to an upstream count what it is sent.
fn money_alone(scope: ScopeLimits) -> ScopeLimits {
    if OF_THE_WAY.contains(&scope.kind) {
        return scope;
    }
    ScopeLimits { requests: None, tokens: None, parallel: None, ..scope }
}

/// What became of a reservation.
struct Reserved {
    hold: Result<Hold, Refusal>,
    /// Says that it is wanted. Dropped unsaid, what is held is given back.
    take: Option<oneshot::Sender<()>>,
    /// Comes, or breaks off, once nothing is held that is not wanted.
    is_void: oneshot::Receiver<()>,
}

async fn reserve(calls: &Arc<ModelCalls>, demand: Demand) -> Reserved {
    let (id, now) = (demand.id, calls.clock.now());
    let (answer, answered) = oneshot::channel();
    let (voided, is_void) = oneshot::channel();
    // On its own: where the client goes away meanwhile, what was reserved is given back.
    let reserving = Arc::clone(calls);
    calls.background.spawn(async move {
        let reserved = reserving.ledger.reserve(demand, now).await;
        let (is_hold, is_open) = match &reserved {
            Ok(_) => (true, false),
            Err(Refusal::Unavailable(failure)) => (false, failure.is_open()),
            Err(_) => (false, false),
        };
        let (take, taken) = oneshot::channel();
        // The client may go away with the answer on its way, or not be whom it was taken for, so a hold counts as taken
        // only when that is said.
        let is_taken = answer.send((reserved, take)).is_ok() && taken.await.is_ok();
        if is_open || is_hold && !is_taken {
            late::void_unanswered(&reserving, id).await;
        }
        // Hardly anybody waits for it.
        let _ = voided.send(());
    });
    match answered.await {
        Ok((hold, take)) => Reserved { hold, take: Some(take), is_void },
        Err(_) => Reserved { hold: Err(Refusal::Unavailable(StoreFailure::Late)), take: None, is_void },
    }
}

/// What was reserved, and what became of what is presumed: a refusal waits for that, as it may be one of the day before.
type Decided = (Reserved, Result<Option<Arc<Principal>>, CallError>);

/// Waits for what decides about the call, and for the way to its upstream where it then goes on.
async fn decided_and_connected(
    deciding: impl Future<Output = Decided>,
    connecting: impl Future<Output = Option<TransportError>>,
) -> (Decided, Option<TransportError>) {
    match select(pin!(deciding), pin!(connecting)).await {
        Either::Left((decided, connecting)) if decided.0.hold.is_ok() && decided.1.is_ok() => {
            (decided, connecting.await)
        }
        Either::Left((decided, _)) => (decided, None),
        Either::Right((no_way, deciding)) => (deciding.await, no_way),
    }
}

/// Gives back what was reserved for one who is not whom it was taken for, before the call is decided anew: it must not
/// stand in its own way.
async fn give_back(reserved: Reserved) {
    let Reserved { take, is_void, .. } = reserved;
    drop(take);
    // A store that takes longer goes on by itself.
    let _ = timeout(GIVE_BACK_WAIT, is_void).await;
}

/// Why there is no way to the upstream; `None`: there is one. It is connected to meanwhile, so that the store's round
/// trip hides behind the handshake.
async fn connect(calls: &ModelCalls, asked: &Asked<'_>) -> Option<TransportError> {
    let transport = calls.transport.of(asked.deployment.entry.params.tls.channel);
    transport.prepare(asked.address?, asked.waits.connecting()).await.err()
}

impl Admitted {
    /// The scopes that have counted the call among their requests, by kind and id. Those of a way to an upstream count
    /// what it is sent.
    pub(super) fn counted(&self) -> impl Iterator<Item = (&'static str, String)> {
        let limited = self.limited.iter().filter(|scope| scope.requests.is_some());
        let of_callers = limited.filter(|scope| !OF_THE_WAY.contains(&scope.kind));
        of_callers.map(|scope| (scope.kind, scope.id.clone()))
    }

    /// The least that it holds of any budget.
    pub(super) fn held(&self) -> NanoDollars {
        NanoDollars::new(self.hold.as_ref().and_then(Hold::least).unwrap_or(0))
    }

    /// Keeps a trace that is not written yet from being written, or waits until it is.
    pub(super) async fn end_trace(&mut self) {
        if let Some(trace) = &mut self.trace {
            trace.end().await;
        }
    }

    /// Where the call is charged, and what settles with it.
    pub(super) fn release(&self, usage: &Usage, now: Timestamp) -> Release {
        let Some(hold) = &self.hold else {
            let counters = self.limited.iter().filter_map(|scope| match &scope.budget.as_ref()?.counter {
                Counter::Period { key, .. } => Some((key.clone(), NanoDollars::ZERO)),
                Counter::Totals(_) => None,
            });
            let totals = self.totals.iter().map(|key| (key.clone(), NanoDollars::ZERO));
            let trace = self.trace.as_ref().and_then(Trace::removal);
            return Release { totals: totals.collect(), counters: counters.collect(), trace, ..Release::default() };
        };
        let corrected = hold.corrected(i64::try_from(usage.total()).unwrap_or(i64::MAX), now);
        Release { corrected, ..fits::release(hold) }
    }
}

/// What the call may use, and what it asks of its limits for that.
fn demanded(
    calls: &ModelCalls,
    asked: &Asked<'_>,
    (limited, totals): (&[ScopeLimits], &[Key]),
    now: Timestamp,
) -> Result<(Bound, Demand), CallError> {
    let mode = bound::mode(asked.principal, &calls.limits);
    let price = asked.said.price.as_deref().or(asked.deployment.price.as_ref());
    let bound = Bound::of(asked.said, asked.body, asked.operation, price, (mode, &calls.limits))?;
    let demand = unsettled::demand(limited, totals, &bound, &Call::of(asked));
    fits::check(&demand, &asked.principal.key, now)?;
    Ok((bound, demand))
}
