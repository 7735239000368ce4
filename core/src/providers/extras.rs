//! What stands beside a request, the same for every provider that writes its own: the client's and the deployment's extra
//! members and headers, values for what the request does not say, and how its faults are told.

use super::provider::TransformError;
use super::target::Target;
use crate::api::chat::invalid::InvalidMember;
use crate::api::members::{Members, raw};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Headers that a client may not set: they hold credentials, or belong to the connection.
const GUARDED: [&str; 9] = [
    "authorization",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "x-goog-user-project",
    "host",
    "content-length",
    "connection",
    "transfer-encoding",
];

/// Takes out members that are `null`, and adds the deployment's values for what the request does not say.
///
/// # Errors
/// [`TransformError::Unsayable`]: a value of the deployment is no JSON.
pub fn fill_in(members: &mut Members<'_>, defaults: &Map<String, Value>) -> Result<(), TransformError> {
    members.retain(|_, value| value.get() != "null");
    for (name, value) in defaults {
        if !members.has(name) {
            members.set(name.clone(), raw(value).map_err(|error| malformed(&error))?);
        }
    }
    Ok(())
}

/// Members that win over the request's, as JSON: the client's `extra_body`, and over it the deployment's.
///
/// # Errors
/// [`TransformError::Member`]: `extra_body` is no object.
pub fn overrides(members: &mut Members<'_>, target: &Target) -> Result<Vec<u8>, TransformError> {
    let extra = members.take("extra_body").filter(|extra| extra.get() != "null");
    let text = extra.as_ref().map_or("{}", |extra| extra.get());
    let mut merged = Members::parse(text.as_bytes()).map_err(|_| TransformError::Member {
        member: "extra_body",
        reason: "'extra_body' must be an object.".to_owned(),
    })?;
    for (name, value) in &target.extra_body {
        merged.set(name, raw(value).map_err(|error| malformed(&error))?);
    }
    Ok(merged.to_json())
}

/// The client's `extra_headers`, without those that it may not set.
///
/// # Errors
/// [`TransformError::Member`]: they are none.
pub fn client_headers(members: &mut Members<'_>) -> Result<HeaderMap, TransformError> {
    let unfit = || TransformError::Member {
        member: "extra_headers",
        reason: "'extra_headers' must be an object of header names and texts.".to_owned(),
    };
    let Some(extra) = members.take("extra_headers").filter(|extra| extra.get() != "null") else {
        return Ok(HeaderMap::new());
    };
    let pairs: BTreeMap<String, String> = serde_json::from_str(extra.get()).map_err(|_| unfit())?;
    let allowed = pairs.iter().filter(|(name, _)| !GUARDED.contains(&name.to_ascii_lowercase().as_str()));
    allowed
        .map(|(name, value)| {
            Ok((HeaderName::try_from(name).map_err(|_| unfit())?, HeaderValue::try_from(value).map_err(|_| unfit())?))
        })
        .collect()
}

/// The deployment's `extra_headers`.
///
/// # Errors
/// [`TransformError::Setting`]: they are none.
pub fn deployment_headers(target: &Target) -> Result<HeaderMap, TransformError> {
    let unfit = |reason: String| TransformError::Setting { setting: "extra_headers", reason };
    let pairs = target.extra_headers.iter();
    pairs
        .map(|(name, value)| {
            let name = HeaderName::try_from(name).map_err(|error| unfit(error.to_string()))?;
            Ok((name, HeaderValue::try_from(value).map_err(|error| unfit(error.to_string()))?))
        })
        .collect()
}

/// A value that is no JSON. None that was read from JSON is.
pub fn malformed(error: &serde_json::Error) -> TransformError {
    TransformError::Unsayable { reason: error.to_string() }
}

/// What is wrong with a message is told of the request as a whole, by its place; what is wrong with a parameter, of it.
pub fn told(error: InvalidMember) -> TransformError {
    let reason = error.to_string();
    match error.member {
        "messages" => TransformError::Unsayable { reason },
        member => TransformError::Member { member, reason },
    }
}
