//! What is known before anybody configures anything: prices and context windows of models, and the providers that are
//! spoken to.

use super::client_address::Asker;
use super::error::ErrorAnswer;
use super::gate::Gate;
use crate::flow::endpoints::endpoints;
use crate::flow::provider_fields::provider_fields;
use crate::price;
use crate::providers::catalog;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, get};
use axum::{Json, Router};
use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use std::sync::LazyLock;

/// Prices, for who has a key.
const PRICES: &str = "/get/litellm_model_cost_map";
/// The same for everybody.
const OPEN_PRICES: &str = "/public/litellm_model_cost_map";
/// What a deployment of each provider says, for who has a key.
const FIELDS: &str = "/model/settings";
/// Names of providers, for everybody.
const PROVIDERS: &str = "/public/providers";
/// Which of them can be asked for what, for everybody.
const ENDPOINTS: &str = "/public/endpoints";

static ENDPOINT_DATA: LazyLock<Value> = LazyLock::new(endpoints);
static PRICE_DATA: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(price::all_as_json()));

/// Which paths there are.
pub(super) fn paths() -> impl Iterator<Item = (MethodFilter, &'static str)> {
    [PRICES, OPEN_PRICES, FIELDS, PROVIDERS, ENDPOINTS].into_iter().map(|path| (MethodFilter::GET, path))
}

/// The routes.
pub(super) fn routes(gate: Gate) -> Router {
    let for_callers = |path: &'static str, answer: fn() -> Response| {
        let gate = gate.clone();
        get(move |asker: Asker| async move {
            gate.admit(asker.told(), ("GET", path)).await?;
            Ok::<_, ErrorAnswer>(answer())
        })
    };
    Router::new()
        .route(PRICES, for_callers(PRICES, prices))
        .route(FIELDS, for_callers(FIELDS, || Json(provider_fields()).into_response()))
        .route(OPEN_PRICES, get(|| async { prices() }))
        .route(ENDPOINTS, get(|| async { Json(&*ENDPOINT_DATA) }))
        .route(PROVIDERS, get(|| async { Json(catalog::spoken().map(|provider| provider.name).collect::<Vec<_>>()) }))
}

fn prices() -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], PRICE_DATA.clone()).into_response()
}
