//! What will be done, decided without waiting: which deployment, which bytes go upstream, how long each wait may last.

use super::body::Said;
use super::calls::ModelCalls;
use super::error::CallError;
use crate::api::members::Members;
use crate::principal::Principal;
use crate::providers::mock::{self, MockAnswer, MockCall};
use crate::providers::operation::Operation;
use crate::providers::provider::Call;
use crate::routing::{Backend, Deployment, access};
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
    Provider(http::Request<Bytes>),
    /// Nobody: the answer is made up.
    Mock(MockAnswer),
}

/// Decides a call.
pub(super) fn make(
    calls: &ModelCalls,
    operation: Operation,
    said: Said,
    mut members: Members<'_>,
    principal: &Principal,
) -> Result<Plan, CallError> {
    let name = principal.aliases.get(&said.model).unwrap_or(&said.model);
    if !access::allows(&principal.models, name) {
        return Err(CallError::ModelDenied(said.model));
    }
    let Some(deployment) = calls.models.choose(name, calls.random.as_ref()) else {
        let available = calls.models.names_for(&principal.models);
        return Err(CallError::UnknownModel { model: said.model, available });
    };
    let bounds = bounds(calls.bounds, &deployment, &said);
    let upstream = match (&said.mock_response, &deployment.backend) {
        (Some(response), _) | (None, Backend::Mock(response)) => {
            let id = calls.clock.now().millis().to_string();
            let call = MockCall { operation, model: &said.model, stream: said.stream, id: &id, now: calls.clock.now() };
            Upstream::Mock(mock::answer(response, &call))
        }
        (None, Backend::Provider(provider, target)) => {
            let call = Call { operation, members: &mut members, stream: said.stream };
            Upstream::Provider(provider.request(call, target)?)
        }
    };
    Ok(Plan { said, deployment, upstream, bounds })
}

/// The waits of this call: the deployment's over the defaults, and the client's own bound over all.
fn bounds(defaults: Bounds, deployment: &Deployment, said: &Said) -> Bounds {
    let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).ok();
    let total = said.timeout_seconds.and_then(seconds).or(deployment.timeout).unwrap_or(defaults.total);
    let gap = if said.stream { deployment.stream_timeout } else { None };
    Bounds {
        first_byte: gap.or(deployment.timeout).unwrap_or(defaults.first_byte).min(total),
        between_chunks: gap.unwrap_or(defaults.between_chunks).min(total),
        total,
    }
}
