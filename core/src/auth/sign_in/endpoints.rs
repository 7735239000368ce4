//! Where a provider is asked: as it is set up, or as the provider's own description says (OpenID Connect Discovery 1.0).
//! A description is kept for an hour; while the provider does not give it, the last one counts on.

use super::error::SignInError;
use crate::auth::identity::key_source::KeySource;
use crate::clock::Timestamp;
use crate::secrets::{CallError, Calls};
use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderValue, Request};
use serde::Deserialize;
use std::error::Error;
use std::sync::Arc;
use tokio::sync::Mutex;
use url::{Host, Url};

/// How long a description counts, in milliseconds.
const DESCRIPTION_MILLIS: i64 = 60 * 60 * 1000;
/// Shortest time between two tries to get one, in milliseconds.
const PAUSE_MILLIS: i64 = 10_000;
/// How long a provider's keys are kept, in milliseconds.
const KEYS_MILLIS: i64 = 10 * 60 * 1000;
/// What stands in the name of an issuer of many organizations for the one that a token is of.
/// <https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens#multitenant-applications>
pub const TENANT: &str = "{tenantid}";

/// Where a provider is asked.
pub struct Endpoints {
    /// Where people sign in.
    pub authorization: Url,
    /// Where codes are exchanged.
    pub token: Url,
    /// Where it is asked about a person.
    pub userinfo: Option<Url>,
    /// Who signs its tokens, and with which keys; `None`: it is not known.
    pub signs: Option<Signs>,
    /// Whether the gateway shows its password in the body.
    pub posts_secret: bool,
}

/// Who signs tokens.
pub struct Signs {
    /// The names by which tokens call it.
    pub issuers: Vec<String>,
    /// Its keys.
    pub keys: KeySource,
}

impl Signs {
    /// Whether tokens call it so. The name of one among many organizations is looked at with its token.
    pub fn is_of(&self, issuer: &str) -> bool {
        self.issuers.iter().any(|known| known == issuer || known.contains(TENANT))
    }
}

/// Addresses that go before those of a description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Where people sign in.
    pub authorization: Option<Url>,
    /// Where codes are exchanged.
    pub token: Option<Url>,
    /// Where it is asked about a person.
    pub userinfo: Option<Url>,
}

/// Where endpoints come from.
pub struct Source {
    told: Told,
    described: Option<Described>,
    known: Mutex<Known>,
}

/// A provider's description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Whose; the description stands below it.
    pub issuer: Url,
    /// How the issuer that it names must begin; `None`: it is that one.
    pub begins_with: Option<&'static str>,
    /// Further names by which its tokens may call it.
    pub also: &'static [&'static str],
}

#[derive(Default)]
struct Known {
    endpoints: Option<Arc<Endpoints>>,
    read_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
}

/// OpenID Connect Discovery 1.0 section 3.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    #[serde(default)]
    userinfo_endpoint: Option<String>,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// Whether what goes there is safe on its way: by TLS, or not beyond this machine.
pub fn is_safe(address: &Url) -> bool {
    let is_here = match address.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match address.scheme() {
        "https" => address.host().is_some(),
        "http" => is_here,
        _ => false,
    }
}

impl Source {
    /// Those of the description, but for those that are `told`. Without a description all must be.
    pub fn new(told: Told, described: Option<Described>) -> Self {
        Self { told, described, known: Mutex::default() }
    }

    /// The endpoints as they are now, or were lately.
    ///
    /// # Errors
    /// [`SignInError::Silent`], [`SignInError::Unreadable`].
    pub async fn endpoints(&self, calls: &Arc<dyn Calls>, now: Timestamp) -> Result<Arc<Endpoints>, SignInError> {
        let mut known = self.known.lock().await;
        let is_fresh = known.read_at.is_some_and(|at| now.millis_since(at) < DESCRIPTION_MILLIS);
        let is_pausing = known.failed_at.is_some_and(|at| (0..PAUSE_MILLIS).contains(&now.millis_since(at)));
        if let Some(endpoints) = known.endpoints.as_ref().filter(|_| is_fresh || is_pausing) {
            return Ok(Arc::clone(endpoints));
        }
        if is_pausing {
            return Err(SignInError::Silent(None));
        }
        match (self.read(calls).await, known.endpoints.clone()) {
            (Ok(endpoints), _) => {
                let endpoints = Arc::new(endpoints);
                let read = Arc::clone(&endpoints);
                *known = Known { endpoints: Some(read), read_at: Some(now), failed_at: None };
                Ok(endpoints)
            }
            (Err(error), last) => {
                known.failed_at = Some(now);
                tracing::warn!(error = &error as &dyn Error, "an identity provider's description cannot be read");
                last.ok_or(error)
            }
        }
    }

    async fn read(&self, calls: &Arc<dyn Calls>) -> Result<Endpoints, SignInError> {
        const UNREADABLE: SignInError = SignInError::Unreadable("description (`/.well-known/openid-configuration`)");
        let told = self.told.clone();
        let Some(described) = &self.described else {
            let (authorization, token) = told.authorization.zip(told.token).ok_or(UNREADABLE)?;
            return Ok(Endpoints { authorization, token, userinfo: told.userinfo, signs: None, posts_secret: false });
        };
        let document = document(&described.issuer, calls).await?.ok_or(UNREADABLE)?;
        let wanted = described.issuer.as_str().trim_end_matches('/');
        let is_own = match described.begins_with {
            Some(start) => document.issuer.starts_with(start),
            None => document.issuer.trim_end_matches('/') == wanted,
        };
        if !is_own {
            return Err(UNREADABLE);
        }
        let safe = |text: &str| Url::parse(text).ok().filter(is_safe).ok_or(UNREADABLE);
        let keys = safe(&document.jwks_uri)?.as_str().parse().map_err(|_| UNREADABLE)?;
        let (authorization, token) = (safe(&document.authorization_endpoint)?, safe(&document.token_endpoint)?);
        let userinfo = document.userinfo_endpoint.as_deref().map(safe).transpose()?;
        let methods = document.token_endpoint_auth_methods_supported.unwrap_or_default();
        let takes = |method: &str| methods.iter().any(|known| known == method);
        let also = described.also.iter().map(|name| (*name).to_owned());
        let issuers = std::iter::once(document.issuer).chain(also).collect();
        Ok(Endpoints {
            authorization: told.authorization.unwrap_or(authorization),
            token: told.token.unwrap_or(token),
            userinfo: told.userinfo.or(userinfo),
            signs: Some(Signs { issuers, keys: KeySource::new(Arc::clone(calls), vec![keys], KEYS_MILLIS) }),
            posts_secret: takes("client_secret_post") && !takes("client_secret_basic"),
        })
    }
}

async fn document(issuer: &Url, calls: &Arc<dyn Calls>) -> Result<Option<Document>, SignInError> {
    let silent = |error: CallError| SignInError::Silent(Some(error));
    let address = format!("{}/.well-known/openid-configuration", issuer.as_str().trim_end_matches('/'));
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = address.parse().map_err(|error: http::uri::InvalidUri| silent(error.into()))?;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    let answer = calls.call(request).await.map_err(silent)?;
    if answer.status().is_server_error() {
        return Err(silent(format!("it answered with {}", answer.status()).into()));
    }
    Ok(answer.status().is_success().then(|| serde_json::from_slice(answer.body()).ok()).flatten())
}
