//! What follows an attempt that failed: the same model again, another model, or the error. One layer of retries; each
//! attempt is admitted, charged and settled by itself; one that used nothing and is followed by another is void.

use super::calls::CallBody;
use super::course::Course;
use super::error::CallError;
use super::facts::Facts;
use super::failed::Failed;
use super::fault;
use super::parts::ModelCalls;
use super::request::CallRequest;
use super::wishes::Wishes;
use crate::admission::refusal::Refusal;
use crate::api::members::Members;
use crate::principal::Principal;
use crate::routing::Deployment;
use crate::routing::fallback::Fallback;
use crate::routing::fault::Fault;
use crate::routing::group::fraction;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What follows.
enum Step {
    /// The same model again, after a wait.
    Retry(Duration),
    /// Another model.
    Fallback(Next),
}

/// A model that is to be asked.
struct Next {
    fallback: Fallback,
    /// The configuration names it, so that the caller needs no access to it.
    is_trusted: bool,
}

/// A call on its way after a first failure.
pub(super) struct Onward<'a> {
    calls: &'a Arc<ModelCalls>,
    asked: &'a CallRequest,
    principal: &'a Arc<Principal>,
    wishes: Option<Box<Wishes>>,
    /// The public name of the model at hand.
    model: String,
    /// Retries of the model at hand.
    retries: u32,
    /// Models that were tried after the first.
    fallbacks: u32,
    /// Models that were tried or are about to be, so that none is tried twice.
    known: Vec<String>,
    /// Models to try, the next one last.
    waiting: Vec<Next>,
    /// Why the model that was asked for did not answer: what the client is told.
    original: Option<CallError>,
}

impl<'a> Onward<'a> {
    pub(super) fn new(calls: &'a Arc<ModelCalls>, asked: &'a CallRequest, principal: &'a Arc<Principal>) -> Self {
        Self {
            calls,
            asked,
            principal,
            wishes: None,
            model: String::new(),
            retries: 0,
            fallbacks: 0,
            known: Vec::new(),
            waiting: Vec::new(),
            original: None,
        }
    }

    /// Goes on until there is an answer or nothing more to try.
    pub(super) async fn go(
        mut self,
        mut failed: Box<Failed>,
        mut course: Course,
        facts: &mut Facts,
    ) -> Result<CallBody, CallError> {
        self.wishes = course.wishes.take();
        self.model = failed.group.as_ref().map(|group| group.name.clone()).unwrap_or_default();
        self.known.push(self.model.clone());
        let mut other: Option<CallRequest> = None;
        loop {
            let step = self.after(&failed, &mut course, facts);
            let Failed { error, open, .. } = *failed;
            let Some(step) = step else {
                if let Some(mut open) = open {
                    open.record().await;
                }
                return Err(self.told(error));
            };
            self.note(error);
            let wait = match step {
                Step::Retry(wait) => {
                    self.retries += 1;
                    course.is_retry = true;
                    wait
                }
                Step::Fallback(next) => {
                    let Course { deadline, client_end, attempts, counted, region, beside, .. } = course;
                    let is_trusted = next.is_trusted;
                    course = Course {
                        is_trusted,
                        deadline,
                        client_end,
                        attempts,
                        counted,
                        region,
                        beside,
                        ..Course::default()
                    };
                    (self.fallbacks, self.retries) = (self.fallbacks + 1, 0);
                    self.model.clone_from(&next.fallback.model);
                    other = Some(instead(self.asked, next.fallback)?);
                    Duration::ZERO
                }
            };
            if let Some(open) = open {
                course.counted.extend(open.counted());
                open.end().await;
            }
            if !wait.is_zero() {
                sleep(wait).await;
            }
            self.calls.renew_id(facts, self.calls.clock.now())?;
            course.attempts += 1;
            (facts.retries, facts.fallbacks) = (self.retries, self.fallbacks);
            let request = other.as_ref().unwrap_or(self.asked);
            failed = match self.calls.attempt(request, self.principal, &mut course, facts).await {
                Ok(body) => return Ok(body),
                Err(failed) => failed,
            };
        }
    }

    /// What follows this failure; `None`: the client is told.
    fn after(&mut self, failed: &Failed, course: &mut Course, facts: &mut Facts) -> Option<Step> {
        if let (Some(group), Some(deployment), false) = (&failed.group, &facts.deployment, failed.is_wished) {
            fault::blame(self.calls, deployment, group.deployments.len() == 1, &failed.error);
            course.tried.push(deployment.id.clone());
        }
        match fault::of(&failed.error) {
            Some(fault) => {
                if let Some(wait) = self.retry(failed, fault, course, facts) {
                    return Some(Step::Retry(wait));
                }
                self.queue(fault);
            }
            // Nobody else would say otherwise. What stands in may be at fault itself.
            None if self.fallbacks == 0 => return None,
            None => {}
        }
        let most = self.calls.failing.fallback.most;
        let has_time = course.ends().is_none_or(|end| Instant::now() < end);
        facts.fallbacks_max = Some(most);
        self.waiting.pop().filter(|_| has_time && self.fallbacks < most).map(Step::Fallback)
    }

    /// The wait before the same model is asked again; `None`: it is not.
    fn retry(&self, failed: &Failed, fault: Fault, course: &Course, facts: &mut Facts) -> Option<Duration> {
        let (group, deployment) = (failed.group.as_ref()?, facts.deployment.as_ref()?);
        let rules = &self.calls.failing.retry;
        let params = &deployment.entry.params;
        let wished = self.wishes.as_ref().and_then(|wishes| wishes.retries);
        let most = rules.retries(fault, &self.model, params.num_retries.or(params.max_retries), wished);
        facts.retries_max = Some(most);
        // Who has waited in vain, or may not wait, has been told when to come again.
        let is_crowded = matches!(failed.error, CallError::Refused(Refusal::Crowded(_)));
        if self.retries >= most || is_crowded {
            return None;
        }
        let now = self.calls.clock.now();
        let is_usable =
            |deployment: &Deployment| !course.passes_over(&deployment.id) && !deployment.breaker.is_cooling(now);
        let usable = || group.deployments.iter().filter(|deployment| is_usable(deployment));
        let wait = if usable().any(|deployment| !course.tried.contains(&deployment.id)) {
            rules.wait_min
        } else if fault == Fault::Authentication || usable().next().is_none() {
            return None;
        } else {
            let asked = fault::asked_wait(&failed.error, now);
            if asked.is_some() && !self.stands_in(fault).0.is_empty() {
                return None;
            }
            rules.wait(self.retries, asked, fraction(self.calls.random.as_ref()))?
        };
        let has_time = course.ends().is_none_or(|end| Instant::now() + wait < end);
        (has_time && group.retries.take(now)).then_some(wait)
    }

    /// What stands in for the model at hand, and whether the configuration says so.
    fn stands_in(&self, fault: Fault) -> (&[Fallback], bool) {
        let wishes = self.wishes.as_deref();
        if wishes.is_some_and(|wishes| wishes.no_fallbacks) {
            return (&[], true);
        }
        let wished = wishes.filter(|_| self.fallbacks == 0).and_then(|wishes| wishes.stands_in(fault));
        match wished {
            Some(list) => (list, false),
            None => (self.calls.failing.fallback.of(&self.model, fault), true),
        }
    }

    /// Puts what stands in before everything that waits.
    fn queue(&mut self, fault: Fault) {
        let (list, is_trusted) = self.stands_in(fault);
        let is_new = |fallback: &&Fallback| !fallback.params.is_empty() || !self.known.contains(&fallback.model);
        let next: Vec<_> =
            list.iter().rev().filter(is_new).map(|fallback| Next { fallback: fallback.clone(), is_trusted }).collect();
        self.known.extend(next.iter().map(|next| next.fallback.model.clone()));
        self.waiting.extend(next);
    }

    /// Remembers why the model that was asked for did not answer. That our own limits stood in the way of trying again is
    /// less than why it had to be.
    fn note(&mut self, error: CallError) {
        let is_ours = matches!(error, CallError::Refused(_));
        if self.original.is_none() || self.fallbacks == 0 && !is_ours {
            self.original = Some(error);
        }
    }

    /// What the client is told when this was the last error.
    fn told(self, error: CallError) -> CallError {
        let is_ours = matches!(error, CallError::Refused(_));
        match self.original {
            Some(original) if self.fallbacks > 0 || is_ours => original,
            _ => error,
        }
    }
}

/// The request as another model is asked.
fn instead(asked: &CallRequest, fallback: Fallback) -> Result<CallRequest, CallError> {
    let unsaid = |error: serde_json::Error| CallError::Json(error.to_string());
    let mut body = asked.body.clone();
    if !fallback.params.is_empty() {
        let mut members = Members::parse(&asked.body).map_err(unsaid)?;
        let params = serde_json::to_vec(&fallback.params).map_err(unsaid)?;
        members.set_all(&Members::parse(&params).map_err(unsaid)?);
        body = members.to_json().into();
    }
    Ok(CallRequest { path_model: Some(fallback.model), body, ..asked.clone() })
}
