//! The trace of a call that nothing limits: what it may have used stands in the store while it is under way, so that
//! maintenance charges it where its process dies. Written beside the upstream call, which never waits for it, and removed
//! by the settlement.

use super::asked::Asked;
use super::body::Said;
use super::bound::Bound;
use super::late;
use super::parts::ModelCalls;
use super::unsettled::{self, Call};
use crate::accounting::spend_row::SpendDetails;
use crate::admission::hold::removal;
use crate::admission::limits::Demand;
use crate::id::{KeyHash, RequestId};
use crate::limits::BudgetMode;
use crate::providers::operation::Operation;
use crate::routing::Deployment;
use crate::store::item::Key;
use crate::store::write::Write;
use bytes::Bytes;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long a call is under way before its trace is written: one that is over sooner costs nothing more, and a crash
/// loses at most what was sent in this time.
const DELAY: Duration = Duration::from_millis(50);

/// How long the end of a call waits at most for a trace that is just being written. One that arrives later is removed by
/// maintenance, as the call's row stands by then.
const WRITE_WAIT: Duration = Duration::from_millis(100);

/// The trace of a call. Dropped before it is due, it is not written.
#[derive(Debug)]
pub(super) struct Trace {
    id: RequestId,
    /// Keeps it from being written; `None`: done, or too late.
    stop: Option<oneshot::Sender<()>>,
    /// Breaks off when the writing has ended; `None`: nobody waits for that any more.
    written: Option<oneshot::Receiver<()>>,
    /// Whether it may stand in the store.
    may_stand: bool,
}

/// What its writer needs to know of the call.
struct Traced {
    id: RequestId,
    key: KeyHash,
    details: SpendDetails,
    said: Said,
    body: Bytes,
    operation: Operation,
    deployment: Arc<Deployment>,
    totals: Vec<Key>,
    total: Duration,
}

impl Trace {
    /// The trace of a call that is about to be sent and is charged to `totals`; `None`: it is not charged.
    pub(super) fn begin(calls: &Arc<ModelCalls>, asked: &Asked<'_>, totals: &[Key]) -> Option<Self> {
        if asked.operation.counts() {
            return None;
        }
        let (stop, stopped) = oneshot::channel();
        let (writing, written) = oneshot::channel::<()>();
        let (traced, writer) = (Traced::of(asked, totals), Arc::clone(calls));
        calls.background.spawn(async move {
            if is_due(stopped).await {
                traced.write(&writer).await;
            }
            drop(writing);
        });
        Some(Self { id: asked.id, stop: Some(stop), written: Some(written), may_stand: false })
    }

    /// Keeps the trace from being written, or waits until it is. Dropping the future is safe, and so is asking again.
    pub(super) async fn end(&mut self) {
        self.stop();
        if let Some(written) = self.written.as_mut().filter(|_| self.may_stand) {
            let _ = timeout(WRITE_WAIT, written).await;
        }
        self.written = None;
    }

    /// The write that removes what may stand of an ended trace.
    pub(super) fn removal(&self) -> Option<Write> {
        self.may_stand.then(|| removal(self.id))
    }

    /// Takes back the trace of a call that leaves no row, as it used nothing. Nobody waits for that.
    pub(super) fn take_back(mut self, calls: &Arc<ModelCalls>) {
        self.stop();
        if !self.may_stand {
            return;
        }
        let taking = Arc::clone(calls);
        calls.background.spawn(async move {
            self.end().await;
            late::void_unanswered(&taking, self.id).await;
        });
    }

    fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Nobody listens once it is being written.
            self.may_stand = stop.send(()).is_err();
        }
    }
}

/// Waits until the trace is to be written. `false`: the call is over before.
async fn is_due(mut stopped: oneshot::Receiver<()>) -> bool {
    if timeout(DELAY, &mut stopped).await.is_ok() {
        return false;
    }
    // Whoever comes from here on is told that it is too late.
    stopped.close();
    stopped.try_recv().is_err()
}

impl Traced {
    fn of(asked: &Asked<'_>, totals: &[Key]) -> Self {
        let said = asked.said;
        Self {
            id: asked.id,
            key: asked.principal.key.clone(),
            details: asked.details.clone(),
            said: Said { asked: said.asked, medium: said.medium.clone(), price: said.price.clone(), ..Said::default() },
            body: asked.body.clone(),
            operation: asked.operation,
            deployment: Arc::clone(asked.deployment),
            totals: totals.to_vec(),
            total: asked.waits.bounds.total,
        }
    }

    /// Once: where the store does not take it, the call goes on without.
    async fn write(self, calls: &ModelCalls) {
        let id = self.id;
        let Some(demand) = self.demand(calls) else { return };
        if let Err(error) = calls.ledger.trace(demand, calls.clock.now()).await {
            tracing::warn!(call = %id, error = &error as &dyn Error, "a crash would lose the charge of this call");
        }
    }

    /// What the call may use, by its likely size.
    fn demand(self, calls: &ModelCalls) -> Option<Demand> {
        let price = self.said.price.as_deref().or(self.deployment.price.as_ref());
        let care = (BudgetMode::Balanced, &calls.limits);
        // What is estimated always has a bound.
        let bound = Bound::of(&self.said, &self.body, self.operation, price, care).ok()?;
        let call = Call { id: self.id, key: &self.key, details: &self.details, total: self.total };
        Some(unsettled::demand(&[], &self.totals, &bound, &call))
    }
}
