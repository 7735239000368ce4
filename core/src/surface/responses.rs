//! The routes of responses that an upstream keeps.

use super::admin_request::read;
use super::answer;
use super::client_address::address_in;
use super::error::ErrorAnswer;
use super::gate::Gate;
use crate::flow::model_call::{KeptRequest, ModelCalls};
use crate::flow::utilities::count_input;
use crate::providers::responses::kept::KeptOperation;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use std::sync::Arc;

/// Where responses stand.
const BASES: [&str; 2] = ["/v1/responses", "/responses"];

/// Where the tokens of a request are counted without making it.
pub(super) const COUNTED: [&str; 2] = ["/v1/responses/input_tokens", "/responses/input_tokens"];

/// The routes. Key permissions name them by the first of their addresses.
pub(super) fn routes(calls: &Arc<ModelCalls>, body_bytes_max: usize) -> Router {
    let ask = |operation: KeptOperation, route: &'static str| {
        let calls = Arc::clone(calls);
        move |name: Path<String>, request: Request| {
            let calls = Arc::clone(&calls);
            async move { asked(&calls, (operation, route), name, request).await }
        }
    };
    let mut router = Router::new();
    for path in COUNTED {
        let calls = Arc::clone(calls);
        let count = move |request: Request| {
            let calls = Arc::clone(&calls);
            async move {
                let gate = Gate { authenticator: Arc::clone(&calls.authenticator), clock: Arc::clone(&calls.clock) };
                let asked = read(request, (&gate, ("POST", path)), body_bytes_max).await?;
                Ok::<_, ErrorAnswer>(Json(count_input(&calls.models.now(), &asked.caller, &asked.body)?))
            }
        };
        router = router.route(path, post(count));
    }
    for base in BASES {
        let read = ask(KeptOperation::Read, "/v1/responses/{response_id}");
        let removed = ask(KeptOperation::Delete, "/v1/responses/{response_id}");
        let items = ask(KeptOperation::InputItems, "/v1/responses/{response_id}/input_items");
        let cancelled = ask(KeptOperation::Cancel, "/v1/responses/{response_id}/cancel");
        router = router
            .route(&format!("{base}/{{response_id}}"), get(read).delete(removed))
            .route(&format!("{base}/{{response_id}}/input_items"), get(items))
            .route(&format!("{base}/{{response_id}}/cancel"), post(cancelled));
    }
    router
}

async fn asked(
    calls: &ModelCalls,
    (operation, route): (KeptOperation, &'static str),
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let (head, _) = request.into_parts();
    let query = head.uri.query().map(str::to_owned);
    let client_address = address_in(&head.extensions);
    let request = KeptRequest { operation, route, name, query, headers: head.headers, client_address };
    let answer = calls.ask_about(request).await;
    let mut response = match answer.result {
        Ok(body) => whole(body),
        Err(error) => return ErrorAnswer::from(error).about(&answer.facts),
    };
    answer::describe(&answer.facts, response.headers_mut());
    response
}

fn whole(body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
