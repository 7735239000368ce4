//! What every request to an upstream carries, whatever the dialect: the deployment's defaults, members that win over all
//! others, the credential and the deployment's headers.

use super::provider::TransformError;
use super::target::{KeyHeader, Target};
use crate::api::members::{Members, raw};
use crate::secret::Secret;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use serde_json::value::RawValue;
use std::borrow::Cow;

const API_KEY: HeaderName = HeaderName::from_static("api-key");

/// A value as a raw member.
///
/// # Errors
/// [`TransformError::Member`]; none for types that JSON has.
pub(super) fn member(value: &impl serde::Serialize, name: &'static str) -> Result<Box<RawValue>, TransformError> {
    raw(value).map_err(|error| unwritable(name, &error))
}

/// Bytes that are JSON as a raw member.
///
/// # Errors
/// [`TransformError::Member`]: they are none.
pub(super) fn into_raw(json: Vec<u8>, name: &'static str) -> Result<Box<RawValue>, TransformError> {
    let text = String::from_utf8(json).map_err(|error| unwritable(name, &error))?;
    RawValue::from_string(text).map_err(|error| unwritable(name, &error))
}

/// The error of a member that cannot be written.
pub(super) fn unwritable(member: &'static str, error: &dyn std::error::Error) -> TransformError {
    TransformError::Member { member, reason: error.to_string() }
}

/// Takes out what is `null`, which means the same as absent and some upstreams refuse, and adds the deployment's values
/// for what the request does not say.
///
/// # Errors
/// [`TransformError::Member`]; none for settings that were read from JSON.
pub(super) fn fill_in(members: &mut Members<'_>, target: &Target) -> Result<(), TransformError> {
    members.retain(|_, value| value.get() != "null");
    for (name, value) in &target.default_params {
        if members.get(name).is_none() {
            members.set(name.clone(), member(value, "extra_body")?);
        }
    }
    Ok(())
}

/// Adds the client's `extra_body`, then the deployment's.
///
/// # Errors
/// [`TransformError::Member`]: the client's is no object.
pub(super) fn add_extra_body(
    members: &mut Members<'_>,
    target: &Target,
    extra_body: Option<Cow<'_, RawValue>>,
) -> Result<(), TransformError> {
    if let Some(extra_body) = extra_body.filter(|extra_body| extra_body.get() != "null") {
        let extra = Members::parse(extra_body.get().as_bytes()).map_err(|_| TransformError::Member {
            member: "extra_body",
            reason: "'extra_body' must be an object.".to_owned(),
        })?;
        members.set_all(&extra);
    }
    for (name, value) in &target.extra_body {
        members.set(name.clone(), member(value, "extra_body")?);
    }
    Ok(())
}

/// A request with a JSON body, the deployment's credential and its headers.
///
/// # Errors
/// [`TransformError::Setting`]: the address, the key or a header of the deployment cannot be sent.
pub(super) fn post(target: &Target, address: &str, body: Vec<u8>) -> Result<Request<Bytes>, TransformError> {
    let mut request = bare_post(address, body)?;
    if let Some(key) = &target.api_key {
        let (name, value) = match target.key_header {
            KeyHeader::Bearer => (AUTHORIZATION, credential("Bearer ", key)?),
            KeyHeader::ApiKey => (API_KEY, credential("", key)?),
        };
        request.headers_mut().insert(name, value);
    }
    Ok(request)
}

/// A request with a JSON body, without a credential yet.
///
/// # Errors
/// [`TransformError::Setting`]: the address is none.
pub(super) fn bare_post(address: &str, body: Vec<u8>) -> Result<Request<Bytes>, TransformError> {
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = address.parse().map_err(|error| setting("api_base", &error))?;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    Ok(request)
}

/// A key as a header's value, behind the word for its kind. It is not shown in logs.
///
/// # Errors
/// [`TransformError::Setting`]: it holds bytes that a header cannot carry.
pub(super) fn credential(kind: &str, key: &Secret) -> Result<HeaderValue, TransformError> {
    let value = HeaderValue::try_from(format!("{kind}{}", key.expose()));
    let mut value = value.map_err(|error| setting("api_key", &error))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Adds the deployment's own headers. They win over all others.
///
/// # Errors
/// [`TransformError::Setting`]: one cannot be sent.
pub(super) fn add_headers(headers: &mut HeaderMap, target: &Target) -> Result<(), TransformError> {
    headers.extend(deployment_headers(target)?);
    Ok(())
}

/// The deployment's `extra_headers`.
///
/// # Errors
/// [`TransformError::Setting`]: one of them is no header.
pub(super) fn deployment_headers(target: &Target) -> Result<Vec<(HeaderName, HeaderValue)>, TransformError> {
    let header = |(name, value): &(String, String)| {
        let name = HeaderName::try_from(name).map_err(|error| setting("extra_headers", &error))?;
        let value = HeaderValue::try_from(value).map_err(|error| setting("extra_headers", &error))?;
        Ok((name, value))
    };
    target.extra_headers.iter().map(header).collect()
}

/// The error of a setting that cannot be sent.
pub(super) fn setting(setting: &'static str, error: &dyn std::error::Error) -> TransformError {
    TransformError::Setting { setting, reason: error.to_string() }
}

/// The base with this path behind it, before the base's query. A base that ends with the path already stays.
pub(super) fn below(base: &str, path: &str) -> String {
    let (base, query) = base.split_once('?').map_or((base, None), |(base, query)| (base, Some(query)));
    let base = base.trim_end_matches('/');
    let joined = if base.ends_with(path) { base.to_owned() } else { format!("{base}{path}") };
    match query {
        Some(query) => format!("{joined}?{query}"),
        None => joined,
    }
}
