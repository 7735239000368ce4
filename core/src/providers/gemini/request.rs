//! The upstream request: address, credential, headers, and the body around them.

use super::abilities::Abilities;
use super::{body, embeddings, imagen, model_path};
use crate::api::chat::request::ChatRequest;
use crate::providers::envelope::{self, Extras, credential, deployment_headers, told};
use crate::providers::operation::Operation;
use crate::providers::parameters::admit::admit;
use crate::providers::provider::{Call, TransformError};
use crate::providers::target::Target;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Request};

const API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
/// As LiteLLM says it of embeddings.
const JSON_IN_UTF8: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
/// Models that were tuned stand in a collection of their own.
const TUNED: &str = "tunedModels/";

/// Builds the upstream request.
pub(super) fn build(mut call: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
    let extras = Extras::take(call.members, target)?;
    let overrides = extras.overrides()?;
    admit(&mut call, &target.profile, &target.model)?;
    let abilities = Abilities::of(&target.model, target.known.as_deref());
    let (body, method) = match call.operation {
        Operation::Chat => {
            let request = ChatRequest::read(call.members).map_err(told)?;
            let written = body::write(&request, abilities, &overrides).map_err(told)?;
            call.dropped.extend(written.dropped);
            (written.body, if call.stream { "streamGenerateContent?alt=sse" } else { "generateContent" })
        }
        Operation::Embedding => (embeddings::batch(&mut call, target)?, "batchEmbedContents"),
        Operation::ImageGeneration if imagen::draws(&target.model) => {
            (imagen::write(call.members, &overrides, true)?, imagen::METHOD)
        }
        _ => {
            let reason = format!("`{}` has no such operation: ask for a chat.", target.provider);
            return Err(TransformError::Unsayable { reason });
        }
    };
    let mut request = envelope::post(&endpoint(&target.api_base, &target.model, abilities, method)?, body)?;
    let headers = request.headers_mut();
    if call.operation == Operation::Embedding {
        headers.insert(CONTENT_TYPE, JSON_IN_UTF8);
    }
    headers.extend(extras.headers.clone());
    headers.extend(deployment_headers(target)?);
    if let Some(key) = &target.api_key {
        headers.insert(API_KEY, credential("", key)?);
    }
    Ok(request)
}

/// The address of a method that a client of this dialect calls.
pub(in crate::providers) fn content_address(target: &Target, method: &str) -> Result<String, TransformError> {
    let abilities = Abilities::of(&target.model, target.known.as_deref());
    endpoint(&target.api_base, &target.model, abilities, method)
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

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
