//! An account of AWS: each request is signed with its key. Keys that are not said are asked for, and kept while they last.

use super::error::IdentityError;
use super::tokens::{Token, TokenKey, Tokens};
use crate::aws::accounts::{Account, AccountError, Given, Role, key_of};
use crate::aws::signing::{SigningKey, sign_request};
use crate::clock::Timestamp;
use crate::config::Environment;
use crate::error_text::error_text;
use crate::providers::identity::{AwsAccount, AwsKey, AwsRole};
use crate::secret::Secret;
use crate::upstream::transport::TransportError;
use bytes::Bytes;
use http::Request;

/// How long a key of the machine is kept that does not say when it ends.
const MILLIS_UNSAID: i64 = 15 * 60 * 1000;

/// The keys of a process.
#[derive(Debug, Default)]
pub(super) struct Keys {
    environment: Environment,
    kept: Tokens<SigningKey>,
}

impl Keys {
    /// Keys that the machine knows are looked up in this environment.
    pub(super) fn of(environment: Environment) -> Self {
        Self { environment, kept: Tokens::default() }
    }

    /// Signs a request as an account.
    ///
    /// # Errors
    /// [`IdentityError`]: the account has no key, or the request cannot be signed.
    pub(super) async fn sign(
        &self,
        account: &AwsAccount,
        request: &mut Request<Bytes>,
        now: Timestamp,
    ) -> Result<(), IdentityError> {
        let key = match (&account.key, &account.role) {
            (Some(key), None) => said(key),
            // In a box: it is asked for once in an hour.
            _ => Box::pin(self.kept.get(name(account), now, self.fetch(account, now))).await?,
        };
        let unsignable =
            |error: &dyn std::error::Error| IdentityError::Setting { setting: "api_base", reason: error.to_string() };
        sign_request(request, &key, (&account.region, account.service), now).map_err(|error| unsignable(&error))
    }

    async fn fetch(&self, account: &AwsAccount, now: Timestamp) -> Result<Token<SigningKey>, IdentityError> {
        let lookup = |name: &str| self.environment.text(name).map(str::to_owned);
        let asked = Account {
            region: &account.region,
            key: account.key.as_ref().map(said),
            profile: account.profile.as_deref(),
            role: account.role.as_ref().map(|role| Role {
                arn: &role.arn,
                session_name: &role.session_name,
                external_id: role.external_id.as_ref(),
                web_identity_token: role.web_identity_token.as_ref(),
                endpoint: role.sts_endpoint.as_deref(),
            }),
        };
        let Given { key, ends } = key_of(&asked, &lookup).await.map_err(told)?;
        Ok(Token { secret: key, ends: ends.unwrap_or_else(|| now.plus_millis(MILLIS_UNSAID)) })
    }
}

fn said(key: &AwsKey) -> SigningKey {
    SigningKey { id: key.id.clone(), secret: key.secret.clone(), session_token: key.session_token.clone() }
}

/// What tells an account's key apart from all others.
fn name(account: &AwsAccount) -> TokenKey {
    let secret = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
    let key = account.key.as_ref().map(|key| [key.id.clone(), key.secret.expose().to_owned()]);
    let role = account.role.as_ref().map(|role: &AwsRole| {
        let parts = [secret(&role.external_id), secret(&role.web_identity_token), role.sts_endpoint.clone()];
        let said = [role.arn.clone(), role.session_name.clone()];
        said.into_iter().chain(parts.into_iter().map(Option::unwrap_or_default)).collect::<Vec<_>>()
    });
    let mut parts = vec!["aws".to_owned(), account.region.clone(), account.profile.clone().unwrap_or_default()];
    parts.extend(key.into_iter().flatten());
    parts.extend(role.into_iter().flatten());
    TokenKey::of(parts.iter().map(String::as_str))
}

fn told(error: AccountError) -> IdentityError {
    let place = "AWS".to_owned();
    match error {
        AccountError::Unreachable(cause) => IdentityError::Unreachable { place, cause: TransportError::NotSent(cause) },
        AccountError::Refused(reason) => IdentityError::Refused { place, status: 403, reason },
        AccountError::Setting(error) => IdentityError::Refused { place, status: 403, reason: error_text(&error) },
    }
}
