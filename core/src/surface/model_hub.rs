//! The open routes of the public models.

use crate::flow::model_hub::ModelHub;
use crate::routing::LiveModels;
use axum::routing::{MethodFilter, get};
use axum::{Json, Router};
use std::sync::Arc;

const MODELS: &str = "/public/model_hub";
const INFO: &str = "/public/model_hub/info";

/// Which paths there are.
pub(super) fn paths() -> impl Iterator<Item = (MethodFilter, &'static str)> {
    [MODELS, INFO].into_iter().map(|path| (MethodFilter::GET, path))
}

/// The routes.
pub(super) fn routes(hub: Arc<ModelHub>, models: Arc<LiveModels>) -> Router {
    let info = hub.info();
    Router::new()
        .route(MODELS, get(|| async move { Json(hub.models(&models.now())) }))
        .route(INFO, get(|| async move { Json(info) }))
}
