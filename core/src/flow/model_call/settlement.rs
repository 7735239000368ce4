//! A dispatched call until it is charged. It is charged exactly once, whatever happens: an answer, an error, a stream
//! that breaks, a client that goes away.

use super::admit;
use super::body::Said;
use super::error::CallError;
use super::parts::ModelCalls;
use super::request::CallRequest;
use crate::accounting::spend_row::{Outcome, SpendDetails, SpendRow};
use crate::admission::hold::Hold;
use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::money::NanoDollars;
use crate::price::{CallFacts, cost_of};
use crate::principal::Principal;
use crate::providers::decoder::Seen;
use crate::providers::operation::Operation;
use crate::providers::provider::Provider;
use crate::providers::registry;
use crate::routing::Deployment;
use crate::usage::Usage;
use http::header::USER_AGENT;
use std::sync::Arc;

/// Bytes of a request body that count as one token where the upstream told no usage.
const BYTES_PER_TOKEN: u64 = 4;

/// A dispatched call. Dropped before it is settled, it settles itself in the background for what has passed.
pub(super) struct OpenCall {
    calls: Arc<ModelCalls>,
    principal: Arc<Principal>,
    deployment: Arc<Deployment>,
    operation: Operation,
    id: RequestId,
    /// Taken when the call is settled.
    details: Option<SpendDetails>,
    /// What the call holds of its limits.
    hold: Option<Hold>,
    request_bytes: u64,
    seen: Seen,
}

impl OpenCall {
    pub(super) fn begin(
        calls: Arc<ModelCalls>,
        principal: Arc<Principal>,
        deployment: Arc<Deployment>,
        request: &CallRequest,
        details: SpendDetails,
        id: RequestId,
    ) -> Self {
        Self {
            calls,
            principal,
            deployment,
            operation: request.operation,
            id,
            details: Some(details),
            hold: None,
            request_bytes: request.body.len() as u64,
            seen: Seen::default(),
        }
    }

    /// The call, with what it holds of its limits.
    pub(super) fn holding(mut self, hold: Option<Hold>) -> Self {
        self.hold = hold;
        self
    }

    pub(super) fn operation(&self) -> Operation {
        self.operation
    }

    /// Who speaks for the upstream.
    pub(super) fn provider(&self) -> &'static dyn Provider {
        registry::provider(self.deployment.target().map_or("openai", |target| target.provider))
    }

    /// The first content of a stream is there.
    pub(super) fn first_content_came(&mut self) {
        let now = self.calls.clock.now();
        if let Some(details) = &mut self.details {
            details.first_token_at = Some(now);
        }
    }

    /// Remembers what has passed, in case nothing more does.
    pub(super) fn saw(&mut self, seen: &Seen) {
        self.seen.clone_from(seen);
    }

    /// Charges the call for its answer. Where the upstream told no usage, it is estimated.
    ///
    /// # Errors
    /// [`CallError::Unrecorded`]: the answer must not be completed.
    pub(super) async fn settle(&mut self, usage: Option<Usage>) -> Result<NanoDollars, CallError> {
        let Some(details) = self.details.clone() else { return Ok(NanoDollars::ZERO) };
        let usage = usage.unwrap_or_else(|| self.estimate());
        let row = self.row(details, usage, Outcome::Success);
        self.store(&row).await?;
        self.details = None;
        Ok(row.cost)
    }

    /// Records a call that was refused before any answer: it used nothing.
    pub(super) async fn fail(&mut self, error: CallError) -> CallError {
        self.record_failure(Usage::default(), &error).await;
        error
    }

    /// Records a stream that broke: what has passed is charged.
    pub(super) async fn fail_streamed(&mut self, error: CallError) -> CallError {
        tracing::warn!(call = %self.id, error = &error as &dyn std::error::Error, "a stream broke");
        let usage = self.seen.usage.unwrap_or_else(|| self.estimate());
        self.record_failure(usage, &error).await;
        error
    }

    async fn record_failure(&mut self, usage: Usage, error: &CallError) {
        let Some(details) = self.details.clone() else { return };
        let row = self.row(details, usage, failure(error));
        if let Err(unrecorded) = self.store(&row).await {
            tracing::error!(call = %self.id, error = &unrecorded as &dyn std::error::Error, "a failed call is not recorded");
        }
        self.details = None;
    }

    async fn store(&self, row: &SpendRow) -> Result<(), CallError> {
        let release = admit::release(self.hold.as_ref(), &row.details.usage, row.details.ended_at);
        self.calls.spend.settle_held(row, release).await.map_err(CallError::Unrecorded)?;
        self.principal.spend.add(row.cost);
        Ok(())
    }

    fn row(&self, mut details: SpendDetails, usage: Usage, outcome: Outcome) -> SpendRow {
        details.usage = usage;
        details.outcome = outcome;
        details.ended_at = self.calls.clock.now();
        let price = self.deployment.price.as_ref();
        let cost = cost_of(price, &usage, &CallFacts::at(details.started_at)).total;
        SpendRow { request_id: self.id, key: self.principal.key.clone(), cost, details }
    }

    /// About what was used, where nobody counted: the request by its bytes, the answer by its events.
    fn estimate(&self) -> Usage {
        let prompt_tokens = self.request_bytes / BYTES_PER_TOKEN;
        Usage { prompt_tokens, completion_tokens: self.seen.content_events, ..Usage::default() }
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        let Some(details) = self.details.take() else { return };
        let usage = self.seen.usage.unwrap_or_else(|| self.estimate());
        let outcome = Outcome::Failure {
            class: "ClientDisconnected".to_owned(),
            code: String::new(),
            message: "the client went away before the answer was complete".to_owned(),
        };
        let row = self.row(details, usage, outcome);
        let release = admit::release(self.hold.as_ref(), &row.details.usage, row.details.ended_at);
        let (calls, principal) = (Arc::clone(&self.calls), Arc::clone(&self.principal));
        self.calls.background.spawn(async move {
            match calls.spend.settle_held(&row, release).await {
                Ok(_) => drop(principal.spend.add(row.cost)),
                Err(error) => {
                    tracing::error!(call = %row.request_id, error = &error as &dyn std::error::Error, "a call is not charged");
                }
            }
        });
    }
}

fn failure(error: &CallError) -> Outcome {
    let code = match error {
        CallError::Upstream { failure, .. } => failure.status.to_string(),
        _ => String::new(),
    };
    Outcome::Failure { class: error.class_name().to_owned(), code, message: error.to_string() }
}

/// What is known of a call before it is made.
pub(super) fn details(
    id: RequestId,
    principal: &Principal,
    request: &CallRequest,
    said: &Said,
    deployment: &Deployment,
) -> SpendDetails {
    let target = deployment.target();
    let provider = target.map_or("mock", |target| target.provider);
    let user_agent = request.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    SpendDetails {
        call_type: request.operation.call_type().into(),
        key_alias: principal.key_alias.clone(),
        user_id: principal.user_id.clone(),
        team_id: principal.team_id.clone(),
        model_group: said.model.clone(),
        model: target.map_or_else(|| said.model.clone(), |target| format!("{provider}/{}", target.model)),
        deployment_id: Some(deployment.id.clone()),
        provider: provider.into(),
        api_base: target.map(|target| target.api_base.clone()).unwrap_or_default(),
        started_at: id.arrived(),
        ended_at: Timestamp::default(),
        first_token_at: None,
        usage: Usage::default(),
        outcome: Outcome::Success,
        stream: said.stream,
        cache_hit: false,
        requester_ip: request.client_address.map(|address| address.to_string()),
        user_agent: user_agent.map(str::to_owned),
        tags: said.tags.clone(),
        end_user: said.end_user.clone(),
        metadata: serde_json::Map::new(),
    }
}
