//! Calls of paths of the operator's own (`pass_through_endpoints`). No table names them: what no route of ours matches
//! is looked up among them.

use super::answer;
use super::client_address::address_in;
use super::deadline::Deadline;
use super::error::ErrorAnswer;
use super::intake;
use super::model_call::untold;
use crate::admission::load::Load;
use crate::flow::model_call::{CallBody, Endpoint, EndpointRequest, Meant, ModelCalls};
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::Request as HttpRequest;
use std::sync::Arc;

/// Such calls, as far as one process serves them.
#[derive(Clone)]
pub(super) struct EndpointSurface {
    pub(super) calls: Arc<ModelCalls>,
    pub(super) body_bytes_max: usize,
    pub(super) load: Option<Arc<Load>>,
}

impl EndpointSurface {
    /// What a request means. `None`: nothing of the operator's.
    pub(super) fn meant(&self, request: &Request) -> Option<Meant> {
        self.calls.endpoints.at(request.method(), request.uri().path())
    }

    /// Answers one call. `rest`: what of its path follows the endpoint's.
    pub(super) async fn answer(&self, endpoint: &Endpoint, rest: String, request: Request) -> Response {
        let (head, body) = HttpRequest::into_parts(request);
        let (taken_on, body) = match intake::take(self.load.as_ref(), (body, self.body_bytes_max)).await {
            Ok(taken) => taken,
            Err(error) => return error.into_response(),
        };
        let asked = EndpointRequest {
            method: head.method,
            path: head.uri.path().to_owned(),
            rest,
            query: head.uri.query().map(str::to_owned),
            headers: head.headers,
            body,
            client_address: address_in(&head.extensions),
            deadline: head.extensions.get::<Deadline>().map(|&Deadline(end)| end),
        };
        let answer = self.calls.call_endpoint(endpoint, asked).await;
        let mut response = match answer.result {
            Ok(response) => response.map(|body| match body {
                CallBody::Whole(bytes) | CallBody::Replayed(bytes) => Body::from(bytes),
                CallBody::Stream(relay) => untold(*relay, taken_on),
            }),
            Err(error) => return ErrorAnswer::from(error).about(&answer.facts),
        };
        answer::describe(&answer.facts, response.headers_mut());
        response
    }
}
