//! `/health/test_connection`: tries a deployment before it is stored.

use super::body;
use super::client_address::told_by;
use super::error::ErrorAnswer;
use super::gate::Gate;
use crate::flow::health::Health;
use axum::extract::{Request, State};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use std::sync::Arc;

/// Its path.
pub(super) const ROUTE: &str = "/health/test_connection";

#[derive(Clone)]
struct TrialSurface {
    health: Arc<Health>,
    gate: Gate,
    body_bytes_max: usize,
}

/// The route.
pub(super) fn routes(health: Arc<Health>, gate: Gate, body_bytes_max: usize) -> Router {
    Router::new().route(ROUTE, post(try_out)).with_state(TrialSurface { health, gate, body_bytes_max })
}

async fn try_out(State(surface): State<TrialSurface>, request: Request) -> Result<Json<Value>, ErrorAnswer> {
    let (_, address) = told_by(&request);
    surface.gate.admit(told_by(&request), ("POST", ROUTE)).await?;
    let body = body::read(request.into_body(), surface.body_bytes_max).await?;
    Ok(Json(surface.health.try_out(&body, address).await?))
}
