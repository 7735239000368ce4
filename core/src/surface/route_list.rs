//! `GET /routes`: every route there is, read off the tables that the router is made of.

use super::client_address::Asker;
use super::error::ErrorAnswer;
use super::gate::{Gate, named};
use super::{
    admin, cache_admin, catalogues, contract, guardrails, health_trial, model_call, model_hub, responses, sign_in,
    utilities,
};
use crate::providers::operation::Operation;
use axum::routing::{MethodFilter, get};
use axum::{Json, Router};
use serde_json::{Value, json};

/// The route.
pub(super) fn routes(gate: Gate) -> Router {
    let answer = move |asker: Asker| {
        let gate = gate.clone();
        async move {
            gate.admit(asker.told(), ("GET", ROUTE)).await?;
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
const OTHERS: [&str; 18] = [
    "/",
    guardrails::ROUTE,
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
    contract::routes::DOCUMENT,
    ROUTE,
    "/v1/model/info",
    "/v1/models",
    "/v1/models/{id}",
    "/v2/model/info",
];

/// Calls of models.
fn calls() -> impl Iterator<Item = (MethodFilter, &'static str)> {
    let calls = Operation::ALL.into_iter().flat_map(model_call::paths).map(|path| (MethodFilter::POST, *path));
    calls.chain(PASSED.into_iter().map(|path| (MethodFilter::POST, path)))
}

fn routes_of_all() -> impl Iterator<Item = (MethodFilter, &'static str)> {
    let utilities = utilities::ROUTES.iter().map(|(method, path, _)| (*method, *path));
    let others = OTHERS.into_iter().map(|path| (MethodFilter::GET, path));
    let posted = [health_trial::ROUTE].into_iter().chain(responses::COUNTED);
    let others = others.chain(posted.map(|path| (MethodFilter::POST, path)));
    let known = admin::paths()
        .chain(sign_in::paths())
        .chain(cache_admin::paths())
        .chain(catalogues::paths())
        .chain(model_hub::paths());
    calls().chain(known).chain(utilities).chain(others)
}

/// The routes as clients know them.
fn all() -> Value {
    let shown: Vec<Value> = routes_of_all()
        .map(|(method, path)| {
            let name = path.trim_matches('/').replace(['/', '-'], "_").replace(['{', '}', '*'], "");
            json!({"path": path, "methods": [named(method)], "name": name, "endpoint": name})
        })
        .collect();
    json!({"routes": shown})
}

/// Every path, as the router knows it.
pub(super) fn patterns() -> impl Iterator<Item = &'static str> {
    routes_of_all().map(|(_, path)| path)
}

/// Every route as `METHOD /pattern`.
#[cfg(test)]
pub(super) fn routes_by_method() -> std::collections::BTreeSet<String> {
    routes_of_all().map(|(method, path)| format!("{} {path}", named(method))).collect()
}

/// The same of calls of models.
#[cfg(test)]
pub(super) fn of_models() -> std::collections::BTreeSet<String> {
    calls().map(|(method, path)| format!("{} {path}", named(method))).collect()
}
