//! What will be done, decided without waiting: which deployment, which bytes go upstream, how long each wait may last.

use super::body::Said;
use super::error::CallError;
use super::parts::ModelCalls;
use crate::api::members::Members;
use crate::id::RequestId;
use crate::principal::Principal;
use crate::providers::mock::{self, MockAnswer, MockCall};
use crate::providers::operation::Operation;
use crate::providers::provider::Call;
use crate::providers::registry;
use crate::routing::{Backend, Deployment, ResolveError, access, listing};
use crate::upstream::transport::Bounds;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// A decided call.
pub(super) struct Plan {
    pub(super) said: Said,
    pub(super) deployment: Arc<Deployment>,
    pub(super) upstream: Upstream,
    pub(super) bounds: Bounds,
}

/// Who answers.
pub(super) enum Upstream {
    /// A provider, by this request.
    Provider(Box<http::Request<Bytes>>),
    /// Nobody: the answer is made up.
    Mock(MockAnswer),
}

/// Decides a call.
pub(super) fn make(
    calls: &ModelCalls,
    id: RequestId,
    operation: Operation,
    said: Said,
    mut members: Members<'_>,
    principal: &Principal,
) -> Result<Plan, CallError> {
    let name = principal.aliases.get(&said.model).unwrap_or(&said.model);
    let deployment = choose(calls, name, principal)?;
    let bounds = bounds(calls.bounds, &deployment, &said);
    let upstream = match (&said.mock_response, &deployment.backend) {
        (Some(response), _) | (None, Backend::Mock(response)) => {
            let id = id.to_string();
            let call = MockCall { operation, model: &said.model, stream: said.stream, id: &id, now: calls.clock.now() };
            Upstream::Mock(mock::answer(response, &call))
        }
        (None, Backend::Upstream(target)) => {
            let call = Call { operation, members: &mut members, stream: said.stream };
            Upstream::Provider(Box::new(registry::provider(target.provider).request(call, target)?))
        }
    };
    Ok(Plan { said, deployment, upstream, bounds })
}

/// One deployment of the model, where the key may use it. A key that may not learns nothing of what exists.
fn choose(calls: &ModelCalls, name: &str, principal: &Principal) -> Result<Arc<Deployment>, CallError> {
    let lists = principal.model_lists();
    let group = match calls.models.resolve(name) {
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
    group
        .choose(calls.random.as_ref(), |_| true)
        .ok_or_else(|| CallError::UnknownModel { model: name.to_owned(), available: Vec::new() })
}

/// The waits of this call: the deployment's over the defaults, and the client's own bound over all.
fn bounds(defaults: Bounds, deployment: &Deployment, said: &Said) -> Bounds {
    let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).ok();
    let total = said.timeout_seconds.and_then(seconds).or(deployment.timeouts.total).unwrap_or(defaults.total);
    let gap = if said.stream { deployment.timeouts.stream_gap } else { None };
    Bounds {
        first_byte: gap.or(deployment.timeouts.total).unwrap_or(defaults.first_byte).min(total),
        between_chunks: gap.unwrap_or(defaults.between_chunks).min(total),
        total,
    }
}
