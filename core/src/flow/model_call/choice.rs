//! Which deployment answers: one of the model's, where the caller may use it. A response's name leads back to the
//! deployment that made it and grants nothing: whoever shows one must be allowed to use that model, as for a call.

use super::body::Said;
use super::course::Course;
use super::error::CallError;
use super::parts::ModelCalls;
use crate::api::members::{Members, raw};
use crate::api::responses::id::ResponseId;
use crate::clock::Timestamp;
use crate::principal::Principal;
use crate::providers::operation::Operation;
use crate::providers::registry;
use crate::providers::target::Target;
use crate::routing::{Backend, Deployment, Group, NothingLeft, ResolveError, Wish, access, listing};
use crate::secret::Secret;
use std::sync::Arc;

/// One deployment of the model, where the key may use it.
pub(super) fn choose(
    calls: &ModelCalls,
    name: &str,
    principal: &Principal,
    (course, wish): (&Course, &Wish<'_>),
    now: Timestamp,
) -> Result<(Arc<Group>, Arc<Deployment>), CallError> {
    let group = if course.is_trusted { trusted(calls, name)? } else { permitted(calls, name, principal)? };
    let deployment = preferred(calls, &group, (course, wish), now, |_| true)?;
    Ok((group, deployment))
}

/// One of the usable deployments: one that has neither failed in this call nor cools down; else one that does not cool
/// down; else the one whose cooldown ends first, for the last one is never left out.
fn preferred(
    calls: &ModelCalls,
    group: &Group,
    (course, wish): (&Course, &Wish<'_>),
    now: Timestamp,
    is_usable: impl Fn(&Deployment) -> bool,
) -> Result<Arc<Deployment>, NothingLeft> {
    let random = calls.random.as_ref();
    let is_usable = |deployment: &Deployment| !course.passes_over(&deployment.id) && is_usable(deployment);
    let is_warm = |deployment: &Deployment| is_usable(deployment) && !deployment.breaker.is_cooling(now);
    let is_untried = |deployment: &Deployment| is_warm(deployment) && !course.tried.contains(&deployment.id);
    let soonest = || {
        let fitting = group.fitting(wish).into_iter().filter(|deployment| is_usable(deployment));
        fitting.min_by_key(|deployment| deployment.breaker.cooldown_until()).cloned()
    };
    let untried = group.choose(random, now, wish, is_untried);
    let warm = untried.or_else(|_| group.choose(random, now, wish, is_warm));
    warm.or_else(|nothing| soonest().ok_or(nothing))
}

/// The models that a request itself names to stand in are asked for like any other: a key may do it or not.
pub(super) fn may_fall_back(calls: &ModelCalls, principal: &Principal, said: &Said) -> Result<(), CallError> {
    let Some(wishes) = &said.wishes else { return Ok(()) };
    for name in wishes.models() {
        let name = principal.aliases.get(name).map_or(name, String::as_str);
        match permitted(calls, name, principal) {
            // It never stands in then, as with one of the configuration.
            Ok(_) | Err(CallError::UnknownModel { .. } | CallError::Uncallable(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The deployments of a model that the configuration chose.
fn trusted(calls: &ModelCalls, name: &str) -> Result<Arc<Group>, CallError> {
    calls.models.resolve(name).map_err(|error| match error {
        ResolveError::Build(error) => error.into(),
        ResolveError::Unknown(model) => CallError::UnknownModel { model, available: Vec::new() },
    })
}

/// The deployments of a model, where the key may use it. A key that may not learns nothing of what exists.
pub(super) fn permitted(calls: &ModelCalls, name: &str, principal: &Principal) -> Result<Arc<Group>, CallError> {
    let lists = principal.model_lists();
    let own = principal.team_id.as_deref().and_then(|team| calls.models.of_team(team, name));
    let group = match own.map_or_else(|| calls.models.resolve(name), Ok) {
        Ok(group) => group,
        Err(ResolveError::Build(error)) => return Err(error.into()),
        Err(ResolveError::Unknown(_)) if lists.iter().all(|list| access::allows(list, name, std::iter::empty())) => {
            let visible = listing::visible(&calls.models.now(), &lists);
            let available = visible.into_iter().map(|listed| listed.name).collect();
            return Err(CallError::UnknownModel { model: name.to_owned(), available });
        }
        Err(ResolveError::Unknown(_)) => return Err(CallError::ModelDenied(name.to_owned())),
    };
    if !lists.iter().all(|list| group.is_allowed_by(list, name)) {
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
    now: Timestamp,
) -> Result<(Arc<Group>, Arc<Deployment>), CallError> {
    let unfit = |message: String| CallError::Member { member: "previous_response_id", message };
    let maker = maker(calls, principal, earlier)?.ok_or_else(|| {
        unfit(
            "'previous_response_id' names a response whose deployment is no longer configured. Leave it out and send the \
             whole conversation in 'input'."
                .to_owned(),
        )
    })?;
    let group = permitted(calls, name, principal)?;
    let knows = |deployment: &Deployment| deployment.id == maker.id || share_account(deployment, &maker);
    let deployment = preferred(calls, &group, (course, wish), now, knows).map_err(|_| {
        unfit(format!(
            "'previous_response_id' names a response of '{}', whose account no usable deployment of '{name}' shares. Use \
             that model, or leave 'previous_response_id' out and send the whole conversation in 'input'.",
            earlier.model
        ))
    })?;
    Ok((group, deployment))
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
