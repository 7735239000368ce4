//! One identity provider as it is set up, and the address at which somebody begins to sign in there.
//!
//! Wire formats: RFC 6749 section 4.1.1, RFC 7636 section 4.3, OpenID Connect Core 1.0 section 3.1.2.1.

use super::attempt::Attempt;
use super::endpoints::{Endpoints, Source};
use super::error::SignInError;
use super::person::ClaimNames;
use crate::clock::Timestamp;
use crate::config::sso::SsoKind;
use crate::secret::Secret;
use crate::secrets::Calls;
use http::{HeaderName, HeaderValue};
use std::fmt;
use std::sync::Arc;
use url::Url;

/// How a provider is set up.
#[derive(Clone)]
pub struct ProviderSettings {
    /// Which one.
    pub kind: SsoKind,
    /// The name by which it knows the gateway.
    pub client_id: String,
    /// The password that goes with it.
    pub client_secret: Secret,
    /// The only domains of mail that may sign in; empty: any.
    pub domains: Vec<String>,
    /// What is asked for, between spaces.
    pub scope: String,
    /// What its claims mean.
    pub claims: ClaimNames,
    /// Whether it is asked for claims beyond those of the token.
    pub asks_userinfo: bool,
    /// Whether the gateway's name goes into the body too when a code is exchanged.
    pub names_client: bool,
    /// Headers of the calls that exchange a code and ask about a person.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// One provider.
pub struct Provider {
    /// How it is set up.
    pub settings: ProviderSettings,
    source: Source,
    pub(super) calls: Arc<dyn Calls>,
}

impl Provider {
    /// The provider behind `source`, asked over `calls`.
    pub fn new(settings: ProviderSettings, source: Source, calls: Arc<dyn Calls>) -> Self {
        Self { settings, source, calls }
    }

    /// Where it is asked.
    ///
    /// # Errors
    /// [`SignInError::Silent`], [`SignInError::Unreadable`].
    pub async fn endpoints(&self, now: Timestamp) -> Result<Arc<Endpoints>, SignInError> {
        self.source.endpoints(&self.calls, now).await
    }

    /// Where somebody begins to sign in, to come back to `redirect`.
    pub fn begins_at(&self, endpoints: &Endpoints, attempt: &Attempt, redirect: &str) -> Url {
        let mut address = endpoints.authorization.clone();
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", redirect)
            .append_pair("scope", &self.settings.scope)
            .append_pair("state", &attempt.state)
            .append_pair("nonce", attempt.nonce())
            .append_pair("code_challenge", &attempt.challenge())
            .append_pair("code_challenge_method", "S256");
        address
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("kind", &self.settings.kind).finish_non_exhaustive()
    }
}
