//! The walk of a call, from the client's bytes to the answer. Each step is its own file.

use super::admit::{Admitted, Refused};
use super::asked::Asked;
use super::course::Course;
use super::error::CallError;
use super::facts::Facts;
use super::parts::ModelCalls;
use super::plan::{Plan, Upstream};
use super::queueing::{self, Patience};
use super::relay::Relay;
use super::request::CallRequest;
use super::settlement::OpenCall;
use super::whole::{self, Ended};
use super::{admit, body, followed, forwarded, plan, relay, settlement};
use crate::accounting::spend_row::SpendDetails;
use crate::auth::route::authorize_route;
use crate::id::RequestId;
use crate::principal::Principal;
use crate::providers::decoder::StreamDecoder;
use crate::providers::operation::Operation;
use crate::providers::provider::Provider;
use crate::providers::untold::Untold;
use bytes::Bytes;
use std::sync::Arc;
use tokio::time::Instant;

/// What a client is answered.
pub struct CallAnswer {
    /// What its headers say.
    pub facts: Facts,
    /// The answer, or why there is none.
    pub result: Result<CallBody, CallError>,
}

/// The body of an answer.
pub enum CallBody {
    /// All of it.
    Whole(Bytes),
    /// Piece by piece.
    Stream(Box<Relay>),
}

impl ModelCalls {
    /// Makes one call. Dropping the future cancels a stream, which stops its bill, and lets an answer in one piece come to
    /// its end, as it is billed anyway; what was dispatched is charged in either case.
    pub async fn call(self: &Arc<Self>, request: CallRequest) -> CallAnswer {
        let arrived = self.clock.now();
        let mut entropy = [0; 10];
        let drawn = self.random.fill(&mut entropy);
        let mut facts = Facts::new(RequestId::at(arrived, &entropy));
        let result = match drawn {
            Ok(()) => self.walk(request, &mut facts).await,
            Err(error) => Err(error.into()),
        };
        facts.duration_ms = self.clock.now().millis_since(arrived);
        if let Err(error) = &result {
            tracing::warn!(call = %facts.id, error = error as &dyn std::error::Error, "a call failed");
        }
        CallAnswer { facts, result }
    }

    async fn walk(self: &Arc<Self>, request: CallRequest, facts: &mut Facts) -> Result<CallBody, CallError> {
        let principal = self.authenticate(&request).await?;
        facts.principal = Some(Arc::clone(&principal));
        let request = &request.with_form()?;
        let plan = self.plan(request, facts, (&principal, &Course::default()))?;
        let admitted = match self.queue.has_line(&plan.deployment.group) {
            true => Err(queueing::behind_the_others()),
            false => self.admit(request, &plan, &principal, facts).await,
        };
        match admitted {
            Ok((details, admitted)) => self.dispatch(request, (plan, details, admitted), principal, facts).await,
            // In a box: this is the rare way.
            Err(refused) => Box::pin(self.walk_around(request, refused, plan, principal, facts)).await,
        }
    }

    /// Goes on where a limit stands in the way: by another deployment, with a shorter answer, later, or not at all.
    async fn walk_around(
        self: &Arc<Self>,
        request: &CallRequest,
        mut refused: Refused,
        mut plan: Plan,
        principal: Arc<Principal>,
        facts: &mut Facts,
    ) -> Result<CallBody, CallError> {
        let (mut course, mut patience) = (Course::default(), Patience::default());
        let deadline = Instant::now() + plan.bounds.total;
        loop {
            patience.saw(&refused);
            if course.turn(&refused, &plan.deployment, &principal, &self.limits)
                && let Ok(next) = self.plan(request, facts, (&principal, &course))
            {
                plan = next;
            } else if patience.waits(self, (&plan.deployment, plan.said.priority), Some(deadline)).await? {
                course.passed_over.clear();
                plan = self.plan(request, facts, (&principal, &course))?;
            } else {
                return Err(refused.error);
            }
            match self.admit(request, &plan, &principal, facts).await {
                Ok((details, admitted)) => {
                    patience.is_rewarded();
                    return self.dispatch(request, (plan, details, admitted), principal, facts).await;
                }
                Err(again) => refused = again,
            }
        }
    }

    fn plan(&self, request: &CallRequest, facts: &mut Facts, way: (&Principal, &Course)) -> Result<Plan, CallError> {
        let mut members = body::parse(&request.body)?;
        let said = body::read(request.operation, &mut members, request.path_model.clone(), request.form.as_ref())?;
        let mut plan = plan::make(self, facts.id, request, said, members, way)?;
        if let Upstream::Provider(upstream) = &mut plan.upstream {
            if self.passes_headers_on {
                forwarded::pass_on(&request.headers, upstream.headers_mut());
            }
            forwarded::add(plan.speaker.forwards(), &request.headers, upstream.headers_mut());
            plan.speaker.forwarded(upstream);
        }
        facts.model_group = Some(plan.said.model.clone());
        facts.deployment = Some(Arc::clone(&plan.deployment));
        facts.dropped.clone_from(&plan.said.dropped);
        Ok(plan)
    }

    async fn admit(
        self: &Arc<Self>,
        request: &CallRequest,
        plan: &Plan,
        principal: &Arc<Principal>,
        facts: &Facts,
    ) -> Result<(SpendDetails, Admitted), Refused> {
        let details = settlement::details(facts.id, principal, request, &plan.said, &plan.deployment);
        let asked = Asked {
            id: facts.id,
            principal,
            said: &plan.said,
            operation: request.operation,
            deployment: &plan.deployment,
            body: &request.body,
            bounds: plan.bounds,
            address: plan.upstream.address(),
            details: &details,
        };
        let admitted = admit::admit(self, asked).await?;
        Ok((details, admitted))
    }

    async fn authenticate(&self, request: &CallRequest) -> Result<Arc<Principal>, CallError> {
        let now = self.clock.now();
        let principal = self.authenticator.authenticate(&request.headers, now).await?;
        authorize_route(&principal, request.route)?;
        Ok(principal)
    }

    async fn dispatch(
        self: &Arc<Self>,
        request: &CallRequest,
        (plan, details, mut admitted): (Plan, SpendDetails, Admitted),
        principal: Arc<Principal>,
        facts: &mut Facts,
    ) -> Result<CallBody, CallError> {
        let Plan { said, deployment, speaker, upstream, bounds } = plan;
        facts.left = std::mem::take(&mut admitted.left);
        let no_way = admitted.no_way.take();
        let who = (principal, deployment, speaker);
        let open = OpenCall::begin(Arc::clone(self), who, request, details, facts.id);
        let mut open = open.admitted(admitted, &said);
        if let Some(error) = no_way {
            return Err(open.fail(error.into()).await);
        }
        if !said.stream && request.operation != Operation::Speech {
            let work = whole::ask(Arc::clone(self), open, upstream, (bounds, said.show_usage));
            let Ended { result, headers, upstream_ms } = self.background.to_its_end(work).await;
            (facts.upstream_headers, facts.upstream_ms) = (headers, upstream_ms);
            let (body, cost) = result?;
            facts.cost = Some(cost);
            return Ok(CallBody::Whole(body));
        }
        let sent = self.clock.now();
        let attempted = followed::send(self, &open, upstream, bounds).await;
        facts.upstream_ms = self.clock.now().millis_since(sent);
        let answered = match attempted {
            Ok(answered) => answered,
            Err(error) => return Err(open.fail(error).await),
        };
        facts.upstream_headers = Some(answered.headers);
        let is_told = request.operation.generates() || facts.answers_in_events();
        let decoder: Box<dyn StreamDecoder> =
            if is_told { open.speaker().decoder(open.reply(said.show_usage)) } else { Box::new(Untold::default()) };
        match relay::first(&mut open, answered.body, decoder).await {
            Ok(begun) => Ok(CallBody::Stream(Box::new(Relay::new(open, begun)))),
            Err(error) => Err(open.fail(error).await),
        }
    }
}
