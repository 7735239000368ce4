//! Secrets of AWS Secrets Manager.

use super::source::{SecretError, SecretSource};
use crate::aws::connection::AwsConnection;
use crate::aws::settings::Service;
use crate::secret::Secret;
use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use std::time::Duration;

/// How long a connection may take.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(1);
/// How long one fetch may take, repeats included. Secrets are fetched at start and when they are refreshed.
const FETCH_TIME_MAX: Duration = Duration::from_secs(5);

/// Reads whole secrets by name or ARN. Remembers nothing: stand a [`super::CachedSecrets`] before it.
#[derive(Clone, Debug)]
pub struct SecretsManager {
    client: Client,
}

impl SecretsManager {
    /// A source over this connection. Calls nothing yet.
    pub fn new(connection: &AwsConnection) -> Self {
        let waits =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIME_MAX).operation_timeout(FETCH_TIME_MAX).build();
        let config = aws_sdk_secretsmanager::config::Builder::from(&connection.sdk_config(Service::SecretsManager));
        Self { client: Client::from_conf(config.timeout_config(waits).build()) }
    }
}

#[async_trait]
impl SecretSource for SecretsManager {
    async fn fetch(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        let error = match Box::pin(self.client.get_secret_value().secret_id(name).send()).await {
            Ok(answer) => return secret(answer, name).map(Some),
            Err(error) => error,
        };
        let name = name.to_owned();
        match error.code() {
            Some("ResourceNotFoundException") => Ok(None),
            Some("AccessDeniedException" | "DecryptionFailure" | "UnrecognizedClientException") => {
                Err(SecretError::Denied { name, cause: error.into() })
            }
            Some("ThrottlingException" | "Throttling" | "LimitExceededException" | "RequestLimitExceeded") => {
                Err(SecretError::Throttled { name, cause: error.into() })
            }
            _ => Err(SecretError::Unavailable { name, cause: error.into() }),
        }
    }
}

fn secret(answer: GetSecretValueOutput, name: &str) -> Result<Secret, SecretError> {
    if let Some(text) = answer.secret_string {
        return Ok(Secret::new(text));
    }
    let bytes = answer.secret_binary.map(|blob| blob.into_inner()).unwrap_or_default();
    String::from_utf8(bytes).map(Secret::new).map_err(|_| SecretError::Binary { name: name.to_owned() })
}
