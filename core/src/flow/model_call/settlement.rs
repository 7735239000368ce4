//! A dispatched call until it is charged. It is charged exactly once, whatever happens: an answer, an error, a stream
//! that breaks, a client that goes away.

use super::admit::Admitted;
use super::body::Said;
use super::captured::Captured;
use super::error::CallError;
use super::evidence::Evidence;
use super::fault;
use super::late;
use super::lost::Lost;
use super::parts::ModelCalls;
use super::request::CallRequest;
use super::slices::Slices;
use super::soft_budget;
use super::unrecorded;
use super::waits::ClientWaits;
use super::watched::Watched;
use crate::accounting::spend_row::{Outcome, SpendDetails, SpendRow};
use crate::api::care::Care;
use crate::api::medium::Medium;
use crate::config::tls::Channel;
use crate::id::RequestId;
use crate::money::NanoDollars;
use crate::price::{CallFacts, ModelPrice, cost_of};
use crate::principal::Principal;
use crate::providers::bridge::speaker::Speaker;
use crate::providers::decoder::Seen;
use crate::providers::identity::Identity;
use crate::providers::operation::Operation;
use crate::providers::provider::Reply;
use crate::routing::Deployment;
use crate::usage::Usage;
use bytes::Bytes;
use std::sync::Arc;

/// A dispatched call. Dropped before it is settled, it settles itself in the background for what has passed.
pub(super) struct OpenCall {
    calls: Arc<ModelCalls>,
    principal: Arc<Principal>,
    deployment: Arc<Deployment>,
    speaker: Speaker,
    operation: Operation,
    id: RequestId,
    /// Taken when the call is settled.
    row: Option<SpendRow>,
    /// How it ended is written into the row; only storing it is left.
    is_judged: bool,
    /// What the call counts in and holds.
    admitted: Admitted,
    slices: Slices,
    facts: CallFacts,
    /// What it asks for that is not counted in tokens.
    medium: Option<Medium>,
    /// The price that holds in place of the deployment's.
    price: Option<Box<ModelPrice>>,
    pub(super) evidence: Evidence,
    /// What is kept of it, where anything is.
    captured: Option<Box<Captured>>,
    watched: Option<Watched>,
    /// Whether the model has no other deployment.
    pub(super) is_alone: bool,
    /// The waits that the request asks for.
    pub(super) client: ClientWaits,
}

impl OpenCall {
    pub(super) fn begin(
        calls: Arc<ModelCalls>,
        (principal, deployment, speaker): (Arc<Principal>, Arc<Deployment>, Speaker),
        request: &CallRequest,
        details: SpendDetails,
        id: RequestId,
    ) -> Self {
        let watched = Watched::begin(&deployment, &calls);
        calls.share();
        let row = SpendRow { request_id: id, key: principal.key.clone(), cost: NanoDollars::ZERO, details };
        let captured = calls.kept.as_ref().map(|kept| Captured::begin(kept, &request.body));
        Self {
            captured,
            calls,
            principal,
            deployment,
            speaker,
            operation: request.operation,
            id,
            row: Some(row),
            is_judged: false,
            admitted: Admitted::default(),
            slices: Slices::default(),
            facts: CallFacts::at(id.arrived()),
            medium: None,
            price: None,
            evidence: Evidence::of(request.body.clone()),
            watched,
            is_alone: false,
            client: ClientWaits::default(),
        }
    }

    /// The call, with what it counts in and holds, and what it said of its price.
    pub(super) fn admitted(mut self, admitted: Admitted, said: &Said) -> Self {
        (self.medium, self.price) = (said.medium.clone(), said.price.clone());
        self.slices = Slices::of(&admitted, self.price());
        let reserved = (admitted.bound.as_ref(), &self.calls.limits);
        self.evidence.lost = Lost::of((said, self.operation), self.deployment.price.as_ref(), reserved);
        self.admitted = admitted;
        self.facts = said.asked.facts(self.id.arrived());
        // Nobody tells later what it has become: all that it may be.
        let most = || said.asked.output_cap(self.deployment.price.as_ref(), Care::Strict { output_tokens: None });
        if said.background {
            self.evidence.promises(most().unwrap_or(self.calls.limits.reserve_output_tokens));
        }
        self
    }

    /// A stream may last long: a large body is weighed, and not kept.
    pub(super) fn let_go_of_input(&mut self) {
        self.evidence.asked.let_go();
    }

    /// Whether the stream has grown beyond what is held for it.
    pub(super) fn is_outgrown(&self) -> bool {
        self.slices.are_outgrown_by(self.evidence.seen.output_tokens())
    }

    /// Holds more for a stream that has outgrown what is held. Dropping the future is safe.
    ///
    /// # Errors
    /// [`CallError::Refused`]: the budget has no more.
    pub(super) async fn cover(&mut self) -> Result<(), CallError> {
        let Some(price) = &self.deployment.price else { return Ok(()) };
        self.slices.extend(&self.calls, &mut self.admitted, price, self.evidence.seen.output_tokens()).await
    }

    /// What the answer is told with.
    pub(super) fn reply(&self, show_usage: bool) -> Reply<'_> {
        let model = self.row.as_ref().map_or("", |row| row.details.model_group.as_str());
        let asked = self.evidence.asked.body();
        let deployment = self.deployment.id.as_str();
        Reply { operation: self.operation, id: self.id, model, deployment, asked, show_usage }
    }

    /// As whom the upstream knows us, where no fixed key says it.
    pub(super) fn identity(&self) -> Option<&Identity> {
        self.deployment.target()?.identity.as_ref()
    }

    /// By which way the upstream is reached.
    pub(super) fn channel(&self) -> Channel {
        self.deployment.entry.params.tls.channel
    }

    /// Who speaks for the upstream.
    pub(super) fn speaker(&self) -> Speaker {
        self.speaker
    }

    /// The first content of a stream is there.
    pub(super) fn first_content_came(&mut self) {
        let now = self.calls.clock.now();
        if let Some(row) = &mut self.row {
            row.details.first_token_at = Some(now);
        }
    }

    /// Remembers what has passed, in case nothing more does: all that was seen, and the piece that it ended with.
    pub(super) fn saw(&mut self, seen: &Seen, piece: &Bytes) {
        self.evidence.saw(seen, piece);
        if let Some(captured) = &mut self.captured {
            captured.take(piece);
        }
    }

    /// Charges the call for its answer. Where the upstream told no usage, it is estimated.
    ///
    /// # Errors
    /// [`CallError::Unrecorded`]: the answer must not be completed.
    pub(super) async fn settle(&mut self, usage: Option<Usage>) -> Result<NanoDollars, CallError> {
        let usage = self.used(usage, || self.evidence.of_stream());
        self.judge(usage, || Outcome::Success);
        self.store().await
    }

    /// As [`OpenCall::settle`], for an answer that is there as a whole.
    ///
    /// # Errors
    /// As [`OpenCall::settle`].
    pub(super) async fn settle_whole(&mut self, usage: Option<Usage>, answer: &[u8]) -> Result<NanoDollars, CallError> {
        if let Some(captured) = &mut self.captured {
            captured.whole(answer);
        }
        let usage = self.used(usage, || self.evidence.of_whole(answer));
        self.judge(usage, || Outcome::Success);
        self.store().await
    }

    /// Records a call that has no answer.
    pub(super) async fn fail(&mut self, error: CallError) -> CallError {
        self.failed(&error);
        self.record().await;
        error
    }

    /// The attempt failed before any answer, and used nothing unless an answer is lost. Whether it is recorded or void is
    /// still to be said: dropped, it is recorded.
    pub(super) fn failed(&mut self, error: &CallError) {
        let lost = self.evidence.of_failed(error);
        let usage = lost.map(|estimate| self.used(self.evidence.seen.usage, || estimate));
        self.judge(usage.unwrap_or_default(), || failure(error));
        let held = self.admitted.held();
        let Some(row) = &mut self.row else { return };
        match lost {
            Some(_) if held > NanoDollars::ZERO => row.cost = row.cost.min(held),
            Some(_) => {}
            // A price by the call is for one that is answered.
            None => row.cost = NanoDollars::ZERO,
        }
    }

    /// Ends an attempt that failed and is followed by another. One that may have used something is charged and recorded
    /// under its own id; any other is void and leaves no row.
    pub(super) async fn end(mut self: Box<Self>) {
        match self.row.as_ref().is_some_and(SpendRow::is_charged) {
            true => self.record().await,
            false => self.void().await,
        }
    }

    /// Records an attempt that failed.
    pub(super) async fn record(&mut self) {
        if let Err(unrecorded) = self.store().await {
            let error = &unrecorded as &dyn std::error::Error;
            tracing::warn!(call = %self.id, error, "a failed call is not recorded yet");
        }
    }

    /// The scopes that have counted the call among their requests.
    pub(super) fn counted(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.admitted.counted()
    }

    async fn void(mut self: Box<Self>) {
        self.row = None;
        if let Some(trace) = self.admitted.trace.take() {
            trace.take_back(&self.calls);
        }
        let Some(hold) = self.admitted.hold.take() else { return };
        let calls = Arc::clone(&self.calls);
        let background = calls.background.clone();
        // On its own where the client goes away meanwhile.
        let voiding = async move {
            if calls.ledger.void(&hold, calls.clock.now()).await.is_err() {
                let again = Arc::clone(&calls);
                calls.background.spawn(async move { late::void(&again, &hold).await });
            }
        };
        background.to_its_end(voiding).await;
    }

    /// Records a stream that broke: what has passed is charged.
    pub(super) async fn fail_streamed(&mut self, error: CallError) -> CallError {
        tracing::warn!(call = %self.id, error = &error as &dyn std::error::Error, "a stream broke");
        if !self.client.ended(&error) {
            fault::blame(&self.calls, &self.deployment, self.is_alone, &error);
        }
        let usage = self.used(self.evidence.seen.usage, || self.evidence.of_rest());
        self.judge(usage, || failure(&error));
        self.record().await;
        error
    }

    /// Stores the row and returns what the call cost. What is not stored, because this is dropped while it waits or
    /// because the store is out of reach, is stored in the background; where calls are admitted without the store,
    /// they are answered without it too.
    async fn store(&mut self) -> Result<NanoDollars, CallError> {
        if !self.slices.are_closed() {
            self.slices.close(&self.calls, &mut self.admitted).await;
        }
        if let (Some(captured), Some(row)) = (&self.captured, &mut self.row) {
            Box::pin(captured.keep(row)).await;
            self.captured = None;
        }
        self.admitted.end_trace().await;
        let Some(row) = &self.row else { return Ok(NanoDollars::ZERO) };
        let release = self.admitted.release(&row.details.usage, row.details.ended_at);
        let cost = row.cost;
        match self.calls.spend.settle_held(row, release).await {
            Ok(_) => {
                note_spend(&self.calls, &self.principal, &self.admitted, cost);
                self.row = None;
            }
            Err(error) if self.calls.admits_in_outage && error.is_outage() => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(call = %self.id, error, "a call is answered that is not charged yet");
                self.settle_late();
            }
            Err(error) => return Err(CallError::Unrecorded(error)),
        }
        Ok(cost)
    }

    /// Stores the row in the background.
    fn settle_late(&mut self) {
        let Some(mut row) = self.row.take() else { return };
        let captured = self.captured.take();
        let (calls, principal) = (Arc::clone(&self.calls), Arc::clone(&self.principal));
        let (mut admitted, mut slices) = (std::mem::take(&mut self.admitted), std::mem::take(&mut self.slices));
        self.calls.background.spawn(async move {
            if let Some(captured) = captured {
                captured.keep(&mut row).await;
            }
            if unrecorded::settle(&calls, &row, &mut admitted, &mut slices).await {
                note_spend(&calls, &principal, &admitted, row.cost);
            }
        });
    }

    /// Writes into the row how the call ended and what it cost.
    fn judge(&mut self, usage: Usage, outcome: impl FnOnce() -> Outcome) {
        let Some(row) = &mut self.row else { return };
        row.details.usage = usage;
        row.details.outcome = outcome();
        row.details.ended_at = self.calls.clock.now();
        let took = row.details.ended_at.millis_since(row.details.started_at);
        // The seconds of sound are its own, and not those of the call.
        let duration_ms = if self.medium.is_some() { 0 } else { u64::try_from(took).unwrap_or(0) };
        let facts = CallFacts { duration_ms, ..self.facts };
        let price = self.price.as_deref().or(self.deployment.price.as_ref());
        row.cost = cost_of(price, &usage, &facts).total;
        self.is_judged = true;
        if let Some(watched) = self.watched.take() {
            watched.ended(&row.details, &self.calls);
        }
    }

    fn price(&self) -> Option<&ModelPrice> {
        self.price.as_deref().or(self.deployment.price.as_ref())
    }

    /// What was used: as the upstream told, with what only the request tells, else about that.
    fn used(&self, told: Option<Usage>, estimate: impl FnOnce() -> Usage) -> Usage {
        match &self.medium {
            Some(medium) => medium.used(told, || self.evidence.asked.tokens(), self.price()),
            None => told.unwrap_or_else(estimate),
        }
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        if self.row.is_some() && !self.is_judged {
            let usage = self.used(self.evidence.seen.usage, || self.evidence.of_rest());
            self.judge(usage, || Outcome::Failure {
                class: "ClientDisconnected".to_owned(),
                code: String::new(),
                message: "the client went away before the answer was complete".to_owned(),
            });
        }
        self.settle_late();
    }
}

/// Remembers what a key has spent, and tells the operator where that passes a soft budget.
fn note_spend(calls: &Arc<ModelCalls>, principal: &Principal, admitted: &Admitted, cost: NanoDollars) {
    principal.spend.add(cost);
    soft_budget::note(calls, principal, &admitted.soft, cost);
}

fn failure(error: &CallError) -> Outcome {
    let code = match error {
        CallError::Upstream { failure, .. } => failure.status.to_string(),
        _ => String::new(),
    };
    Outcome::Failure { class: error.class_name().to_owned(), code, message: error.to_string() }
}
