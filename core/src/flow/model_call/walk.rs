//! The walk of a call: who calls, then one attempt, which is nearly always all; what follows one that fails is
//! [`super::onward`]'s to say.
//!
//! An attempt begins with [`ModelCalls::attempt`]: a deployment is chosen, the call is counted in its limits, the request
//! goes out. It ends with an answer, with a stream whose first content is there, or with [`Failed`].

use super::admit::{Admitted, Refused};
use super::asked::Asked;
use super::calls::CallBody;
use super::course::Course;
use super::error::CallError;
use super::facts::Facts;
use super::failed::Failed;
use super::onward::Onward;
use super::parts::ModelCalls;
use super::plan::{Plan, Upstream};
use super::presuming::Presuming;
use super::queueing::{self, Patience};
use super::request::CallRequest;
use super::{admit, bearer, body, details, forwarded, passed, plan, required, unfetched, wish, wishes};
use crate::accounting::spend_row::SpendDetails;
use crate::auth::caller::{Caller, PresumedCaller};
use crate::principal::Principal;
use crate::providers::provider::Provider;
use crate::routing::Group;
use crate::routing::fault::Fault;
use crate::upstream::transport::{TransportError, Wait};
use std::sync::Arc;
use tokio::time::{Instant, sleep};

impl ModelCalls {
    pub(super) async fn walk(self: &Arc<Self>, request: CallRequest, facts: &mut Facts) -> Result<CallBody, CallError> {
        let (principal, caller) = match request.operation.takes_form() {
            false => self.presume(&request).await?,
            // What is wrong with a form is told before the call is counted.
            true => (self.authenticate(&request).await?, None),
        };
        facts.principal = Some(Arc::clone(&principal));
        self.refresh_credentials().await;
        let request = &request.with_form()?;
        let principal = match principal.token {
            None => principal,
            Some(_) => Arc::clone(facts.principal.insert(self.for_a_team(principal, request)?)),
        };
        let is_presumed = caller.is_some();
        if self.cache.is_none()
            && self.guardrails.are_out_of_question(&principal)
            && required::check(&self.limits.required, &principal, request).is_ok()
        {
            let course =
                Course { deadline: request.deadline, presumes: Some(Presuming { caller }), ..Course::default() };
            match self.walk_course(request, &principal, course, facts).await {
                // Nothing was sent, and what it goes by is known now. What was taken for so is not told.
                Err(CallError::Outdated) => {
                    self.renew_id(facts, facts.id.arrived())?;
                    *facts = Facts::new(facts.id);
                }
                Err(error) if is_presumed && error.is_outage() => {
                    *facts = Facts::new(facts.id);
                    return Err(error);
                }
                walked => return walked,
            }
        }
        let principal = match is_presumed {
            true => {
                facts.principal = None;
                self.authenticate(request).await?
            }
            false => principal,
        };
        facts.principal = Some(Arc::clone(&principal));
        required::check(&self.limits.required, &principal, request)?;
        match self.guardrails.are_out_of_question(&principal) {
            true => self.walk_unguarded(request, principal, facts).await,
            // In a box: it holds all that is shown.
            false => Box::pin(self.walk_guarded(request, principal, facts)).await,
        }
    }

    /// The walk of a call that passes no guardrail, or has passed those before it.
    pub(super) async fn walk_unguarded(
        self: &Arc<Self>,
        request: &CallRequest,
        principal: Arc<Principal>,
        facts: &mut Facts,
    ) -> Result<CallBody, CallError> {
        match &self.cache {
            // In a box: most gateways keep no answers.
            Some(shelf) => Box::pin(self.walk_cached(shelf, request, principal, facts)).await,
            None => self.walk_on(request, principal, facts).await,
        }
    }

    /// The walk of a call that nothing is kept for.
    pub(super) async fn walk_on(
        self: &Arc<Self>,
        request: &CallRequest,
        principal: Arc<Principal>,
        facts: &mut Facts,
    ) -> Result<CallBody, CallError> {
        let course = Course { deadline: request.deadline, ..Course::default() };
        self.walk_course(request, &principal, course, facts).await
    }

    async fn walk_course(
        self: &Arc<Self>,
        request: &CallRequest,
        principal: &Arc<Principal>,
        mut course: Course,
        facts: &mut Facts,
    ) -> Result<CallBody, CallError> {
        match self.attempt(request, principal, &mut course, facts).await {
            Ok(body) => Ok(body),
            Err(failed) if matches!(failed.error, CallError::Outdated) => Err(CallError::Outdated),
            Err(failed) if request.passed.is_some() => Err(Box::pin(passed::ended(*failed)).await),
            // In a box: this is the rare way.
            Err(failed) => Box::pin(Onward::new(self, request, principal).go(failed, course, facts)).await,
        }
    }

    /// Who calls, as it is known or presumed to be; in the latter case with what confirms it.
    async fn presume(&self, request: &CallRequest) -> Result<(Arc<Principal>, Option<PresumedCaller>), CallError> {
        let now = self.clock.now();
        let from = (&request.headers, request.client_address);
        let caller = match self.authenticator.caller_or_presumed(from, request.route, now).await? {
            Caller::Known(principal) => (principal, None),
            Caller::Presumed(caller) => (Arc::clone(&caller.principal), Some(caller)),
        };
        match (self.authenticator.authorize_route(&caller.0, request.route), &caller.1) {
            (Ok(()), _) => Ok(caller),
            (Err(denied), None) => Err(denied.into()),
            (Err(_), Some(_)) => Ok((self.authenticate(request).await?, None)),
        }
    }

    async fn authenticate(&self, request: &CallRequest) -> Result<Arc<Principal>, CallError> {
        let now = self.clock.now();
        let principal =
            self.authenticator.caller_of((&request.headers, request.client_address), request.route, now).await?;
        self.authenticator.authorize_route(&principal, request.route)?;
        Ok(principal)
    }

    /// One attempt, wherever the course leads.
    pub(super) async fn attempt(
        self: &Arc<Self>,
        request: &CallRequest,
        principal: &Arc<Principal>,
        course: &mut Course,
        facts: &mut Facts,
    ) -> Result<CallBody, Box<Failed>> {
        let filled;
        let is_presumed = course.presumes.as_ref().is_some_and(|presumes| presumes.caller.is_some());
        let (request, mut plan) = match self.plan(request, facts, (principal, course)) {
            Err(_) if is_presumed => return Err(CallError::Outdated.into()),
            // In a box: hardly any request names such files.
            Err(CallError::Unfetched(addresses)) => {
                filled = Box::pin(unfetched::filled(self, request, addresses)).await?;
                let plan = self.plan(&filled, facts, (principal, course))?;
                (&filled, plan)
            }
            planned => (request, planned?),
        };
        let group = Arc::clone(&plan.group);
        if course.attempts == 0 {
            course.client_end = plan.waits.client.end;
            course.wishes = plan.said.wishes.take();
            if let Some(fault) = course.wishes.as_ref().and_then(|wishes| wishes.mock_fault) {
                if is_presumed {
                    return Err(CallError::Outdated.into());
                }
                group.retries.called();
                return Err(Box::pin(played(fault, &plan, group)).await);
            }
        }
        let admitted = match self.queue.has_line(&plan.deployment.group) {
            true if is_presumed => Err(CallError::Outdated.into()),
            true => Err(queueing::behind_the_others()),
            false => self.admit(request, &plan, principal, facts, course).await,
        };
        if matches!(&admitted, Err(refused) if matches!(refused.error, CallError::Outdated)) {
            return Err(CallError::Outdated.into());
        }
        course.presumes = None;
        if !course.is_retry {
            group.retries.called();
        }
        match admitted {
            Ok((details, admitted)) => self.dispatch(request, (plan, details, admitted), principal, facts).await,
            // There is no other way to a provider's own API.
            Err(refused) if request.passed.is_some() => Err(refused.error.into()),
            // In a box: this is the rare way.
            Err(refused) => Box::pin(self.walk_around(request, refused, plan, (principal, course), facts)).await,
        }
        .map_err(|mut failed| {
            failed.group = Some(group);
            failed
        })
    }

    /// Goes on where a limit stands in the way: by another deployment, with a shorter answer, later, or not at all.
    async fn walk_around(
        self: &Arc<Self>,
        request: &CallRequest,
        mut refused: Refused,
        mut plan: Plan,
        (principal, course): (&Arc<Principal>, &mut Course),
        facts: &mut Facts,
    ) -> Result<CallBody, Box<Failed>> {
        let mut patience = Patience::default();
        let deadline = course.ends().unwrap_or_else(|| Instant::now() + plan.waits.bounds.total);
        loop {
            patience.saw(&refused);
            let is_elsewhere = matches!(refused.error, CallError::Elsewhere(_));
            let turns = course.turn(&refused, &plan.deployment, principal, &self.limits);
            let next = turns.then(|| self.plan(request, facts, (principal, course)));
            plan = match next {
                Some(Ok(next)) => next,
                Some(Err(error)) if is_elsewhere => return Err(error.into()),
                _ if patience.waits(self, (&plan.deployment, plan.said.priority), Some(deadline)).await? => {
                    course.passed_over.clear();
                    self.plan(request, facts, (principal, course))?
                }
                _ => return Err(refused.error.into()),
            };
            match self.admit(request, &plan, principal, facts, course).await {
                Ok((details, admitted)) => {
                    patience.is_rewarded();
                    return self.dispatch(request, (plan, details, admitted), principal, facts).await;
                }
                Err(again) => refused = again,
            }
        }
    }

    fn plan(&self, request: &CallRequest, facts: &mut Facts, way: (&Principal, &Course)) -> Result<Plan, CallError> {
        let mut plan = match &request.passed {
            Some(passed) => passed::make(self, request, passed, way)?,
            None => self.plan_model(request, facts, way)?,
        };
        if let Upstream::Provider(upstream) = &mut plan.upstream {
            let provider = plan.deployment.target().map(|target| target.provider);
            self.headers.apply(provider, &request.headers, upstream.headers_mut());
            forwarded::add(plan.speaker.forwards(), &request.headers, upstream.headers_mut());
            plan.speaker.forwarded(upstream);
        }
        facts.model_group = Some(plan.said.model.clone());
        facts.deployment = Some(Arc::clone(&plan.deployment));
        facts.dropped.clone_from(&plan.said.dropped);
        Ok(plan)
    }

    /// Plans a call of a model that the configuration names.
    fn plan_model(&self, request: &CallRequest, facts: &Facts, way: (&Principal, &Course)) -> Result<Plan, CallError> {
        let mut members = body::parse(&request.body)?;
        // What is embedded beside a call has a model of its own.
        let models = way.1.beside.is_none().then_some(&self.limits.usual_models);
        let model = (request.path_model.clone(), models);
        let mut said = body::read(request.operation, &mut members, model, request.form.as_ref())?;
        said.timeout = wishes::timeout(&mut members, &request.headers)?;
        said.wishes = wishes::read(&mut members, &request.headers, &said.model)?;
        wish::add_tags(&mut said.tags, way.0, &request.headers);
        bearer::settle_end_user(&mut said, way.0);
        plan::make(self, facts.id, request, said, members, way)
    }

    async fn admit(
        self: &Arc<Self>,
        request: &CallRequest,
        plan: &Plan,
        principal: &Arc<Principal>,
        facts: &mut Facts,
        course: &Course,
    ) -> Result<(SpendDetails, Admitted), Refused> {
        let mut details = details::of(self, facts.id, (principal, request), &plan.said, &plan.deployment);
        if course.attempts > 0 {
            details.metadata.insert("attempted_retries".to_owned(), facts.retries.into());
            details.metadata.insert("attempted_fallbacks".to_owned(), facts.fallbacks.into());
        }
        if let Some(beside) = course.beside {
            details.metadata.insert("semantic-cache-embedding".to_owned(), true.into());
            details.metadata.insert("parent_call_id".to_owned(), beside.id.to_string().into());
        }
        let asked = Asked {
            id: facts.id,
            principal,
            said: &plan.said,
            operation: request.operation,
            deployment: &plan.deployment,
            body: &request.body,
            waits: plan.waits,
            address: plan.upstream.address(),
            details: &details,
            counted: &course.counted,
            region: course.region.as_deref().or(plan.said.region.as_deref()),
            is_beside: course.beside.is_some(),
            presumes: course.presumes.as_ref(),
        };
        match admit::admit(self, asked).await {
            Ok(admitted) => Ok((details, admitted)),
            Err(mut refused) => {
                facts.left = std::mem::take(&mut refused.left);
                Err(refused)
            }
        }
    }
}

/// A failure that the request asks for. Nobody is called, and nobody is to blame.
async fn played(fault: Fault, plan: &Plan, group: Arc<Group>) -> Box<Failed> {
    let error = if fault == Fault::Timeout {
        sleep(plan.waits.patience()).await;
        CallError::Transport(TransportError::TimedOut(Wait::Total))
    } else {
        wishes::mock_failure(fault, &plan.said.model)
    };
    Box::new(Failed { error, open: None, group: Some(group), is_wished: true })
}
