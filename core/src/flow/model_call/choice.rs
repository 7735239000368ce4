//! Which deployment answers: one of the model's, where the caller may use it. A response's name leads back to the
//! deployment that made it and grants nothing: whoever shows one must be allowed to use that model, as for a call.

use super::course::Course;
use super::error::CallError;
use super::parts::ModelCalls;
use crate::api::members::{Members, raw};
use crate::api::responses::id::ResponseId;
use crate::principal::Principal;
use crate::providers::operation::Operation;
use crate::providers::registry;
use crate::providers::target::Target;
use crate::routing::{Backend, Deployment, Group, ResolveError, Wish, access, listing};
use crate::secret::Secret;
use std::sync::Arc;

/// One deployment of the model, where the key may use it.
pub(super) fn choose(
    calls: &ModelCalls,
    name: &str,
    principal: &Principal,
    (course, wish): (&Course, &Wish<'_>),
) -> Result<Arc<Deployment>, CallError> {
    let is_usable = |deployment: &Deployment| !course.passed_over.contains(&deployment.id);
    let group = permitted(calls, name, principal)?;
    Ok(group.choose(calls.random.as_ref(), calls.clock.now(), wish, is_usable)?)
}

/// The deployments of a model, where the key may use it. A key that may not learns nothing of what exists.
pub(super) fn permitted(calls: &ModelCalls, name: &str, principal: &Principal) -> Result<Arc<Group>, CallError> {
    let lists = principal.model_lists();
    let own = principal.team_id.as_deref().and_then(|team| calls.models.of_team(team, name));
    let group = match own.map_or_else(|| calls.models.resolve(name), |group| Ok(Arc::clone(group))) {
        Ok(group) => group,
        Err(ResolveError::Build(error)) => return Err(error.into()),
        Err(ResolveError::Unknown(_)) if lists.iter().all(|list| access::allows(list, name, std::iter::empty())) => {
            let visible = listing::visible(&calls.models, &lists);
            let available = visible.into_iter().map(|listed| listed.name).collect();
            return Err(CallError::UnknownModel { model: name.to_owned(), available });
        }
        Err(ResolveError::Unknown(_)) => return Err(CallError::ModelDenied(name.to_owned())),
    };
    if !lists.iter().all(|list| access::allows(list, name, group.access_groups())) {
        return Err(CallError::ModelDenied(name.to_owned()));
    }
    Ok(group)
}

/// The earlier response that a request goes on from, where it names one of ours. The upstream is told its own id.
pub(super) fn earlier(operation: Operation, members: &mut Members<'_>) -> Result<Option<ResponseId>, CallError> {
    const MEMBER: &str = "previous_response_id";
    if operation != Operation::Responses {
        return Ok(None);
    }
    let Some(id) = members.read::<String>(MEMBER).and_then(|name| ResponseId::read(&name)) else { return Ok(None) };
    members.set(MEMBER, raw(&id.upstream).map_err(|error| CallError::Json(error.to_string()))?);
    Ok(Some(id))
}

/// One deployment of the model that can go on from an earlier response: the one that made it, or one of the same account.
pub(super) fn going_on(
    calls: &ModelCalls,
    name: &str,
    principal: &Principal,
    (course, wish, earlier): (&Course, &Wish<'_>, &ResponseId),
) -> Result<Arc<Deployment>, CallError> {
    let unfit = |message: String| CallError::Member { member: "previous_response_id", message };
    let maker = maker(calls, principal, earlier)?.ok_or_else(|| {
        unfit(
            "'previous_response_id' names a response whose deployment is no longer configured. Leave it out and send the \
             whole conversation in 'input'."
                .to_owned(),
        )
    })?;
    let group = permitted(calls, name, principal)?;
    let is_usable = |deployment: &Deployment| {
        let knows = deployment.id == maker.id || share_account(deployment, &maker);
        knows && !course.passed_over.contains(&deployment.id)
    };
    group.choose(calls.random.as_ref(), calls.clock.now(), wish, is_usable).map_err(|_| {
        unfit(format!(
            "'previous_response_id' names a response of '{}', whose account no usable deployment of '{name}' shares. Use \
             that model, or leave 'previous_response_id' out and send the whole conversation in 'input'.",
            earlier.model
        ))
    })
}

/// The deployment that made a response, where the caller may use its model. `None`: it is configured no longer.
pub(super) fn maker(
    calls: &ModelCalls,
    principal: &Principal,
    id: &ResponseId,
) -> Result<Option<Arc<Deployment>>, CallError> {
    let model = principal.aliases.get(&id.model).unwrap_or(&id.model);
    let group = permitted(calls, model, principal)?;
    let mut deployments = group.deployments.iter();
    Ok(deployments.find(|deployment| deployment.id.as_str() == id.deployment).cloned())
}

/// The upstream that keeps what a deployment made, where there is one.
pub(super) fn keeper(deployment: &Deployment) -> Option<&Arc<Target>> {
    let Backend::Upstream(target) = &deployment.backend else { return None };
    registry::answers_responses(target.provider).then_some(target)
}

fn share_account(one: &Deployment, other: &Deployment) -> bool {
    let (Some(one), Some(other)) = (keeper(one), keeper(other)) else { return false };
    let same_key = one.api_key.as_ref().map(Secret::expose) == other.api_key.as_ref().map(Secret::expose);
    same_key
        && one.provider == other.provider
        && one.api_base == other.api_base
        && one.organization == other.organization
}
