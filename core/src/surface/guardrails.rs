//! `GET /guardrails/list`: the guardrails that requests, keys and teams may name. Shows no secrets.

use super::client_address::Asker;
use super::error::ErrorAnswer;
use super::gate::Gate;
use crate::guardrails::choice::Guardrails;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

/// Its path.
pub(super) const ROUTE: &str = "/guardrails/list";

/// The route.
pub(super) fn routes(guardrails: Arc<Guardrails>, gate: Gate) -> Router {
    let answer = move |asker: Asker| {
        let (guardrails, gate) = (Arc::clone(&guardrails), gate.clone());
        async move {
            gate.admit(asker.told(), ("GET", ROUTE)).await?;
            let shown: Vec<Value> = guardrails.iter().map(|guardrail| guardrail.shown.clone()).collect();
            Ok::<_, ErrorAnswer>(Json(json!({"guardrails": shown})))
        }
    };
    Router::new().route(ROUTE, get(answer))
}
