//! Responses that an earlier call left with its upstream: their names lead back to the deployment that made them. A name
//! grants nothing: whoever shows one must be allowed to use that model, as for a call.

use super::attempt;
use super::course::Course;
use super::error::CallError;
use super::facts::Facts;
use super::parts::ModelCalls;
use super::plan::permitted;
use crate::api::members::{Members, raw};
use crate::api::responses::id::ResponseId;
use crate::auth::route::authorize_route;
use crate::id::RequestId;
use crate::principal::Principal;
use crate::providers::operation::Operation;
use crate::providers::registry;
use crate::providers::responses::kept::{KeptOperation, naming};
use crate::providers::target::Target;
use crate::routing::{Backend, Deployment};
use crate::secret::Secret;
use crate::upstream::transport::Bounds;
use bytes::Bytes;
use http::HeaderMap;
use std::sync::Arc;

/// What a client asks about a response.
#[derive(Debug)]
pub struct KeptRequest {
    /// What is asked.
    pub operation: KeptOperation,
    /// The route that was matched, as key permissions name it.
    pub route: &'static str,
    /// The response's name.
    pub name: String,
    /// What the address says behind it.
    pub query: Option<String>,
    /// The request's headers.
    pub headers: HeaderMap,
}

/// What a client is answered.
#[derive(Debug)]
pub struct KeptAnswer {
    /// What its headers say.
    pub facts: Facts,
    /// The answer, or why there is none.
    pub result: Result<Bytes, CallError>,
}

impl ModelCalls {
    /// Asks the deployment that made a response about it. Costs nothing, so nothing is charged.
    pub async fn ask_about(&self, request: KeptRequest) -> KeptAnswer {
        let arrived = self.clock.now();
        let mut entropy = [0; 10];
        let drawn = self.random.fill(&mut entropy);
        let mut facts = Facts::new(RequestId::at(arrived, &entropy));
        let result = match drawn {
            Ok(()) => self.asked(&request, &mut facts).await,
            Err(error) => Err(error.into()),
        };
        facts.duration_ms = self.clock.now().millis_since(arrived);
        if let Err(error) = &result {
            tracing::warn!(call = %facts.id, error = error as &dyn std::error::Error, "a response is not told");
        }
        KeptAnswer { facts, result }
    }

    async fn asked(&self, request: &KeptRequest, facts: &mut Facts) -> Result<Bytes, CallError> {
        let principal = self.authenticator.authenticate(&request.headers, self.clock.now()).await?;
        authorize_route(&principal, request.route)?;
        facts.principal = Some(Arc::clone(&principal));
        let unknown = || CallError::UnknownResponse(request.name.clone());
        let id = ResponseId::read(&request.name).ok_or_else(unknown)?;
        let deployment = maker(self, &principal, &id)?.ok_or_else(unknown)?;
        (facts.model_group, facts.deployment) = (Some(id.model.clone()), Some(Arc::clone(&deployment)));
        let Some(target) = keeper(&deployment) else { return Err(CallError::ResponseNotKept(id.model)) };
        let asked = request.operation.request(target, &id.upstream, request.query.as_deref())?;
        let total = deployment.timeouts.total.unwrap_or(self.bounds.total);
        let bounds = Bounds { total, first_byte: total, ..self.bounds };
        let speaker = registry::provider(target.provider, &target.model, Operation::Responses);
        let answered = attempt::ask(self, (&speaker, target.identity.as_ref()), asked, bounds).await?;
        facts.upstream_headers = Some(answered.headers);
        let body = attempt::collect_answer(answered.body).await?;
        let naming = naming(deployment.id.as_str(), &id.model);
        Ok(request.operation.told(&naming, &request.name, body))
    }
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
    (course, earlier): (&Course, &ResponseId),
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
    group.choose(calls.random.as_ref(), is_usable).ok_or_else(|| {
        unfit(format!(
            "'previous_response_id' names a response of '{}', whose account no usable deployment of '{name}' shares. Use \
             that model, or leave 'previous_response_id' out and send the whole conversation in 'input'.",
            earlier.model
        ))
    })
}

/// The deployment that made a response, where the caller may use its model. `None`: it is configured no longer.
fn maker(calls: &ModelCalls, principal: &Principal, id: &ResponseId) -> Result<Option<Arc<Deployment>>, CallError> {
    let model = principal.aliases.get(&id.model).unwrap_or(&id.model);
    let group = permitted(calls, model, principal)?;
    let mut deployments = group.deployments.iter();
    Ok(deployments.find(|deployment| deployment.id.as_str() == id.deployment).cloned())
}

/// The upstream that keeps what a deployment made, where there is one.
fn keeper(deployment: &Deployment) -> Option<&Arc<Target>> {
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
