//! The routes that tell which models there are.

use super::client_address::Asker;
use super::error::ErrorAnswer;
use super::gate::Gate;
use crate::flow::admin::params::Params;
use crate::flow::model_info::{model_info, model_info_page};
use crate::flow::models::{list_models, model_card};
use crate::routing::LiveModels;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone)]
struct ModelSurface {
    models: Arc<LiveModels>,
    gate: Gate,
}

/// The routes.
pub(super) fn routes(models: Arc<LiveModels>, gate: Gate) -> Router {
    Router::new()
        .route("/v1/models", get(list))
        .route("/models", get(list))
        .route("/v1/models/{*id}", get(one))
        .route("/models/{*id}", get(one))
        .with_state(ModelSurface { models, gate })
}

/// The routes that show deployments; for the admin function.
pub(super) fn info_routes(models: Arc<LiveModels>, gate: Gate) -> Router {
    Router::new()
        .route("/model/info", get(info))
        .route("/v1/model/info", get(info))
        .route("/v2/model/info", get(info_page))
        .with_state(ModelSurface { models, gate })
}

async fn list(State(surface): State<ModelSurface>, asker: Asker) -> Result<Json<Value>, ErrorAnswer> {
    let caller = surface.gate.admit(asker.told(), ("GET", "/v1/models")).await?;
    Ok(Json(list_models(&surface.models.now(), &caller)))
}

async fn one(
    State(surface): State<ModelSurface>,
    Path(id): Path<String>,
    asker: Asker,
) -> Result<Json<Value>, Response> {
    let caller = surface.gate.admit(asker.told(), ("GET", "/v1/models")).await.map_err(IntoResponse::into_response)?;
    model_card(&surface.models.now(), &caller, &id).map(Json).ok_or_else(|| {
        let message = format!("The model `{id}` does not exist or you do not have access to it.");
        let answer = ErrorAnswer::new(StatusCode::NOT_FOUND, "invalid_request_error", message).param("model");
        ErrorAnswer { code: Some("model_not_found"), ..answer }.into_response()
    })
}

async fn info(
    State(surface): State<ModelSurface>,
    Query(asked): Query<Vec<(String, String)>>,
    asker: Asker,
) -> Result<Json<Value>, ErrorAnswer> {
    let caller = surface.gate.admit(asker.told(), ("GET", "/model/info")).await?;
    Ok(Json(model_info(&surface.models.now(), &caller, Params::new(asked).text("litellm_model_id"))))
}

async fn info_page(
    State(surface): State<ModelSurface>,
    Query(asked): Query<Vec<(String, String)>>,
    asker: Asker,
) -> Result<Json<Value>, ErrorAnswer> {
    let caller = surface.gate.admit(asker.told(), ("GET", "/v2/model/info")).await?;
    Ok(Json(model_info_page(&surface.models.now(), &caller, &Params::new(asked))?))
}
