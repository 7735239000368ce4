//! The routes that tell of a call without making it, and of models.

use super::admin_request::{Asked, read};
use super::error::{ErrorAnswer, kind_of};
use super::gate::{Gate, named};
use crate::flow::model_credential::credential_of_model;
use crate::flow::model_group::{calculate, model_groups, supported_parameters};
use crate::flow::utilities::{UtilityError, count_tokens, estimate_cost, transform_request};
use crate::providers::provider::TransformError;
use crate::routing::{LiveModels, ModelTable};
use axum::extract::Request;
use axum::routing::{MethodFilter, on};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

type Tell = fn(&ModelTable, &Asked) -> Result<Value, UtilityError>;

pub(super) const ROUTES: [(MethodFilter, &str, Tell); 8] = [
    (MethodFilter::POST, "/utils/token_counter", |models, asked| count_tokens(models, &asked.caller, &asked.body)),
    (MethodFilter::POST, "/utils/transform_request", |models, asked| {
        transform_request(models, &asked.caller, &asked.body)
    }),
    (MethodFilter::POST, "/cost/estimate", |models, asked| {
        estimate_cost(models, &asked.caller, &asked.body, asked.now)
    }),
    (MethodFilter::POST, "/spend/calculate", |models, asked| calculate(models, &asked.caller, &asked.body, asked.now)),
    (MethodFilter::GET, "/model_group/info", |models, asked| {
        Ok(model_groups(models, &asked.caller, asked.params.text("model_group")))
    }),
    (MethodFilter::GET, "/utils/supported_openai_params", |models, asked| {
        let model = asked.params.text("model");
        let model = model.ok_or_else(|| UtilityError::Body("`model` is missing".to_owned()))?;
        supported_parameters(models, &asked.caller, model)
    }),
    (MethodFilter::GET, "/credentials/by_model/{*key}", |models, asked| credential_of_model(models, &asked.key)),
    (MethodFilter::GET, "/test", |_, _| Ok(json!({"route": "/test"}))),
];

/// The routes.
pub(super) fn routes(models: &Arc<LiveModels>, gate: &Gate, body_bytes_max: usize) -> Router {
    ROUTES.into_iter().fold(Router::new(), |router, (method, path, tell)| {
        let (models, gate) = (Arc::clone(models), gate.clone());
        let answer = move |request: Request| {
            let (models, gate) = (Arc::clone(&models), gate.clone());
            async move {
                let asked = read(request, (&gate, (named(method), path)), body_bytes_max).await?;
                Ok::<_, ErrorAnswer>(Json(tell(&models.now(), &asked)?))
            }
        };
        router.route(path, on(method, answer))
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
