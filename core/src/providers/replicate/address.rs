//! Where a prediction is begun, and where it is asked after.

use crate::providers::failure::ProviderFailure;
use crate::providers::target::Target;
use http::Uri;

/// Where a prediction is begun.
pub(super) struct Place<'t> {
    pub(super) address: String,
    /// The version that the body names.
    pub(super) version: Option<&'t str>,
}

/// By the model's name: an operator's own deployment, one version of a model, or the model as its owner keeps it.
pub(super) fn begun(target: &Target) -> Place<'_> {
    let (base, model) = (base(target), target.model.as_str());
    if model.starts_with("deployments/") {
        return Place { address: format!("{base}/{model}/predictions"), version: None };
    }
    let version = model.split_once(':').map(|(_, version)| version);
    let version = version.or_else(|| is_version(model).then_some(model));
    let address = match version {
        Some(_) => format!("{base}/predictions"),
        None => format!("{base}/models/{model}/predictions"),
    };
    Place { address, version }
}

/// Below which address predictions are asked after. It is never the one that an answer names: the key goes to the
/// deployment's own address only.
pub(super) fn predictions(target: &Target) -> String {
    format!("{}/predictions", base(target))
}

/// Where a prediction is asked after.
pub(super) fn of_prediction(base: &str, id: &str) -> Result<Uri, ProviderFailure> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let uri = format!("{base}/{id}").parse().ok().filter(|_| !id.is_empty() && id.bytes().all(is_plain));
    uri.ok_or_else(|| ProviderFailure::malformed("the upstream gave its prediction an id that cannot be asked after"))
}

/// Where a prediction is cancelled: below where it is asked after.
/// <https://replicate.com/docs/reference/http#predictions.cancel>
pub(super) fn cancelled(prediction: &Uri) -> Option<Uri> {
    format!("{prediction}/cancel").parse().ok()
}

fn base(target: &Target) -> &str {
    target.api_base.trim_end_matches('/')
}

/// A version is the digest of a model.
fn is_version(model: &str) -> bool {
    model.len() == 64 && model.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::resolve::target_of;

    fn at(model: &str) -> (String, Option<String>) {
        let params = DeploymentParams { model: format!("replicate/{model}"), ..DeploymentParams::default() };
        let target = target_of(&params, &Environment::default()).unwrap();
        let place = begun(&target);
        (place.address, place.version.map(str::to_owned))
    }

    #[test]
    fn models_versions_and_deployments_have_their_places() {
        let base = "https://api.replicate.com/v1";
        assert_eq!(at("meta/llama-3"), (format!("{base}/models/meta/llama-3/predictions"), None));
        assert_eq!(at("deployments/me/mine"), (format!("{base}/deployments/me/mine/predictions"), None));
        let digest = "02e509c789964a7ea8736978a43525956ef40397be9033abf9fd2badfe68c9e3";
        let wanted = (format!("{base}/predictions"), Some(digest.to_owned()));
        assert_eq!(at(&format!("meta/llama-2-70b-chat:{digest}")), wanted);
        assert_eq!(at(digest), wanted);
    }

    #[test]
    fn an_id_cannot_lead_to_another_place() {
        assert_eq!(of_prediction("http://r.test/v1/predictions", "a1").unwrap(), "http://r.test/v1/predictions/a1");
        for id in ["", "../account", "a?b", "a/cancel", "a b"] {
            assert!(of_prediction("http://r.test/v1/predictions", id).is_err(), "{id}");
        }
    }
}
