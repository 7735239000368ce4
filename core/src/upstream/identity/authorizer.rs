//! Makes a request show who calls.

use super::error::IdentityError;
use super::exchange::exchange;
use super::tokens::{TokenKey, Tokens};
use super::{entra, google, ibm};
use crate::clock::Clock;
#[cfg(feature = "aws")]
use crate::config::Environment;
use crate::providers::identity::Identity;
use crate::secret::Secret;
use crate::upstream::transport::Transport;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use std::sync::Arc;

/// Knows how each kind of account is shown. One for the process: calls share its tokens.
pub struct Authorizer {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    tokens: Tokens,
    #[cfg(feature = "aws")]
    aws: super::aws::Keys,
}

impl Authorizer {
    /// One that asks for tokens by this transport.
    pub fn new(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self {
            transport,
            clock,
            tokens: Tokens::default(),
            #[cfg(feature = "aws")]
            aws: super::aws::Keys::default(),
        }
    }

    /// Accounts that the machine knows are looked up in this environment.
    #[cfg(feature = "aws")]
    #[must_use]
    pub fn with_environment(self, environment: Environment) -> Self {
        Self { aws: super::aws::Keys::of(environment), ..self }
    }

    /// Adds to a finished request what shows who calls.
    ///
    /// # Errors
    /// [`IdentityError`]: the account is refused, or its provider does not answer.
    pub async fn authorize(&self, identity: &Identity, request: &mut Request<Bytes>) -> Result<(), IdentityError> {
        match identity {
            Identity::Entra(app) => {
                let token = self.token(entra::key(app), &app.token_address, &entra::form(app)).await?;
                bear(&token, request)
            }
            Identity::Ibm(account) => {
                let token = self.token(ibm::key(account), &account.token_address, &ibm::form(account)).await?;
                bear(&token, request)
            }
            Identity::Google(account) => {
                let now = self.clock.now();
                let fetch = google::token(self.transport.as_ref(), account, now);
                bear(&self.tokens.get(google::key(account), now, fetch).await?, request)
            }
            #[cfg(feature = "aws")]
            Identity::Aws(account) => self.aws.sign(account, request, self.clock.now()).await,
            #[cfg(not(feature = "aws"))]
            Identity::Aws(_) => {
                let reason = "this build of Postern knows no AWS".to_owned();
                Err(IdentityError::Setting { setting: "aws_access_key_id", reason })
            }
        }
    }

    /// The token that a form is exchanged for.
    async fn token(&self, key: TokenKey, address: &str, form: &[(&str, &str)]) -> Result<Secret, IdentityError> {
        let now = self.clock.now();
        self.tokens.get(key, now, exchange(self.transport.as_ref(), address, form, now)).await
    }
}

fn bear(token: &Secret, request: &mut Request<Bytes>) -> Result<(), IdentityError> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|_| {
        IdentityError::Setting { setting: "token", reason: "it holds bytes that a header cannot carry".to_owned() }
    })?;
    value.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, value);
    Ok(())
}

#[cfg(test)]
#[path = "authorizer_tests.rs"]
mod tests;
