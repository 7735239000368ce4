//! What a spend row says of a call before it is made.

use super::body::Said;
use super::parts::ModelCalls;
use super::request::CallRequest;
use crate::accounting::spend_row::{Outcome, SpendDetails};
use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::principal::Principal;
use crate::routing::Deployment;
use crate::usage::Usage;
use http::header::USER_AGENT;

/// What is known of a call before it is made.
pub(super) fn of(
    calls: &ModelCalls,
    id: RequestId,
    (principal, request): (&Principal, &CallRequest),
    said: &Said,
    deployment: &Deployment,
) -> SpendDetails {
    let target = deployment.target();
    let provider = target.map_or("mock", |target| target.provider);
    let user_agent = request.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    SpendDetails {
        call_type: request.operation.call_type().into(),
        key_alias: principal.key_alias.clone(),
        user_id: principal.user_id.clone(),
        team_id: principal.team_id.clone(),
        organization_id: principal.above.organization.as_ref().map(|organization| organization.id.clone()),
        model_group: said.model.clone(),
        model: target.map_or_else(|| said.model.clone(), |target| format!("{provider}/{}", target.model)),
        deployment_id: Some(deployment.id.clone()),
        provider: provider.into(),
        api_base: target.map(|target| target.api_base.clone()).unwrap_or_default(),
        started_at: id.arrived(),
        ended_at: Timestamp::default(),
        first_token_at: None,
        usage: Usage::default(),
        outcome: Outcome::Success,
        stream: said.stream,
        cache_hit: false,
        requester_ip: request.client_address.map(|address| address.to_string()),
        user_agent: user_agent.map(str::to_owned),
        tags: said.tags.clone(),
        end_user: said.end_user.clone().filter(|_| calls.limits.tracks_end_users),
        content: None,
        metadata: said.kept.clone(),
    }
}
