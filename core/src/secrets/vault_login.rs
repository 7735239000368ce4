//! As whom Vault knows us: a token that is given, or one that something else is exchanged for and that lasts a while.
//!
//! Wire formats: <https://developer.hashicorp.com/vault/api-docs/auth/approle#login-with-approle>,
//! <https://developer.hashicorp.com/vault/api-docs/auth/cert#login-with-tls-certificate-method>,
//! <https://developer.hashicorp.com/vault/api-docs/auth/aws#login>

use super::call::{Answer, CallError, Calls, escaped, request, unavailable};
use super::source::SecretError;
use crate::clock::{Clock, Timestamp};
use crate::secret::Secret;
use async_trait::async_trait;
use http::{HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
/// The part of a token's time that it is used for, in percent: the rest is left for calls under way.
const USED_PERCENT: i64 = 90;

/// What is shown to Vault.
#[derive(Clone)]
pub enum Login {
    /// A token.
    Token(Secret),
    /// An application's role.
    AppRole {
        /// Where the method is mounted.
        mount: String,
        /// Which role.
        role_id: Secret,
        /// What it is known by; some roles need none.
        secret_id: Option<Secret>,
    },
    /// The certificate that the calls are made with.
    Certificate {
        /// Where the method is mounted.
        mount: String,
        /// The role, where the certificate fits several.
        role: Option<String>,
    },
    /// An account of AWS.
    Aws {
        /// Where the method is mounted.
        mount: String,
        /// The role, where it is not the account's own name.
        role: Option<String>,
        /// Makes the statement of who we are.
        statement: Arc<dyn Statement>,
    },
}

/// Makes the fields of a login that show an account of AWS: a signed request which Vault sends for us.
#[async_trait]
pub trait Statement: Send + Sync {
    /// The fields, as they are now.
    ///
    /// # Errors
    /// [`CallError`]: there is no account, or nothing can be signed.
    async fn fields(&self, now: Timestamp) -> Result<Value, CallError>;
}

/// A token, with its end.
#[derive(Clone)]
struct Given {
    token: Secret,
    /// `None`: none.
    ends: Option<Timestamp>,
}

/// The token of a process. Calls that need one at once share a login.
pub(super) struct Session {
    login: Login,
    clock: Arc<dyn Clock>,
    given: tokio::sync::Mutex<Option<Given>>,
}

#[derive(Deserialize)]
struct LoggedIn {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    client_token: Secret,
    /// Seconds; 0: it does not end.
    #[serde(default)]
    lease_duration: i64,
}

impl Session {
    pub(super) fn new(login: Login, clock: Arc<dyn Clock>) -> Self {
        Self { login, clock, given: tokio::sync::Mutex::default() }
    }

    /// The token to show now.
    pub(super) async fn token(
        &self,
        address: &str,
        namespace: Option<&HeaderValue>,
        calls: &dyn Calls,
        name: &str,
    ) -> Result<Secret, SecretError> {
        if let Login::Token(token) = &self.login {
            return Ok(token.clone());
        }
        let mut given = self.given.lock().await;
        let now = self.clock.now();
        if let Some(given) = given.as_ref().filter(|given| given.ends.is_none_or(|ends| ends > now)) {
            return Ok(given.token.clone());
        }
        let told = |cause: CallError| unavailable(name, cause);
        let (mount, body) = self.shown(now).await.map_err(told)?;
        let address = format!("{address}/v1/auth/{}/login", escaped(mount.trim_matches('/'), true));
        let mut request = request(Method::POST, &address, Some(body)).map_err(told)?;
        if let Some(namespace) = namespace {
            request.headers_mut().insert(NAMESPACE, namespace.clone());
        }
        let response = calls.call(request).await.map_err(told)?;
        let advice = "Vault refuses the login; look at what it is shown (`HCP_VAULT_…`)";
        let answer = Answer { name, response, advice };
        let LoggedIn { auth } =
            answer.document()?.ok_or_else(|| told("there is no such way to log in at Vault".into()))?;
        let millis = auth.lease_duration.saturating_mul(1000 / 100 * USED_PERCENT);
        let ends = (auth.lease_duration > 0).then(|| now.plus_millis(millis));
        Ok(given.insert(Given { token: auth.client_token, ends }).token.clone())
    }

    /// Forgets a token that was refused. Whether another can be had.
    pub(super) async fn forget(&self, refused: &Secret) -> bool {
        let mut given = self.given.lock().await;
        if given.as_ref().is_some_and(|given| given.token.expose() == refused.expose()) {
            *given = None;
        }
        !matches!(self.login, Login::Token(_))
    }

    /// Where to log in, and with what.
    async fn shown(&self, now: Timestamp) -> Result<(&str, Value), CallError> {
        Ok(match &self.login {
            Login::Token(_) => return Err("a token needs no login".into()),
            Login::AppRole { mount, role_id, secret_id } => {
                let mut body = json!({ "role_id": role_id.expose() });
                if let (Some(secret_id), Some(body)) = (secret_id, body.as_object_mut()) {
                    body.insert("secret_id".to_owned(), secret_id.expose().into());
                }
                (mount, body)
            }
            Login::Certificate { mount, role } => {
                (mount, role.as_ref().map_or_else(|| json!({}), |role| json!({ "name": role })))
            }
            Login::Aws { mount, role, statement } => {
                let mut body = statement.fields(now).await?;
                if let (Some(role), Some(body)) = (role, body.as_object_mut()) {
                    body.insert("role".to_owned(), role.as_str().into());
                }
                (mount, body)
            }
        })
    }
}
