//! The upstream request: address, credential, headers, and the body around them.

use super::abilities::Abilities;
use super::{body, embeddings, model_path};
use crate::api::chat::request::ChatRequest;
use crate::api::members::Members;
use crate::providers::extras;
use crate::providers::operation::Operation;
use crate::providers::parameters::admit::admit;
use crate::providers::provider::{Call, TransformError};
use crate::providers::target::Target;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request};

const API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
/// Models that were tuned stand in a collection of their own.
const TUNED: &str = "tunedModels/";

/// Builds the upstream request.
pub(super) fn build(mut call: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
    let mut client_headers = extras::client_headers(call.members)?;
    let overrides = extras::overrides(call.members, target)?;
    let overrides = Members::parse(&overrides).map_err(|error| extras::malformed(&error))?;
    extras::fill_in(call.members, &target.default_params)?;
    admit(&mut call, &target.profile, &target.model)?;
    let abilities = Abilities::of(&target.model, target.known.as_deref());
    let (body, method) = match call.operation {
        Operation::Chat => {
            let request = ChatRequest::read(call.members).map_err(extras::told)?;
            let written = body::write(&request, abilities, &overrides).map_err(extras::told)?;
            call.dropped.extend(written.dropped);
            (written.body, if call.stream { "streamGenerateContent?alt=sse" } else { "generateContent" })
        }
        Operation::Embedding => (embeddings::batch(&mut call, target)?, "batchEmbedContents"),
        Operation::Completion => {
            let reason = format!("`{}` has no such operation: ask for a chat.", target.provider);
            return Err(TransformError::Unsayable { reason });
        }
    };
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = Method::POST;
    let address = endpoint(&target.api_base, &target.model, abilities, method)?;
    *request.uri_mut() = address.parse().map_err(|error| setting("api_base", &error))?;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    client_headers.extend(extras::deployment_headers(target)?);
    headers.extend(client_headers);
    if let Some(key) = &target.api_key {
        let mut value = HeaderValue::try_from(key.expose()).map_err(|error| setting("api_key", &error))?;
        value.set_sensitive(true);
        headers.insert(API_KEY, value);
    }
    Ok(request)
}

/// The address of a method. A base without a path is the API's own host, to which the version is added.
fn endpoint(api_base: &str, model: &str, abilities: Abilities, method: &str) -> Result<String, TransformError> {
    let model = model_path::checked(model)?;
    let host = api_base.split_once("://").map_or(api_base, |(_, rest)| rest);
    let version = match (host.contains('/'), abilities.is_third_generation) {
        (true, _) => "",
        (false, true) => "/v1alpha",
        (false, false) => "/v1beta",
    };
    let collection = if model.starts_with(TUNED) { "" } else { "models/" };
    Ok(format!("{api_base}{version}/{collection}{model}:{method}"))
}

fn setting(setting: &'static str, error: &dyn std::error::Error) -> TransformError {
    TransformError::Setting { setting, reason: error.to_string() }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
