//! Paths that no route names: the operator's own, the deployment-style ones, which hold a model's name with slashes,
//! and the wrong ones.

use super::endpoints::EndpointSurface;
use super::error::ErrorAnswer;
use super::model_call::ModelCallSurface;
use crate::flow::model_call::Meant;
use crate::providers::passing::Passed;
use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse, Redirect, Response};
use http::{Method, StatusCode};
use serde_json::json;

/// Answers a path that no route names.
pub(super) async fn unmatched(
    calls: Option<ModelCallSurface>,
    own: Option<EndpointSurface>,
    request: Request,
) -> Response {
    if let Some((own, meant)) = own.and_then(|own| own.meant(&request).map(|meant| (own, meant))) {
        return match meant {
            // In a box: most gateways have no such paths.
            Meant::Endpoint(endpoint, rest) => Box::pin(own.answer(&endpoint, rest, request)).await,
            Meant::OtherMethod => method_not_allowed().await,
        };
    }
    let path = request.uri().path();
    if let Some((calls, (model, operation))) =
        calls.as_ref().and_then(|calls| calls.named_in(path).map(|named| (calls, named)))
    {
        return match *request.method() {
            Method::POST => calls.answer(operation, Some(model), request).await,
            _ => method_not_allowed().await,
        };
    }
    if let Some((calls, (provider, rest))) = calls.filter(ModelCallSurface::passes).zip(Passed::split(path)) {
        return match Passed::at(provider, rest).filter(|_| *request.method() == Method::POST) {
            Some(passed) => calls.pass(passed, request).await,
            None => not_passed(provider, rest),
        };
    }
    match path.strip_suffix('/') {
        Some(shorter) if !shorter.is_empty() => moved(shorter, request.uri().query()),
        _ => (StatusCode::NOT_FOUND, Json(json!({"detail": "Not Found"}))).into_response(),
    }
}

/// A path of a provider's API that is not passed.
fn not_passed(provider: &str, path: &str) -> Response {
    let message = format!(
        "`{path}` of `{provider}` is not passed by this gateway: calls of models are (POST), such as chats, messages, \
         contents and embeddings. docs/passing.md lists them."
    );
    ErrorAnswer::new(StatusCode::NOT_FOUND, "invalid_request_error", message).into_response()
}

/// Answers a path that is known for other methods: Google's clients call methods of models where others read of them.
pub(super) async fn other_method(calls: Option<ModelCallSurface>, request: Request) -> Response {
    let named = calls.as_ref().and_then(|calls| calls.named_in(request.uri().path()));
    match (calls, named) {
        (Some(calls), Some((model, operation))) if *request.method() == Method::POST => {
            calls.answer(operation, Some(model), request).await
        }
        _ => method_not_allowed().await,
    }
}

/// Answers a known path with another method.
async fn method_not_allowed() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, Json(json!({"detail": "Method Not Allowed"}))).into_response()
}

/// Sends a client that ended the path with a slash to the path without it. The target is a path of ours: further
/// slashes at its start would name another host.
fn moved(path: &str, query: Option<&str>) -> Response {
    let path = format!("/{}", path.trim_matches('/'));
    let target = query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    Redirect::temporary(&target).into_response()
}
