//! Where an operation is called: a model, or a deployment that somebody made of one, and a version of the API.

use crate::providers::target::Target;

/// The version of the API where nobody says one.
const VERSION: &str = "2024-03-13";
/// What a model's name begins with that is a deployment.
const DEPLOYMENT: &str = "deployment/";

/// The name of a deployment; `None` for a model.
pub(super) fn deployment(model: &str) -> Option<&str> {
    model.strip_prefix(DEPLOYMENT)
}

/// The address of an operation such as `text/chat`.
pub(super) fn endpoint(target: &Target, operation: &str) -> String {
    let base = target.api_base.trim_end_matches('/');
    let version = target.api_version.as_deref().unwrap_or(VERSION);
    match deployment(&target.model) {
        Some(name) => format!("{base}/ml/v1/deployments/{name}/{operation}?version={version}"),
        None => format!("{base}/ml/v1/{operation}?version={version}"),
    }
}
