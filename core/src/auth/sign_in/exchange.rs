//! From the code with which a browser comes back to what the provider says of the person: the code is exchanged for
//! tokens, the token's signature and `nonce` are checked where the provider's keys are known, and the provider is asked
//! about the person.
//!
//! Wire formats: RFC 6749 sections 4.1.3 and 5.2, RFC 7636 section 4.5, OpenID Connect Core 1.0 sections 3.1.3 and 5.3.

use super::attempt::Attempt;
use super::endpoints::{Endpoints, Signs, TENANT};
use super::error::SignInError;
use super::provider::Provider;
use crate::auth::identity::error::TokenError;
use crate::auth::identity::jwt::{Expected, Jwt};
use crate::clock::Timestamp;
use crate::secret::Secret;
use crate::secrets::CallError;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, InvalidHeaderValue};
use http::uri::InvalidUri;
use http::{HeaderValue, Method, Request, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;
use url::Url;

/// Longest code of an error that is told.
const REASON_BYTES_MAX: usize = 64;

/// What a provider gives for a code.
#[derive(Deserialize)]
struct Tokens {
    #[serde(default)]
    access_token: Option<Secret>,
    #[serde(default)]
    id_token: Option<Secret>,
}

/// RFC 6749 section 5.2.
#[derive(Deserialize)]
struct Refused {
    error: String,
}

impl Provider {
    /// What the provider says of whoever comes back with this code; `redirect` is where to.
    ///
    /// # Errors
    /// [`SignInError`]: the code, what the provider answers, or the token does not count.
    pub async fn claims(
        &self,
        endpoints: &Endpoints,
        (code, attempt, redirect): (&str, &Attempt, &str),
        now: Timestamp,
    ) -> Result<Map<String, Value>, SignInError> {
        let tokens = self.exchange(endpoints, (code, attempt, redirect)).await?;
        let of_token = match (&tokens.id_token, &endpoints.signs) {
            (Some(token), Some(signs)) => Some(self.signed(token, signs, now).await?),
            // It came from the provider itself, by TLS: OpenID Connect Core 1.0 section 3.1.3.7.
            (Some(token), None) => Some(payload(token)?),
            (None, _) => None,
        };
        if let Some(claims) = &of_token {
            check(claims, &self.settings.client_id, attempt.nonce())?;
        }
        let asked = endpoints.userinfo.as_ref().filter(|_| self.settings.asks_userinfo || of_token.is_none());
        let told = match (asked, &tokens.access_token) {
            (Some(address), Some(token)) => self.userinfo(address, token).await?,
            _ => Map::new(),
        };
        let Some(of_token) = of_token else {
            return if told.is_empty() { Err(SignInError::Unreadable("answer to the code")) } else { Ok(told) };
        };
        if told.get("sub").is_some_and(|sub| Some(sub) != of_token.get("sub")) {
            return Err(SignInError::OtherPerson);
        }
        // What is signed goes first.
        let mut claims = told;
        claims.extend(of_token);
        Ok(claims)
    }

    async fn exchange(
        &self,
        endpoints: &Endpoints,
        (code, attempt, redirect): (&str, &Attempt, &str),
    ) -> Result<Tokens, SignInError> {
        let (id, secret) = (&self.settings.client_id, &self.settings.client_secret);
        let body = self.form(endpoints.posts_secret, (code, attempt, redirect));
        let mut request = self.request(Method::POST, &endpoints.token, body)?;
        if !endpoints.posts_secret {
            let pair = Secret::new(format!("{}:{}", encoded(id), encoded(secret.expose())));
            show(&mut request, &Secret::new(format!("Basic {}", STANDARD.encode(pair.expose()))))?;
        }
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        let (status, body) = self.answer(request).await?;
        if status.is_success() {
            return read(&body).ok_or(SignInError::Unreadable("answer to the code"));
        }
        Err(match read::<Refused>(&body) {
            Some(refused) if refused.error == "invalid_grant" => SignInError::Code,
            Some(refused) => {
                let reason = told_reason(&refused.error);
                tracing::error!(reason, address = %endpoints.token, "an identity provider refuses this gateway");
                SignInError::Client(reason)
            }
            None if status.is_server_error() => SignInError::Silent(Some(format!("it answered with {status}").into())),
            None => SignInError::Unreadable("answer to the code"),
        })
    }

    /// The form that asks for tokens.
    fn form(&self, posts_secret: bool, (code, attempt, redirect): (&str, &Attempt, &str)) -> Bytes {
        let (id, secret) = (&self.settings.client_id, &self.settings.client_secret);
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code").append_pair("code", code);
        form.append_pair("redirect_uri", redirect).append_pair("code_verifier", attempt.verifier());
        if posts_secret || self.settings.names_client {
            form.append_pair("client_id", id);
        }
        if posts_secret {
            form.append_pair("client_secret", secret.expose());
        }
        Bytes::from(form.finish())
    }

    /// What a token says that a key of the provider signed.
    async fn signed(&self, token: &Secret, signs: &Signs, now: Timestamp) -> Result<Map<String, Value>, SignInError> {
        let read = Jwt::read(token.expose())?;
        let key = signs.keys.key(read.key_id.as_deref(), read.algorithm, now).await?;
        // One name among them may be that of many organizations.
        let unread = payload(token)?;
        let tenant = unread.get("tid").and_then(Value::as_str).filter(|tenant| !tenant.is_empty());
        let issuers = signs.issuers.iter().filter_map(|issuer| match (issuer.contains(TENANT), tenant) {
            (false, _) => Some(issuer.clone()),
            (true, Some(tenant)) => Some(issuer.replace(TENANT, tenant)),
            (true, None) => None,
        });
        let expected = Expected { issuers: issuers.collect(), audiences: vec![self.settings.client_id.clone()] };
        // Without a name of its own any would do.
        if expected.issuers.is_empty() {
            return Err(TokenError::Issuer.into());
        }
        Ok(read.claims(&key, &expected, now)?.all)
    }

    async fn userinfo(&self, address: &Url, token: &Secret) -> Result<Map<String, Value>, SignInError> {
        let mut request = self.request(Method::GET, address, Bytes::new())?;
        show(&mut request, &Secret::new(format!("Bearer {}", token.expose())))?;
        let (status, body) = self.answer(request).await?;
        match status {
            status if status.is_success() => read(&body).ok_or(SignInError::Unreadable("userinfo")),
            status if status.is_server_error() => {
                Err(SignInError::Silent(Some(format!("it answered with {status}").into())))
            }
            _ => Err(SignInError::Unreadable("userinfo")),
        }
    }

    fn request(&self, method: Method, address: &Url, body: Bytes) -> Result<Request<Bytes>, SignInError> {
        let mut request = Request::new(body);
        let address = address.as_str().parse().map_err(|error: InvalidUri| silent(error.into()))?;
        (*request.method_mut(), *request.uri_mut()) = (method, address);
        for (name, value) in &self.settings.headers {
            request.headers_mut().insert(name.clone(), value.clone());
        }
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        Ok(request)
    }

    async fn answer(&self, request: Request<Bytes>) -> Result<(StatusCode, Bytes), SignInError> {
        let answer = self.calls.call(request).await.map_err(|error| {
            tracing::warn!(%error, provider = self.settings.kind.as_str(), "an identity provider does not answer");
            silent(error)
        })?;
        Ok((answer.status(), answer.into_body()))
    }
}

/// That a token is for this gateway, and for this sign-in.
fn check(claims: &Map<String, Value>, client_id: &str, nonce: &str) -> Result<(), SignInError> {
    let told = |name: &str| claims.get(name).and_then(Value::as_str);
    let is_for_us = match claims.get("aud") {
        Some(Value::String(audience)) => audience == client_id,
        Some(Value::Array(list)) => list.iter().any(|audience| audience == client_id),
        _ => false,
    };
    if !is_for_us || told("azp").is_some_and(|party| party != client_id) {
        return Err(TokenError::Audience.into());
    }
    let is_own = told("nonce").is_some_and(|told| told.as_bytes().ct_eq(nonce.as_bytes()).into());
    if is_own { Ok(()) } else { Err(SignInError::Nonce) }
}

/// What a token says, whoever signed it.
fn payload(token: &Secret) -> Result<Map<String, Value>, SignInError> {
    let part = token.expose().split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    part.and_then(|part| serde_json::from_slice(&part).ok()).ok_or(SignInError::Token(TokenError::Malformed))
}

/// The parser's own error could quote a token.
fn read<T: for<'de> Deserialize<'de>>(body: &Bytes) -> Option<T> {
    serde_json::from_slice(body).ok()
}

/// A provider's word for an error, as far as it is one.
pub fn told_reason(reason: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    reason.chars().filter(|c| is_plain(*c)).take(REASON_BYTES_MAX).collect()
}

fn show(request: &mut Request<Bytes>, shown: &Secret) -> Result<(), SignInError> {
    let value = HeaderValue::from_str(shown.expose());
    let mut value = value.map_err(|error: InvalidHeaderValue| silent(error.into()))?;
    value.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, value);
    Ok(())
}

fn silent(error: CallError) -> SignInError {
    SignInError::Silent(Some(error))
}

/// A client's name or password, as RFC 6749 section 2.3.1 writes it.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
