//! `/health/test_connection`: a short question to a deployment that is not there yet, before it is stored. A real call: its
//! provider bills it.

use super::admin::body::{self, Field, Kind};
use super::admin::error::{AdminError, Problem};
use super::admin::models::NotADeployment;
use super::health::{Health, PROBE_SECONDS};
use crate::routing::stored::StoredModel;
use serde_json::{Map, Value, json};
use std::net::IpAddr;
use std::time::Duration;

/// What can be asked in a few words.
const MODES: &[&str] = &[
    "chat",
    "completion",
    "embedding",
    "rerank",
    "image_generation",
    "audio_speech",
    "audio_transcription",
    "moderation",
];

/// Fields of the body.
pub const FIELDS: &[Field] = &[
    ("litellm_params", Kind::Map),
    ("mode", Kind::OneOf(MODES)),
    ("model_info", Kind::Map),
    ("timeout", Kind::Number),
];

impl Health {
    /// Asks, and says what came of it: an answer of the provider that is an error is no error of ours.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Refused`] for parameters that are no deployment.
    pub async fn try_out(&self, body: &[u8], address: Option<IpAddr>) -> Result<Value, AdminError> {
        let asked = body::read(body, FIELDS)?;
        let map = |name: &str| asked.get(name).and_then(Value::as_object).cloned();
        let params = map("litellm_params").ok_or_else(|| Problem::missing(&["body", "litellm_params"]))?;
        let model = params.get("model").and_then(Value::as_str).map(str::to_owned);
        let model = model.ok_or_else(|| Problem::missing(&["body", "litellm_params", "model"]))?;
        let mut info = map("model_info").unwrap_or_default();
        if let Some(mode) = asked.get("mode").filter(|mode| !mode.is_null()) {
            info.insert("mode".to_owned(), mode.clone());
        }
        let mut told = Map::new();
        told.insert("model_name".to_owned(), model.as_str().into());
        told.insert("model_info".to_owned(), info.into());
        let stored = StoredModel::new("test-connection", params, told);
        let deployment = self.catalogue.deployment(&stored).map_err(|NotADeployment(why)| AdminError::Refused(why))?;
        let api_base = deployment.target().map(|target| target.api_base.clone());
        let seconds = asked.get("timeout").and_then(Value::as_f64).filter(|seconds| *seconds > 0.0);
        let wait = Duration::try_from_secs_f64(seconds.unwrap_or(PROBE_SECONDS).min(PROBE_SECONDS)).unwrap_or_default();
        let mut result = json!({"model": model, "api_base": api_base});
        let asked = self.calls.probe(deployment, wait, address).await;
        if let (Err(error), Some(result)) = (&asked, result.as_object_mut()) {
            result.insert("error".to_owned(), error.to_string().into());
        }
        Ok(json!({"status": if asked.is_ok() { "success" } else { "error" }, "result": result}))
    }
}
