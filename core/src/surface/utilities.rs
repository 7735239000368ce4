//! The routes that tell of a call without making it.

use super::admin_request::{Asked, read};
use super::error::{ErrorAnswer, kind_of};
use super::gate::Gate;
use crate::flow::utilities::{UtilityError, count_tokens, estimate_cost, transform_request};
use crate::providers::provider::TransformError;
use crate::routing::{LiveModels, ModelTable};
use axum::extract::Request;
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::Value;
use std::sync::Arc;

type Tell = fn(&ModelTable, &Asked) -> Result<Value, UtilityError>;

const ROUTES: [(&str, Tell); 3] = [
    ("/utils/token_counter", |models, asked| count_tokens(models, &asked.caller, &asked.body)),
    ("/utils/transform_request", |models, asked| transform_request(models, &asked.caller, &asked.body)),
    ("/cost/estimate", |models, asked| estimate_cost(models, &asked.caller, &asked.body, asked.now)),
];

/// The routes.
pub(super) fn routes(models: &Arc<LiveModels>, gate: &Gate, body_bytes_max: usize) -> Router {
    ROUTES.into_iter().fold(Router::new(), |router, (path, tell)| {
        let (models, gate) = (Arc::clone(models), gate.clone());
        let answer = move |request: Request| {
            let (models, gate) = (Arc::clone(&models), gate.clone());
            async move {
                let asked = read(request, &gate, body_bytes_max).await?;
                Ok::<_, ErrorAnswer>(Json(tell(&models.now(), &asked)?))
            }
        };
        router.route(path, post(answer))
    })
}

impl From<UtilityError> for ErrorAnswer {
    fn from(error: UtilityError) -> Self {
        let status = match &error {
            UtilityError::UnknownModel(_) => StatusCode::NOT_FOUND,
            UtilityError::Transform(TransformError::Setting { .. }) => StatusCode::INTERNAL_SERVER_ERROR,
            UtilityError::Body(_) | UtilityError::Nothing | UtilityError::Transform(_) => StatusCode::BAD_REQUEST,
        };
        Self::new(status, kind_of(status), error.to_string())
    }
}
