//! The routes that probes ask.

use super::client_address::Asker;
use super::error::ErrorAnswer;
use super::gate::Gate;
use crate::accounting::health_log::Checked;
use crate::calendar;
use crate::flow::admin::params::Params;
use crate::flow::health::{Endpoint, Health, Wanted};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Results told at once where nobody says how many.
const RESULTS: u64 = 100;
/// Most results told at once.
const RESULTS_MAX: u64 = 1_000;

/// A query, of which any part may be there twice.
type Pairs = Vec<(String, String)>;

#[derive(Clone)]
struct HealthSurface {
    health: Arc<Health>,
    gate: Gate,
}

/// The routes.
pub(super) fn routes(health: Arc<Health>, gate: Gate) -> Router {
    Router::new()
        .route("/health/liveliness", get(alive))
        .route("/health/liveness", get(alive))
        .route("/health/readiness", get(ready))
        .route("/health", get(deployments))
        .route("/health/latest", get(latest))
        .route("/health/history", get(history))
        .with_state(HealthSurface { health, gate })
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

/// LiteLLM's answer: <https://docs.litellm.ai/docs/proxy/health>
async fn deployments(State(surface): State<HealthSurface>, Query(asked): Query<Pairs>, asker: Asker) -> Response {
    let params = Params::new(asked);
    let caller = match surface.gate.admit(asker.told(), ("GET", "/health")).await {
        Ok(caller) => caller,
        Err(refused) => return refused.into_response(),
    };
    let (_, address) = asker.told();
    let (health, settings) = (&surface.health, &surface.health.settings);
    let wanted = Wanted { model: params.text("model"), model_id: params.text("model_id") };
    let endpoints = if settings.background_health_checks && wanted.is_everything() {
        match health.last_known().await {
            Ok(endpoints) => endpoints,
            Err(_) => return out_of_reach(),
        }
    } else {
        health.probe(wanted, caller.user_id.as_deref(), address).await
    };
    let (healthy, unhealthy): (Vec<_>, Vec<_>) = endpoints.iter().partition(|endpoint| endpoint.error.is_none());
    let all_failed = healthy.is_empty() && !unhealthy.is_empty();
    let status = if all_failed { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let told = |endpoints: &[&Endpoint]| -> Vec<Value> {
        endpoints.iter().map(|endpoint| told(endpoint, settings.health_check_details)).collect()
    };
    let body = json!({
        "healthy_endpoints": told(&healthy),
        "unhealthy_endpoints": told(&unhealthy),
        "healthy_count": healthy.len(),
        "unhealthy_count": unhealthy.len(),
    });
    (status, Json(body)).into_response()
}

fn told(endpoint: &Endpoint, details: bool) -> Value {
    if !details {
        return json!({"model": endpoint.model, "model_id": endpoint.model_id});
    }
    let mut told = json!({"model": endpoint.model, "model_id": endpoint.model_id, "api_base": endpoint.api_base});
    if let (Some(error), Some(members)) = (&endpoint.error, told.as_object_mut()) {
        members.insert("error".to_owned(), error.as_str().into());
    }
    told
}

/// The last result of each deployment.
async fn latest(State(surface): State<HealthSurface>, asker: Asker) -> Response {
    if let Err(refused) = surface.gate.admit(asker.told(), ("GET", "/health/latest")).await {
        return refused.into_response();
    }
    let Ok(latest) = surface.health.log().latest().await else { return out_of_reach() };
    let checks: Map<String, Value> =
        latest.iter().map(|checked| (checked.id.as_str().to_owned(), result(checked))).collect();
    Json(json!({"total_models": checks.len(), "latest_health_checks": checks})).into_response()
}

/// Results that are kept, the newest first.
async fn history(
    State(surface): State<HealthSurface>,
    Query(asked): Query<Pairs>,
    asker: Asker,
) -> Result<Response, ErrorAnswer> {
    surface.gate.admit(asker.told(), ("GET", "/health/history")).await?;
    let params = Params::new(asked);
    let limit = params.number("limit", RESULTS, 0..=u64::MAX)?.min(RESULTS_MAX);
    let offset = params.number("offset", 0, 0..=u64::MAX)?;
    let Ok(all) = surface.health.log().history().await else { return Ok(out_of_reach()) };
    let is_wanted = |checked: &&Checked| {
        params.text("model").is_none_or(|model| *model == checked.model_name)
            && params.text("status_filter").is_none_or(|status| status == status_of(checked))
    };
    let wanted: Vec<_> = all.iter().filter(is_wanted).collect();
    let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
    let checks: Vec<_> = wanted.iter().skip(skipped).take(limit as usize).map(|checked| result(checked)).collect();
    let body = json!({"health_checks": checks, "total_records": wanted.len(), "limit": limit, "offset": offset});
    Ok(Json(body).into_response())
}

fn status_of(checked: &Checked) -> &'static str {
    if checked.error.is_some() { "unhealthy" } else { "healthy" }
}

fn result(checked: &Checked) -> Value {
    let is_healthy = checked.error.is_none();
    let at = calendar::rfc3339(checked.at);
    json!({
        "health_check_id": format!("{}-{}", checked.at.millis(), checked.id),
        "model_name": checked.model_name,
        "model_id": checked.id.as_str(),
        "status": status_of(checked),
        "healthy_count": u8::from(is_healthy),
        "unhealthy_count": u8::from(!is_healthy),
        "error_message": checked.error,
        "response_time_ms": checked.took_ms,
        "details": null,
        "checked_by": checked.by,
        "checked_at": at,
        "created_at": at,
    })
}

fn out_of_reach() -> Response {
    let message = "The store could not be reached.";
    ErrorAnswer::new(StatusCode::SERVICE_UNAVAILABLE, "service_unavailable_error", message).into_response()
}
