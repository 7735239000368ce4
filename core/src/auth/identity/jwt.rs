//! A signed token in its compact form, and what makes it count: a key of the issuer signed it, it has not ended, it has
//! begun, and it is from and for whom it must be.
//!
//! Wire formats: RFC 7515 section 7.1, RFC 7519 section 4.1.

use super::error::TokenError;
use super::jwk::{Algorithm, IssuerKey};
use crate::clock::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

/// How far the issuer's clock and ours may be apart, in milliseconds.
pub const LEEWAY_MILLIS: i64 = 10_000;
/// Latest end that is told apart from no end: 9999.
const SECONDS_MAX: f64 = 253_402_300_799.0;

/// What tokens must be from and for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Issuers; empty: any whose key signed.
    pub issuers: Vec<String>,
    /// Audiences; empty: any.
    pub audiences: Vec<String>,
}

/// A token, read and not yet believed.
#[derive(Debug)]
pub struct Jwt<'t> {
    /// How it says that it is signed.
    pub algorithm: Algorithm,
    /// The key that it names.
    pub key_id: Option<String>,
    message: &'t str,
    payload: &'t str,
    signature: Vec<u8>,
}

/// What a token says that counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    /// All of it.
    pub all: Map<String, Value>,
    /// When it ends.
    pub ends: Timestamp,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    /// Extensions that a reader must know. None is known here.
    #[serde(default)]
    crit: Option<Value>,
}

/// Whether a text has the form of a token: three parts between dots.
pub fn has_form(text: &str) -> bool {
    let mut parts = text.split('.');
    let three = [parts.next(), parts.next(), parts.next()];
    parts.next().is_none() && three.iter().all(|part| part.is_some_and(|part| !part.is_empty()))
}

impl<'t> Jwt<'t> {
    /// Reads a token.
    ///
    /// # Errors
    /// [`TokenError::Malformed`], [`TokenError::Algorithm`].
    pub fn read(text: &'t str) -> Result<Self, TokenError> {
        let (message, signature) = text.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
        if payload.contains('.') {
            return Err(TokenError::Malformed);
        }
        let header: Header = json(header)?;
        if header.crit.is_some() {
            return Err(TokenError::Malformed);
        }
        let algorithm = Algorithm::named(&header.alg).ok_or(TokenError::Algorithm)?;
        let signature = decoded(signature)?;
        Ok(Self { algorithm, key_id: header.kid, message, payload, signature })
    }

    /// What the token says, where `key` signed it and it counts at `now`.
    ///
    /// # Errors
    /// [`TokenError`] says what is wrong with it.
    pub fn claims(&self, key: &IssuerKey, expected: &Expected, now: Timestamp) -> Result<Claims, TokenError> {
        if !key.signed(self.algorithm, self.message.as_bytes(), &self.signature) {
            return Err(TokenError::Signature);
        }
        let all: Map<String, Value> = json(self.payload)?;
        let ends = instant(&all, "exp")?.ok_or(TokenError::Endless)?;
        if ends.plus_millis(LEEWAY_MILLIS) <= now {
            return Err(TokenError::Expired);
        }
        if instant(&all, "nbf")?.is_some_and(|begins| begins.plus_millis(-LEEWAY_MILLIS) > now) {
            return Err(TokenError::NotYet);
        }
        if !expected.issuers.is_empty() && !names_one_of(&all, "iss", &expected.issuers) {
            return Err(TokenError::Issuer);
        }
        if !expected.audiences.is_empty() && !names_one_of(&all, "aud", &expected.audiences) {
            return Err(TokenError::Audience);
        }
        Ok(Claims { all, ends })
    }
}

/// Whether a claim is one of these, or has one of them where it may be a list: audiences are several.
pub(super) fn names_one_of(claims: &Map<String, Value>, claim: &str, wanted: &[String]) -> bool {
    match claims.get(claim) {
        Some(Value::String(said)) => wanted.contains(said),
        Some(Value::Array(list)) if claim == "aud" => {
            list.iter().filter_map(Value::as_str).any(|said| wanted.iter().any(|wanted| wanted == said))
        }
        _ => false,
    }
}

fn decoded(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)
}

fn json<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, TokenError> {
    serde_json::from_slice(&decoded(part)?).map_err(|_| TokenError::Malformed)
}

/// A time of the token, in seconds since 1970.
fn instant(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, TokenError> {
    let Some(value) = claims.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let seconds = value.as_f64().filter(|seconds| (0.0..=SECONDS_MAX).contains(seconds));
    let seconds = seconds.ok_or(TokenError::Malformed)?;
    Ok(Some(Timestamp::from_millis((seconds * 1000.0) as i64)))
}
