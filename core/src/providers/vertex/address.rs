//! Where each method of a model is called.

use crate::providers::gemini::model_path;
use crate::providers::provider::TransformError;
use crate::providers::target::Target;

/// The ending of the name of a tuned model, which is an endpoint of the project's own.
const TUNED: &str = "gemini/";

/// The address of a method of a publisher's model. A base that ends with a location is completed; any other is the
/// model's own address.
pub(super) fn method(target: &Target, publisher: &str, method: &str) -> Result<String, TransformError> {
    let base = &target.api_base;
    if !ends_with_location(base) {
        return Ok(format!("{base}:{method}"));
    }
    let model = model_path::checked(&target.model)?;
    Ok(match model.strip_prefix(TUNED) {
        Some(endpoint) => format!("{base}/endpoints/{endpoint}:{method}"),
        None => format!("{base}/publishers/{publisher}/models/{model}:{method}"),
    })
}

fn ends_with_location(base: &str) -> bool {
    let mut parts = base.rsplit('/');
    parts.next().is_some_and(|location| !location.is_empty()) && parts.next() == Some("locations")
}

/// The same address in the version of the API that is not final yet, where some publishers' models stand.
pub(super) fn in_beta(address: &str) -> String {
    address.replacen("/v1/projects/", "/v1beta1/projects/", 1)
}

/// The project of a base, and what stands before the version of its API.
pub(super) fn host_and_project(base: &str) -> Option<(&str, &str)> {
    let (host, rest) = base.split_once("/v1/projects/")?;
    Some((host, rest.split('/').next()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::resolve::target_of;
    use serde_json::json;

    fn target(model: &str, base: &str) -> Target {
        let params = json!({"model": format!("vertex_ai/{model}"), "api_base": base, "vertex_project": "p"});
        let params: DeploymentParams = serde_json::from_value(params).unwrap();
        target_of(&params, &Environment::default()).unwrap()
    }

    #[test]
    fn a_method_stands_behind_its_model() {
        let at = |model: &str, base: &str| method(&target(model, base), "google", "generateContent").unwrap();
        let place = "https://v.test/v1/projects/p/locations/us-central1";
        let model = format!("{place}/publishers/google/models/gemini-2.5-pro:generateContent");
        assert_eq!(at("gemini-2.5-pro", "https://v.test"), model);
        assert_eq!(at("gemini/123", "https://v.test"), format!("{place}/endpoints/123:generateContent"));
        assert_eq!(at("gemini-2.5-pro", "https://v.test/mine"), "https://v.test/mine:generateContent");
        assert!(method(&target("x?y", "https://v.test"), "google", "m").is_err());
    }

    #[test]
    fn host_and_project_are_found_in_a_base() {
        assert_eq!(host_and_project("https://v.test/v1/projects/p/locations/l"), Some(("https://v.test", "p")));
        assert_eq!(in_beta("https://v.test/v1/projects/p"), "https://v.test/v1beta1/projects/p");
    }
}
