//! A call of a path of the operator's own: admitted, charged and recorded as every other, by the price of a call. It
//! goes out once, as the bytes that came, and what is answered goes back as it is, errors too.

use super::admit::{self, Admitted};
use super::asked::Asked;
use super::attempt;
use super::body::Said;
use super::calls::CallBody;
use super::endpoint_request;
use super::endpoints::Endpoint;
use super::error::CallError;
use super::facts::Facts;
use super::parts::ModelCalls;
use super::relay::{self, Relay};
use super::request::CallRequest;
use super::settlement::OpenCall;
use super::waits::Waits;
use super::{bearer, details, wish};
use crate::accounting::spend_row::SpendDetails;
use crate::api::medium::Medium;
use crate::auth::authenticate::nobody;
use crate::principal::Principal;
use crate::providers::bridge::speaker::Speaker;
use crate::providers::operation::Operation;
use crate::providers::provider::Provider;
use crate::providers::raw::Raw;
use crate::upstream::transport::UpstreamBody;
use crate::usage::Usage;
use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::time::Instant;

/// What a client asks.
#[derive(Clone, Debug)]
pub struct EndpointRequest {
    /// The method.
    pub method: Method,
    /// The path, as it was written.
    pub path: String,
    /// What of it follows the endpoint's.
    pub rest: String,
    /// The query, as it was written.
    pub query: Option<String>,
    /// The request's headers.
    pub headers: HeaderMap,
    /// The request's body.
    pub body: Bytes,
    /// The address that the connection came from, for the spend row.
    pub client_address: Option<IpAddr>,
    /// When the process may be stopped; `None`: it runs on.
    pub deadline: Option<Instant>,
}

/// What a client is answered.
pub struct EndpointAnswer {
    /// What its headers say of the call.
    pub facts: Facts,
    /// The service's answer, or why there is none.
    pub result: Result<Response<CallBody>, CallError>,
}

/// Who speaks for a service whose bytes nobody reads.
const SPEAKER: Speaker = Speaker::Own(&Raw);

/// A call that may go out.
struct Ready {
    said: Said,
    upstream: Request<Bytes>,
    request: CallRequest,
    waits: Waits,
}

impl ModelCalls {
    /// Makes one call of an endpoint. Dropping the future, or the stream that it answers with, cancels it; what was
    /// dispatched is charged.
    pub async fn call_endpoint(self: &Arc<Self>, endpoint: &Endpoint, request: EndpointRequest) -> EndpointAnswer {
        let arrived = self.clock.now();
        let (mut facts, begun) = self.begin(arrived);
        let result = match begun {
            Ok(()) => self.ask_endpoint(endpoint, request, &mut facts).await,
            Err(error) => Err(error),
        };
        facts.duration_ms = self.clock.now().millis_since(arrived);
        if let Err(error) = &result {
            tracing::warn!(call = %facts.id, error = error as &dyn std::error::Error, "a call of an endpoint failed");
        }
        EndpointAnswer { facts, result }
    }

    async fn ask_endpoint(
        self: &Arc<Self>,
        endpoint: &Endpoint,
        request: EndpointRequest,
        facts: &mut Facts,
    ) -> Result<Response<CallBody>, CallError> {
        let principal = self.caller_of_endpoint(endpoint, &request, facts).await?;
        let method = request.method.clone();
        let ready = self.ready(endpoint, request, &principal)?;
        let (details, mut admitted) = self.admit_to_endpoint(endpoint, &ready, &principal, facts).await?;
        facts.left = std::mem::take(&mut admitted.left);
        let no_way = admitted.no_way.take();
        let who = (principal, Arc::clone(&endpoint.deployment), SPEAKER);
        let open = OpenCall::begin(Arc::clone(self), who, &ready.request, details, facts.id);
        let mut open = open.admitted(admitted, &ready.said);
        open.is_alone = true;
        if let Some(error) = no_way {
            return Err(open.fail(error.into()).await);
        }
        let sent = self.clock.now();
        let answered = self.transport.of(open.channel()).send(ready.upstream, ready.waits.bounds).await;
        facts.upstream_ms = self.clock.now().millis_since(sent);
        match answered {
            Ok(answer) => told(open, answer, &method, facts).await,
            Err(error) => Err(open.fail(error.into()).await),
        }
    }

    /// Who calls. Where no key is needed nobody is asked: what stands in headers may be for the service.
    async fn caller_of_endpoint(
        &self,
        endpoint: &Endpoint,
        request: &EndpointRequest,
        facts: &mut Facts,
    ) -> Result<Arc<Principal>, CallError> {
        let EndpointRequest { path, headers, client_address, .. } = request;
        let plain = endpoint_request::plain(path)?;
        let principal = match endpoint.needs_key {
            true => {
                let asker = (headers, *client_address);
                Arc::clone(facts.principal.insert(self.authenticator.caller_of(asker, &plain, self.clock.now()).await?))
            }
            false => Arc::new(nobody()),
        };
        self.authenticator.authorize_endpoint(&principal, &plain)?;
        Ok(principal)
    }

    fn ready(&self, endpoint: &Endpoint, asked: EndpointRequest, principal: &Principal) -> Result<Ready, CallError> {
        let EndpointRequest { method, rest, query, headers, body, client_address, deadline, .. } = asked;
        let mut said = Said { model: endpoint.path.clone(), medium: Some(Medium::Call), ..Said::default() };
        // Strangers do not say whose budget it is.
        if endpoint.needs_key {
            wish::add_tags(&mut said.tags, principal, &headers);
        }
        bearer::settle_end_user(&mut said, principal);
        let way = (method, rest.as_str(), query.as_deref());
        let upstream = endpoint_request::build(endpoint, way, (&headers, &self.headers.ours), body.clone())?;
        let waits = Waits::of(self.bounds, &endpoint.deployment, (&said, Operation::PassThrough), (deadline, None));
        let request = CallRequest {
            operation: Operation::PassThrough,
            route: "",
            path_model: None,
            headers,
            // It tells nothing of what the call costs.
            body: if self.kept.is_some() { body } else { Bytes::new() },
            form: None,
            client_address,
            passed: None,
            deadline,
        };
        Ok(Ready { said, upstream, request, waits })
    }

    async fn admit_to_endpoint(
        self: &Arc<Self>,
        endpoint: &Endpoint,
        ready: &Ready,
        principal: &Arc<Principal>,
        facts: &mut Facts,
    ) -> Result<(SpendDetails, Admitted), CallError> {
        let id = facts.id;
        let deployment = &endpoint.deployment;
        let mut details = details::of(self, id, (principal, &ready.request), &ready.said, deployment);
        details.model.clone_from(&endpoint.path);
        let asked = Asked {
            id,
            principal,
            said: &ready.said,
            operation: Operation::PassThrough,
            deployment,
            body: &Bytes::new(),
            waits: ready.waits,
            address: Some(ready.upstream.uri()),
            details: &details,
            counted: &[],
            region: None,
            is_beside: false,
            presumes: None,
        };
        let admitted = admit::admit(self, asked).await.map_err(|refused| {
            facts.left = refused.left;
            refused.error
        })?;
        Ok((details, admitted))
    }
}

/// The service's answer for the client. What is there as a whole, or has no body, is charged before its head goes out.
async fn told(
    mut open: OpenCall,
    answer: Response<UpstreamBody>,
    method: &Method,
    facts: &mut Facts,
) -> Result<Response<CallBody>, CallError> {
    let (Parts { status, headers, .. }, body) = answer.into_parts();
    let is_refusal = status.is_client_error() || status.is_server_error();
    let has_none = method == Method::HEAD || [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
    let body = if is_refusal || has_none || matches!(body, UpstreamBody::Whole(_)) {
        let bytes = match attempt::collect_answer(body).await {
            Ok(bytes) => bytes,
            Err(error) if is_refusal => return Err(open.fail(error).await),
            Err(error) => return Err(open.fail_streamed(error).await),
        };
        if is_refusal {
            let failure = Raw.failure(status.as_u16(), &bytes);
            open.fail(CallError::Upstream { failure, retry_after: None }).await;
        } else {
            facts.cost = Some(open.settle_whole(Some(Usage::default()), &bytes).await?);
        }
        CallBody::Whole(bytes)
    } else {
        CallBody::Stream(Box::new(Relay::new(open, relay::at_once(body))))
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = endpoint_request::back(&headers, method);
    Ok(response)
}
