//! A call of a provider's own API: planned without the configuration's models, as the bytes and the environment's key say.
//! It is admitted, charged and recorded as every other, and never asked elsewhere.

use super::bearer;
use super::body;
use super::course::Course;
use super::error::CallError;
use super::failed::Failed;
use super::parts::ModelCalls;
use super::plan::{self, Plan, Upstream};
use super::request::CallRequest;
use super::waits::Waits;
use crate::principal::Principal;
use crate::providers::passing::Passed;
use crate::providers::registry;
use crate::routing::access;
use bytes::Bytes;

/// Decides a call.
pub(super) fn make(
    calls: &ModelCalls,
    request: &CallRequest,
    passed: &Passed,
    (principal, course): (&Principal, &Course),
) -> Result<Plan, CallError> {
    let mut members = body::parse(&request.body)?;
    let mut said = body::look(passed.operation, &members, passed.model.clone())?;
    bearer::settle_end_user(&mut said, principal);
    let model = format!("{}/{}", passed.provider, said.model);
    let lists = principal.model_lists();
    let may = |name: &str| lists.iter().all(|list| access::allows(list, name, std::iter::empty()));
    if !may(&model) && !may(&said.model) {
        return Err(CallError::ModelDenied(model));
    }
    said.model.clone_from(&model);
    let group = calls.models.passed(passed.provider, &model)?;
    let deployment = group.deployments.first().cloned().ok_or_else(|| CallError::NotPassed(passed.provider))?;
    let target = deployment.target().ok_or(CallError::NotPassed(passed.provider))?;
    if target.api_key.is_none() {
        return Err(CallError::NotPassed(passed.provider));
    }
    let is_capped =
        plan::cap_output(calls, passed.operation, &mut said, &mut members, &deployment, (principal, course))?;
    // A strict budget's bound holds only if the provider knows it: the one case in which the bytes are not the client's.
    let bytes = if is_capped { Bytes::from(members.to_json()) } else { request.body.clone() };
    let upstream = passed.request(target, bytes)?;
    let waits = Waits::of(calls.bounds, &deployment, (&said, passed.operation), course.bounds(said.timeout));
    let speaker = registry::passing(passed.provider);
    Ok(Plan { said, speaker, upstream: Upstream::Provider(Box::new(upstream)), waits, group, deployment })
}

/// Nothing follows a call that failed.
pub(super) async fn ended(failed: Failed) -> CallError {
    if let Some(mut open) = failed.open {
        open.record().await;
    }
    failed.error
}
