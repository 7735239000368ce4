//! Paths that no route names: the deployment-style ones, which hold a model's name with slashes, and the wrong ones.

use super::model_call::ModelCallSurface;
use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse, Redirect, Response};
use http::{Method, StatusCode};
use serde_json::json;

/// Answers a path that no route names.
pub(super) async fn unmatched(calls: Option<ModelCallSurface>, request: Request) -> Response {
    let path = request.uri().path();
    if let Some((calls, (model, operation))) = calls.and_then(|calls| calls.named_in(path).map(|named| (calls, named)))
    {
        return match *request.method() {
            Method::POST => calls.answer(operation, Some(model), request).await,
            _ => method_not_allowed().await,
        };
    }
    match path.strip_suffix('/') {
        Some(shorter) if !shorter.is_empty() => moved(shorter, request.uri().query()),
        _ => (StatusCode::NOT_FOUND, Json(json!({"detail": "Not Found"}))).into_response(),
    }
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
