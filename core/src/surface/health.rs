//! The routes that probes ask.

use super::client_address::ClientAddress;
use super::gate::Gate;
use crate::flow::health::{Endpoint, Health};
use axum::extract::{Extension, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Clone)]
struct HealthSurface {
    health: Arc<Health>,
    gate: Gate,
}

/// The routes.
pub(super) fn routes(health: Arc<Health>, gate: Gate) -> Router {
    Router::new()
        .route("/", get(running))
        .route("/health/liveliness", get(alive))
        .route("/health/liveness", get(alive))
        .route("/health/readiness", get(ready))
        .route("/health", get(deployments))
        .with_state(HealthSurface { health, gate })
}

async fn running() -> Json<&'static str> {
    Json("Postern: RUNNING")
}

async fn alive() -> Json<&'static str> {
    Json("I'm alive!")
}

async fn ready(State(surface): State<HealthSurface>) -> Response {
    let answers = surface.health.store_answers().await;
    let (status, word, db) = match answers {
        true => (StatusCode::OK, "healthy", "connected"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "unhealthy", "not connected"),
    };
    let body = json!({"status": word, "db": db, "cache": null, "litellm_version": env!("CARGO_PKG_VERSION")});
    (status, Json(body)).into_response()
}

#[derive(Deserialize)]
struct Asked {
    model: Option<String>,
}

async fn deployments(
    State(surface): State<HealthSurface>,
    Query(asked): Query<Asked>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
) -> Response {
    let asker = match surface.gate.admit(&headers, "/health").await {
        Ok(asker) => asker,
        Err(refused) => return refused.into_response(),
    };
    let address = address.map(|Extension(ClientAddress(address))| address);
    let endpoints = surface.health.probe(asked.model.as_deref(), &asker, address).await;
    let (healthy, unhealthy): (Vec<_>, Vec<_>) = endpoints.iter().partition(|endpoint| endpoint.error.is_none());
    let all_failed = healthy.is_empty() && !unhealthy.is_empty();
    let status = if all_failed { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let body = json!({
        "healthy_endpoints": healthy.iter().map(|endpoint| told(endpoint)).collect::<Vec<_>>(),
        "unhealthy_endpoints": unhealthy.iter().map(|endpoint| told(endpoint)).collect::<Vec<_>>(),
        "healthy_count": healthy.len(),
        "unhealthy_count": unhealthy.len(),
    });
    (status, Json(body)).into_response()
}

fn told(endpoint: &Endpoint) -> Value {
    let mut told = json!({"model": endpoint.model, "model_id": endpoint.model_id, "api_base": endpoint.api_base});
    if let (Some(error), Some(members)) = (&endpoint.error, told.as_object_mut()) {
        members.insert("error".to_owned(), error.as_str().into());
    }
    told
}
