//! Responses that an earlier call left with its upstream: read, deleted, cancelled. Their names lead back to the deployment
//! that made them.

use super::attempt;
use super::choice::{keeper, maker};
use super::error::CallError;
use super::facts::Facts;
use super::guarded_answer;
use super::parts::ModelCalls;
use crate::api::responses::id::ResponseId;
use crate::providers::operation::Operation;
use crate::providers::registry;
use crate::providers::responses::kept::{KeptOperation, naming};
use crate::upstream::transport::Bounds;
use bytes::Bytes;
use http::HeaderMap;
use std::net::IpAddr;
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
    /// Where it came from, as far as that is known.
    pub client_address: Option<IpAddr>,
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
        let (mut facts, begun) = self.begin(arrived);
        let result = match begun {
            Ok(()) => self.asked(&request, &mut facts).await,
            Err(error) => Err(error),
        };
        facts.duration_ms = self.clock.now().millis_since(arrived);
        if let Err(error) = &result {
            tracing::warn!(call = %facts.id, error = error as &dyn std::error::Error, "a response is not told");
        }
        KeptAnswer { facts, result }
    }

    async fn asked(&self, request: &KeptRequest, facts: &mut Facts) -> Result<Bytes, CallError> {
        let asker = (&request.headers, request.client_address);
        let principal = self.authenticator.caller_of(asker, request.route, self.clock.now()).await?;
        self.authenticator.authorize_route(&principal, request.route)?;
        let unknown = || CallError::UnknownResponse(request.name.clone());
        let id = ResponseId::read(&request.name).ok_or_else(unknown)?;
        let principal = self.for_a_team_with(principal, &id.model)?;
        facts.principal = Some(Arc::clone(&principal));
        if matches!(request.operation, KeptOperation::Read | KeptOperation::Cancel) {
            guarded_answer::is_kept_readable(&self.guardrails, &principal)?;
        }
        self.refresh_credentials().await;
        let deployment = self.completed(maker(self, &principal, &id)?.ok_or_else(unknown)?)?;
        (facts.model_group, facts.deployment) = (Some(id.model.clone()), Some(Arc::clone(&deployment)));
        let Some(target) = keeper(&deployment) else { return Err(CallError::ResponseNotKept(id.model)) };
        let asked = request.operation.request(target, &id.upstream, request.query.as_deref())?;
        let total = deployment.timeouts.total.unwrap_or(self.bounds.total);
        let bounds = Bounds { total, first_byte: total, ..self.bounds };
        let speaker = registry::provider(target, Operation::Responses);
        let channel = deployment.entry.params.tls.channel;
        let answered = attempt::ask(self, (&speaker, target.identity.as_ref(), channel), asked, bounds).await?;
        facts.upstream_headers = Some(answered.headers);
        let body = attempt::collect_answer(answered.body).await?;
        let naming = naming(deployment.id.as_str(), &id.model);
        Ok(request.operation.told(&naming, &request.name, body))
    }
}
