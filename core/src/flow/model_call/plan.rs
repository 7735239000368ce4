//! What will be done, decided without waiting: which deployment, which bytes go upstream, how long each wait may last.

use super::body::Said;
use super::bound;
use super::choice::{choose, earlier, going_on, may_fall_back};
use super::count;
use super::course::Course;
use super::error::CallError;
use super::parts::ModelCalls;
use super::request::CallRequest;
use super::waits::Waits;
use super::wish;
use crate::api::google;
use crate::api::medium::Medium;
use crate::api::members::{self, Members};
use crate::credentials::known::NotKnown;
use crate::id::RequestId;
use crate::limits::BudgetMode;
use crate::principal::Principal;
use crate::providers::bridge::speaker::Speaker;
use crate::providers::inlined;
use crate::providers::mock::{self, MockAnswer, MockCall};
use crate::providers::operation::{Dialect, Operation};
use crate::providers::parameters::admit::takes_all;
use crate::providers::provider::{Call, Provider};
use crate::providers::registry;
use crate::routing::{Backend, Deployment, Group, Wish};
use bytes::Bytes;
use std::sync::Arc;

/// A decided call.
pub(super) struct Plan {
    pub(super) said: Said,
    pub(super) deployment: Arc<Deployment>,
    /// Who speaks for whoever answers.
    pub(super) speaker: Speaker,
    pub(super) upstream: Upstream,
    pub(super) waits: Waits,
    /// The deployments that this one was chosen from.
    pub(super) group: Arc<Group>,
}

/// Who answers.
pub(super) enum Upstream {
    /// A provider, by this request.
    Provider(Box<http::Request<Bytes>>),
    /// Nobody: the answer is made up.
    Mock(MockAnswer),
}

impl Upstream {
    /// Where the request goes.
    pub(super) fn address(&self) -> Option<&http::Uri> {
        match self {
            Self::Provider(request) => Some(request.uri()),
            Self::Mock(_) => None,
        }
    }
}

/// Decides a call.
pub(super) fn make(
    calls: &ModelCalls,
    id: RequestId,
    request: &CallRequest,
    mut said: Said,
    mut members: Members<'_>,
    (principal, course): (&Principal, &Course),
) -> Result<Plan, CallError> {
    let operation = request.operation;
    let name = principal.aliases.get(&said.model).unwrap_or(&said.model);
    let (before, now) = (earlier(operation, &mut members)?, id.arrived());
    let input_tokens = || wish::input_tokens(request);
    let fits = |deployment: &Deployment| match deployment.target() {
        Some(target) => takes_all(operation, &members, &target.profile, &said.policy.over(&target.policy)),
        None => true,
    };
    let wish = Wish { fits: Some(&fits), ..wish::of(principal, &said, course, &input_tokens) };
    let (group, deployment) = match &before {
        Some(before) => going_on(calls, name, principal, (course, &wish, before), now)?,
        None => choose(calls, name, principal, (course, &wish), now)?,
    };
    may_fall_back(calls, principal, &said)?;
    let deployment = calls.completed(deployment)?;
    if let Some((size, quality)) = said.medium.as_ref().and_then(Medium::size_and_quality) {
        said.price = deployment.price_of_images(size, quality).map(Box::new);
    }
    let is_capped = cap_output(calls, operation, &mut said, &mut members, &deployment, (principal, course))?;
    let waits = Waits::of(calls.bounds, &deployment, (&said, operation), course.bounds(said.timeout));
    let (speaker, upstream) = match (&said.mock_response, &deployment.backend) {
        (_, backend) if operation.counts() && !is_counted_by(backend, operation) => {
            (registry::mock(operation), Upstream::Mock(count::answer(operation, &members.to_json())))
        }
        (Some(response), _) | (None, Backend::Mock(response)) => {
            let id = id.to_string();
            let call = MockCall { operation, model: &said.model, stream: said.stream, id: &id, now: calls.clock.now() };
            (registry::mock(operation), Upstream::Mock(mock::answer(response, &call)))
        }
        (None, Backend::Unready(params)) => {
            return Err(NotKnown::Missing(params.credential.clone().unwrap_or_default()).into());
        }
        (None, Backend::Upstream(target)) => {
            let mut policy = said.policy.over(&target.policy);
            if is_capped && policy.never_sent.iter().any(|name| operation.caps().contains(&name.as_str())) {
                policy.to_mut().never_sent.retain(|name| !operation.caps().contains(&name.as_str()));
            }
            let unfetched = inlined::addresses(target, operation, &members);
            if !unfetched.is_empty() {
                return Err(CallError::Unfetched(unfetched));
            }
            let dropped = &mut said.dropped;
            let call = Call { operation, members: &mut members, stream: said.stream, policy: &policy, dropped };
            let speaker = registry::provider(target, operation);
            let upstream = match &request.form {
                Some(form) => speaker.form_request(call, form, target)?,
                None => speaker.request(call, target)?,
            };
            (speaker, Upstream::Provider(Box::new(upstream)))
        }
    };
    Ok(Plan { said, deployment, speaker, upstream, waits, group })
}

/// Whether whoever answers counts tokens. A made-up answer is not billed by anybody, so it is counted here.
fn is_counted_by(backend: &Backend, operation: Operation) -> bool {
    matches!(backend, Backend::Upstream(target) if registry::counts_tokens(target, operation))
}

/// Says in the request how long an answer may be, where the call must not outgrow it: a strict budget's bound holds only
/// if the upstream knows it. Whether it must not.
pub(super) fn cap_output(
    calls: &ModelCalls,
    operation: Operation,
    said: &mut Said,
    members: &mut Members<'_>,
    deployment: &Deployment,
    (principal, course): (&Principal, &Course),
) -> Result<bool, CallError> {
    if !operation.generates() {
        return Ok(false);
    }
    let strict = match bound::mode(principal, &calls.limits) {
        BudgetMode::Strict => {
            said.asked.output_cap(deployment.price.as_ref(), bound::care(BudgetMode::Strict, &calls.limits))
        }
        BudgetMode::Balanced => None,
    };
    let Some(cap) = [strict, course.output_cap].into_iter().flatten().min() else { return Ok(false) };
    if said.asked.output_tokens == Some(cap) {
        return Ok(true);
    }
    said.asked.output_tokens = Some(cap);
    let unsaid = |error: serde_json::Error| CallError::Json(error.to_string());
    if operation.dialect() == Dialect::Google {
        google::asked::cap(members, cap).map_err(unsaid)?;
        return Ok(true);
    }
    let value = || members::raw(&cap).map_err(unsaid);
    let named: Vec<_> = operation.caps().iter().filter(|name| members.has(name)).collect();
    for name in &named {
        members.set(**name, value()?);
    }
    if named.is_empty() {
        let speaks_openai = deployment.target().is_some_and(|target| ["openai", "azure"].contains(&target.provider));
        let name = match operation {
            Operation::Responses => "max_output_tokens",
            Operation::Chat if speaks_openai => "max_completion_tokens",
            _ => "max_tokens",
        };
        members.set(name, value()?);
    }
    Ok(true)
}
