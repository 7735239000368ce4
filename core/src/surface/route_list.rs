//! `GET /routes`: every route there is, read off the tables that the router is made of.

use super::error::ErrorAnswer;
use super::gate::Gate;
use super::{admin, cache_admin, model_call, utilities};
use crate::providers::operation::Operation;
use axum::routing::{MethodFilter, get};
use axum::{Json, Router};
use http::HeaderMap;
use serde_json::{Value, json};

/// The route.
pub(super) fn routes(gate: Gate) -> Router {
    let answer = move |headers: HeaderMap| {
        let gate = gate.clone();
        async move {
            gate.admit(&headers, ROUTE).await?;
            Ok::<_, ErrorAnswer>(Json(all()))
        }
    };
    Router::new().route(ROUTE, get(answer))
}

const ROUTE: &str = "/routes";

/// Calls of providers' own APIs.
const PASSED: [&str; 5] =
    ["/openai/{endpoint}", "/anthropic/{endpoint}", "/gemini/{endpoint}", "/cohere/{endpoint}", "/mistral/{endpoint}"];

/// Routes that stand in no table.
const OTHERS: [&str; 16] = [
    "/",
    "/health",
    "/health/history",
    "/health/latest",
    "/health/liveliness",
    "/health/liveness",
    "/health/readiness",
    "/health/tls",
    "/model/info",
    "/models",
    "/models/{id}",
    ROUTE,
    "/v1/model/info",
    "/v1/models",
    "/v1/models/{id}",
    "/v2/model/info",
];

/// The routes as clients know them.
fn all() -> Value {
    let calls = Operation::ALL.into_iter().flat_map(model_call::paths).map(|path| (MethodFilter::POST, *path));
    let passed = PASSED.into_iter().map(|path| (MethodFilter::POST, path));
    let utilities = utilities::ROUTES.iter().map(|(method, path, _)| (*method, *path));
    let others = OTHERS.into_iter().map(|path| (MethodFilter::GET, path));
    let routes = calls.chain(passed).chain(admin::paths()).chain(cache_admin::paths()).chain(utilities).chain(others);
    let shown: Vec<Value> = routes
        .map(|(method, path)| {
            let name = path.trim_matches('/').replace(['/', '-'], "_").replace(['{', '}', '*'], "");
            json!({"path": path, "methods": [named(method)], "name": name, "endpoint": name})
        })
        .collect();
    json!({"routes": shown})
}

fn named(method: MethodFilter) -> &'static str {
    match method {
        MethodFilter::GET => "GET",
        MethodFilter::PATCH => "PATCH",
        MethodFilter::PUT => "PUT",
        MethodFilter::DELETE => "DELETE",
        _ => "POST",
    }
}
