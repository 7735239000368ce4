//! Keys of accounts other than the process's own: a profile's, a role's that is taken on, or the machine's.

use super::connection::credentials_of_machine;
use super::error::AwsError;
use super::error_chain::nothing_sent;
use super::http_client;
use super::settings::{AwsSettings, Lookup};
use super::signing::SigningKey;
use crate::clock::Timestamp;
use crate::error_text::error_text;
use crate::secret::Secret;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::error::Error;
use std::time::UNIX_EPOCH;

/// Whose key is asked for.
#[derive(Debug)]
pub struct Account<'a> {
    /// The region whose endpoints are asked.
    pub region: &'a str,
    /// A key that is known; else the profile's, else the machine's.
    pub key: Option<SigningKey>,
    /// The profile of AWS's own files.
    pub profile: Option<&'a str>,
    /// The role that is taken on with it.
    pub role: Option<Role<'a>>,
}

/// A role.
#[derive(Debug)]
pub struct Role<'a> {
    /// Its ARN.
    pub arn: &'a str,
    /// Under which name it is taken on.
    pub session_name: &'a str,
    /// What its owner wants to be told.
    pub external_id: Option<&'a Secret>,
    /// A token that is shown in place of a key, or the path of a file with one.
    pub web_identity_token: Option<&'a Secret>,
    /// Where roles are taken on, in place of AWS's own address.
    pub endpoint: Option<&'a str>,
}

/// A key, and when it ends.
#[derive(Clone, Debug)]
pub struct Given {
    /// The key.
    pub key: SigningKey,
    /// When it ends; `None`: not by itself.
    pub ends: Option<Timestamp>,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The account's own settings, or the machine's, are at fault.
    #[error(transparent)]
    Setting(#[from] AwsError),
    /// AWS does not let the role be taken on.
    #[error("{0}")]
    Refused(String),
    /// AWS cannot be reached.
    #[error("roles cannot be taken on: AWS cannot be reached")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
}

/// The key of an account as it is now.
///
/// # Errors
/// [`AccountError`].
pub async fn key_of(account: &Account<'_>, lookup: Lookup<'_>) -> Result<Given, AccountError> {
    let settings = AwsSettings::read(lookup);
    let http = http_client::shared_client(&http_client::tls_context(&settings)?);
    let region = Region::new(account.region.to_owned());
    let base = base(account, &region, &http).await;
    let Some(role) = &account.role else {
        let credentials = base.provide_credentials().await;
        return Ok(given(&credentials.map_err(|error| AwsError::NoCredentials(error.into()))?));
    };
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region)
        .credentials_provider(base)
        .http_client(http);
    let config = match role.endpoint {
        Some(endpoint) => config.endpoint_url(endpoint),
        None => config,
    };
    take_on(role, &aws_sdk_sts::Client::new(&config.build())).await
}

async fn base(account: &Account<'_>, region: &Region, http: &SharedHttpClient) -> SharedCredentialsProvider {
    match (&account.key, account.profile) {
        (Some(key), _) => {
            let token = key.session_token.as_ref().map(|token| token.expose().to_owned());
            let known = Credentials::new(key.id.clone(), key.secret.expose(), token, None, "deployment");
            SharedCredentialsProvider::new(known)
        }
        (None, Some(profile)) => {
            let parts =
                ProviderConfig::without_region().with_region(Some(region.clone())).with_http_client(http.clone());
            let provider = ProfileFileCredentialsProvider::builder().configure(&parts).profile_name(profile).build();
            SharedCredentialsProvider::new(provider)
        }
        (None, None) => Box::pin(credentials_of_machine(region, http)).await,
    }
}

async fn take_on(role: &Role<'_>, client: &aws_sdk_sts::Client) -> Result<Given, AccountError> {
    let taken = match role.web_identity_token {
        Some(token) => {
            let token = token_text(token).await?;
            let asked = client.assume_role_with_web_identity().role_arn(role.arn).web_identity_token(token);
            let answer = Box::pin(asked.role_session_name(role.session_name).send()).await;
            answer.map_err(|error| refused(role, error))?.credentials
        }
        None => {
            let asked = client.assume_role().role_arn(role.arn).role_session_name(role.session_name);
            let asked = asked.set_external_id(role.external_id.map(|id| id.expose().to_owned()));
            Box::pin(asked.send()).await.map_err(|error| refused(role, error))?.credentials
        }
    };
    let taken = taken.ok_or_else(|| AccountError::Refused(format!("AWS gave no key for the role `{}`", role.arn)))?;
    Ok(Given {
        key: SigningKey {
            id: taken.access_key_id,
            secret: Secret::new(taken.secret_access_key),
            session_token: Some(Secret::new(taken.session_token)),
        },
        ends: Some(Timestamp::from_seconds(taken.expiration.secs())),
    })
}

/// A token itself, or what the file of that name holds: the files are renewed where such tokens are given out.
async fn token_text(token: &Secret) -> Result<String, AccountError> {
    let said = token.expose();
    if !said.starts_with('/') {
        return Ok(said.to_owned());
    }
    let path = said.to_owned();
    let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await;
    let text = read.map_err(std::io::Error::other).and_then(|text| text);
    let unreadable =
        |error| AccountError::Refused(format!("the file in `aws_web_identity_token` cannot be read: {error}"));
    text.map(|text| text.trim().to_owned()).map_err(unreadable)
}

fn refused<E: ProvideErrorMetadata + Error + Send + Sync + 'static>(
    role: &Role<'_>,
    error: SdkError<E>,
) -> AccountError {
    if nothing_sent(&error) && error.as_service_error().is_none() {
        return AccountError::Unreachable(error.into());
    }
    let words = match error.message() {
        Some(message) => message.to_owned(),
        None => error_text(&error),
    };
    AccountError::Refused(format!("the role `{}` cannot be taken on: {words}", role.arn))
}

fn given(credentials: &Credentials) -> Given {
    let since_epoch = credentials.expiry().and_then(|end| end.duration_since(UNIX_EPOCH).ok());
    let millis = since_epoch.and_then(|since| i64::try_from(since.as_millis()).ok());
    Given {
        key: SigningKey {
            id: credentials.access_key_id().to_owned(),
            secret: Secret::new(credentials.secret_access_key()),
            session_token: credentials.session_token().map(Secret::new),
        },
        ends: millis.map(Timestamp::from_millis),
    }
}
