//! Asks a token endpoint: a form goes there, a token and its seconds to live come back.
//!
//! Wire format: RFC 6749, sections 4.4 and 5.

use super::error::IdentityError;
use super::tokens::Token;
use crate::clock::Timestamp;
use crate::secret::Secret;
use crate::upstream::transport::{Bounds, Transport, TransportError, UpstreamBody};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use serde::Deserialize;
use std::time::Duration;

/// Longest wait for a token. The call that needs it waits as well.
const TOKEN_WAIT: Duration = Duration::from_secs(10);
/// Most bytes of an answer: tokens have a few kilobytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// How much of a refusal is told.
const REASON_CHARACTERS_MAX: usize = 300;
/// How long a token is good for where its giver does not say.
const SECONDS_UNSAID: i64 = 3600;

#[derive(Deserialize)]
struct Given {
    access_token: Secret,
    #[serde(default)]
    expires_in: Option<Seconds>,
}

/// Some givers write the number as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(i64),
    Text(String),
}

impl Seconds {
    fn value(&self) -> Option<i64> {
        match self {
            Self::Number(seconds) => Some(*seconds),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

/// Exchanges what the form shows for a token.
pub(super) async fn exchange(
    transport: &dyn Transport,
    address: &str,
    form: &[(&str, &str)],
    now: Timestamp,
) -> Result<Token, IdentityError> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = address.parse().map_err(|_| IdentityError::Setting {
        setting: "token address",
        reason: format!("`{address}` is no address"),
    })?;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    asked(transport, request, address, now).await
}

/// Sends a request that a token answers.
pub(super) async fn asked(
    transport: &dyn Transport,
    request: Request<Bytes>,
    address: &str,
    now: Timestamp,
) -> Result<Token, IdentityError> {
    let bounds = Bounds { first_byte: TOKEN_WAIT, between_chunks: TOKEN_WAIT, total: TOKEN_WAIT };
    let unreachable = |cause| IdentityError::Unreachable { place: address.to_owned(), cause };
    let answer = transport.send(request, bounds).await.map_err(unreachable)?;
    let (head, body) = answer.into_parts();
    let body = collect(body).await.map_err(unreachable)?;
    if !head.status.is_success() {
        let reason = String::from_utf8_lossy(&body).chars().take(REASON_CHARACTERS_MAX).collect();
        return Err(IdentityError::Refused { place: address.to_owned(), status: head.status.as_u16(), reason });
    }
    let given: Given = serde_json::from_slice(&body)
        .map_err(|error| unreachable(TransportError::Broken(format!("no token in the answer: {error}").into())))?;
    let seconds = given.expires_in.as_ref().and_then(Seconds::value).unwrap_or(SECONDS_UNSAID);
    Ok(Token { secret: given.access_token, ends: now.plus_millis(seconds.saturating_mul(1000)) })
}

async fn collect(mut body: UpstreamBody) -> Result<Bytes, TransportError> {
    let mut all = BytesMut::new();
    while let Some(piece) = body.next().await.transpose()? {
        all.extend_from_slice(&piece);
        if all.len() > ANSWER_BYTES_MAX {
            return Err(TransportError::Broken("the answer is too long to be a token".into()));
        }
    }
    Ok(all.freeze())
}
