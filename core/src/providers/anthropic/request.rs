//! The upstream request: address, credential, headers, and the body around them.

use super::abilities::Abilities;
use super::body::{self, Surroundings};
use super::parameters;
use crate::api::chat::request::ChatRequest;
use crate::providers::envelope::{self, Extras, credential, deployment_headers, setting, told};
use crate::providers::operation::Operation;
use crate::providers::parameters::admit::admit;
use crate::providers::provider::{Call, TransformError};
use crate::providers::target::{KeyHeader, Target};
use crate::secret::Secret;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use std::borrow::Cow;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const AZURE_API_KEY: HeaderName = HeaderName::from_static("api-key");
const VERSION: HeaderName = HeaderName::from_static("anthropic-version");
const BETA: HeaderName = HeaderName::from_static("anthropic-beta");
/// The version of the API whose wire format is spoken here.
const API_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");
/// How the token of a signed-in person begins, in contrast to a key.
const SIGNED_IN: &str = "sk-ant-oat";
const SIGNED_IN_BETA: &str = "oauth-2025-04-20";

/// Builds the upstream request.
pub(super) fn build(mut call: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
    if call.operation != Operation::Chat {
        let reason = format!("`{}` has no such operation: it only chats.", target.provider);
        return Err(TransformError::Unsayable { reason });
    }
    let extras = Extras::take(call.members, target)?;
    let overrides = extras.overrides()?;
    admit(&mut call, &target.profile, &target.model)?;
    let Call { members, stream, policy, dropped, .. } = call;
    let abilities = Abilities::of(&target.model, target.known.as_deref());
    let mut request = ChatRequest::read(members).map_err(told)?;
    parameters::settle(&mut request, (abilities, target), policy, dropped)?;
    let around = Surroundings { model: Some(&target.model), stream, overrides: &overrides };
    let written = body::write(&request, abilities, &around).map_err(told)?;
    dropped.extend(written.dropped.into_iter().map(Cow::Borrowed));
    let mut request = envelope::post(&endpoint(&target.api_base), written.body)?;
    set_headers(request.headers_mut(), target, &written.betas, &extras.headers)?;
    Ok(request)
}

pub(super) fn set_headers(
    headers: &mut HeaderMap,
    target: &Target,
    betas: &[&'static str],
    client: &HeaderMap,
) -> Result<(), TransformError> {
    headers.insert(VERSION, API_VERSION);
    let mut betas: Vec<String> = betas.iter().map(|beta| (*beta).to_owned()).collect();
    for (name, value) in client {
        set_extra(headers, &mut betas, name.clone(), value.clone());
    }
    for (name, value) in deployment_headers(target)? {
        set_extra(headers, &mut betas, name, value);
    }
    if let Some(key) = &target.api_key {
        set_key(headers, &mut betas, (key, target.key_header))?;
    }
    if !betas.is_empty() {
        let mut once: Vec<&str> = Vec::with_capacity(betas.len());
        for beta in betas.iter().map(String::as_str) {
            if !once.contains(&beta) {
                once.push(beta);
            }
        }
        headers.insert(BETA, once.join(",").parse().map_err(|error| setting("extra_headers", &error))?);
    }
    Ok(())
}

/// A header of the client's or the deployment's. Features add up; any other header takes the place of ours.
fn set_extra(headers: &mut HeaderMap, betas: &mut Vec<String>, name: HeaderName, value: HeaderValue) {
    match value.to_str() {
        Ok(list) if name == BETA => betas.extend(list.split(',').map(|beta| beta.trim().to_owned())),
        _ => {
            headers.insert(name, value);
        }
    }
}

/// A key has a header of its own; the token of a signed-in person is a bearer token, and a feature. Azure, which serves
/// Claude too, calls the header by its own name, and takes Anthropic's for it.
fn set_key(
    headers: &mut HeaderMap,
    betas: &mut Vec<String>,
    (key, header): (&Secret, KeyHeader),
) -> Result<(), TransformError> {
    if key.expose().starts_with(SIGNED_IN) {
        betas.push(SIGNED_IN_BETA.to_owned());
        headers.insert(AUTHORIZATION, credential("Bearer ", key)?);
        return Ok(());
    }
    headers.insert(API_KEY, credential("", key)?);
    if header == KeyHeader::ApiKey {
        headers.insert(AZURE_API_KEY, credential("", key)?);
    }
    Ok(())
}

/// The address of messages, whichever part of it the base has already. It goes before the base's query.
pub(super) fn endpoint(api_base: &str) -> String {
    let (base, query) = api_base.split_once('?').map_or((api_base, None), |(base, query)| (base, Some(query)));
    let base = base.trim_end_matches('/');
    let joined = if base.ends_with("/v1/messages") {
        base.to_owned()
    } else if base.ends_with("/v1") {
        format!("{base}/messages")
    } else {
        format!("{base}/v1/messages")
    };
    match query {
        Some(query) => format!("{joined}?{query}"),
        None => joined,
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
