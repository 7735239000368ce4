//! What surrounds a request's body in every dialect of its own: the deployment's defaults, members that win over the
//! request's, headers and the credential. Knows no dialect.

use super::outgoing;
pub(super) use super::outgoing::{bare_post as post, credential, deployment_headers, setting};
use super::provider::TransformError;
use super::target::Target;
use crate::api::chat::invalid::InvalidMember;
use crate::api::members::{Members, raw};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::collections::BTreeMap;

/// Headers that a client may not set: they hold credentials, or belong to the connection.
const GUARDED: [&str; 9] = [
    "authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "x-goog-user-project",
    "host",
    "content-length",
    "connection",
    "transfer-encoding",
];

/// What a request says beside what its dialect says.
#[derive(Debug)]
pub struct Extras {
    /// The client's `extra_headers`, without those that it may not set.
    pub headers: HeaderMap,
    overrides: Vec<u8>,
}

impl Extras {
    /// Takes them out of the members, and adds the deployment's values for what the request does not say. Members that
    /// are `null` are left out: they mean the same as absent ones.
    ///
    /// # Errors
    /// [`TransformError::Member`]: `extra_headers` or `extra_body` is none.
    pub fn take(members: &mut Members<'_>, target: &Target) -> Result<Self, TransformError> {
        let extras = Self::split_off(members, target)?;
        outgoing::fill_in(members, target)?;
        Ok(extras)
    }

    /// Takes them out of the members, and adds nothing.
    ///
    /// # Errors
    /// As [`Extras::take`].
    pub fn split_off(members: &mut Members<'_>, target: &Target) -> Result<Self, TransformError> {
        Ok(Self { headers: client_headers(members)?, overrides: overrides(members, target)? })
    }

    /// Members that win over the request's: the client's `extra_body`, and over it the deployment's.
    ///
    /// # Errors
    /// None: they are an object.
    pub fn overrides(&self) -> Result<Members<'_>, TransformError> {
        Members::parse(&self.overrides).map_err(|error| unwritable(&error))
    }
}

/// Sets the client's headers, over them the deployment's, and over both the key as a bearer token.
///
/// # Errors
/// [`TransformError::Setting`]: the deployment's headers or its key cannot be sent.
pub fn set_headers(headers: &mut HeaderMap, client: HeaderMap, target: &Target) -> Result<(), TransformError> {
    for (name, value) in &client {
        headers.insert(name.clone(), value.clone());
    }
    outgoing::add_headers(headers, target)?;
    if let Some(key) = &target.api_key {
        headers.insert(AUTHORIZATION, credential("Bearer ", key)?);
    }
    Ok(())
}

/// A request that cannot be written.
pub fn unwritable(error: &serde_json::Error) -> TransformError {
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

fn overrides(members: &mut Members<'_>, target: &Target) -> Result<Vec<u8>, TransformError> {
    let extra = members.take("extra_body").filter(|extra| extra.get() != "null");
    let text = extra.as_ref().map_or("{}", |extra| extra.get());
    let mut merged = Members::parse(text.as_bytes()).map_err(|_| TransformError::Member {
        member: "extra_body",
        reason: "'extra_body' must be an object.".to_owned(),
    })?;
    for (name, value) in &target.extra_body {
        merged.set(name, raw(value).map_err(|error| unwritable(&error))?);
    }
    Ok(merged.to_json())
}

fn client_headers(members: &mut Members<'_>) -> Result<HeaderMap, TransformError> {
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
