//! Secrets of AWS Secrets Manager.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/Welcome.html>

use super::source::{SecretError, SecretKeeper, SecretSource};
use crate::aws::connection::AwsConnection;
use crate::aws::settings::Service;
use crate::secret::Secret;
use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Region;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use aws_sdk_secretsmanager::primitives::Blob;
use aws_sdk_secretsmanager::types::Tag;
use futures_util::{StreamExt, stream};
use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::time::Duration;

/// How long a connection may take.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(1);
/// How long one fetch may take, repeats included. Secrets are fetched at start and when they are refreshed.
const FETCH_TIME_MAX: Duration = Duration::from_secs(5);
/// Most names of one call, as the service has it.
const BATCH_NAMES_MAX: usize = 20;
/// Calls under way at once.
const CALLS_AT_ONCE: usize = 4;
/// Days that a deleted secret can be brought back, as LiteLLM has it.
const RECOVERY_DAYS: i64 = 7;

/// What stored secrets are given besides their value.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// What they are described as.
    pub description: Option<String>,
    /// What they are tagged with.
    pub tags: BTreeMap<String, String>,
    /// The KMS key that encrypts them; the account's own where unset.
    pub kms_key_id: Option<String>,
}

/// Reads and writes whole secrets by name or ARN; `NAME?stage=AWSPREVIOUS` and `NAME?version=ID` name another version
/// than the current one.
#[derive(Clone, Debug)]
pub struct SecretsManager {
    client: Client,
    labels: Labels,
}

impl SecretsManager {
    /// A source over this connection. Calls nothing yet.
    pub fn new(connection: &AwsConnection) -> Self {
        Self::in_region(connection, None, Labels::default())
    }

    /// The same in another region, and with what it stores labelled.
    pub fn in_region(connection: &AwsConnection, region: Option<&str>, labels: Labels) -> Self {
        let waits =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIME_MAX).operation_timeout(FETCH_TIME_MAX).build();
        let config = aws_sdk_secretsmanager::config::Builder::from(&connection.sdk_config(Service::SecretsManager));
        let config = config.timeout_config(waits);
        let config = match region {
            Some(region) => config.region(Region::new(region.to_owned())),
            None => config,
        };
        Self { client: Client::from_conf(config.build()), labels }
    }

    async fn known_or_fetched(
        &self,
        name: &str,
        known: Option<Result<Secret, SecretError>>,
    ) -> Result<Option<Secret>, SecretError> {
        match known {
            Some(secret) => secret.map(Some),
            None => self.fetch(name).await,
        }
    }

    /// One call for up to twenty secrets. `None`: the role may not do that, or the service does not know it.
    async fn batch(&self, names: &[&String]) -> Option<HashMap<String, Result<Secret, SecretError>>> {
        let ids = names.iter().map(|name| (*name).clone()).collect();
        let request = self.client.batch_get_secret_value().set_secret_id_list(Some(ids));
        let answer = Box::pin(request.send()).await.ok()?;
        let mut found = HashMap::new();
        for value in answer.secret_values.unwrap_or_default() {
            let (name, arn) = (value.name.unwrap_or_default(), value.arn.unwrap_or_default());
            for asked in names.iter().filter(|asked| **asked == &name || **asked == &arn) {
                let (text, bytes) = (value.secret_string.clone(), value.secret_binary.clone());
                found.insert((*asked).clone(), whole(text, bytes, asked));
            }
        }
        Some(found)
    }
}

#[async_trait]
impl SecretSource for SecretsManager {
    async fn fetch(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        let (id, version) = name.split_once('?').map_or((name, None), |(id, version)| (id, Some(version)));
        let request = self.client.get_secret_value().secret_id(id);
        let request = match version.map(|version| version.split_once('=').unwrap_or((version, ""))) {
            None => request,
            Some(("stage", stage)) if !stage.is_empty() => request.version_stage(stage),
            Some(("version", version)) if !version.is_empty() => request.version_id(version),
            Some(_) => {
                let reason = "what follows its `?` is neither `stage=STAGE` nor `version=ID`";
                return Err(SecretError::Name { name: name.to_owned(), reason });
            }
        };
        match Box::pin(request.send()).await {
            Ok(answer) => whole(answer.secret_string, answer.secret_binary, name).map(Some),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(told(name, "secretsmanager:GetSecretValue", error)),
        }
    }

    async fn fetch_all(&self, names: &[String]) -> Vec<Result<Option<Secret>, SecretError>> {
        let plain: Vec<&String> = names.iter().filter(|name| !name.contains('?')).collect();
        let mut known = HashMap::new();
        if plain.len() > 1 {
            let calls: Vec<_> = plain.chunks(BATCH_NAMES_MAX).map(|names| Box::pin(self.batch(names))).collect();
            let batches: Vec<_> = stream::iter(calls).buffered(CALLS_AT_ONCE).collect().await;
            known = batches.into_iter().flatten().flatten().collect();
        }
        // What was not among the answers is asked for by itself: each refusal has a reason of its own.
        let mut fetches = Vec::with_capacity(names.len());
        for name in names {
            fetches.push(self.known_or_fetched(name, known.remove(name)));
        }
        stream::iter(fetches).buffered(CALLS_AT_ONCE).collect().await
    }
}

#[async_trait]
impl SecretKeeper for SecretsManager {
    async fn write(&self, name: &str, value: &Secret) -> Result<(), SecretError> {
        let tags = self.labels.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        let tags: Vec<Tag> = tags.collect();
        let request = self.client.create_secret().name(name).secret_string(value.expose());
        let request = request
            .set_description(self.labels.description.clone())
            .set_kms_key_id(self.labels.kms_key_id.clone())
            .set_tags((!tags.is_empty()).then_some(tags));
        let error = match Box::pin(request.send()).await {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        match error.code() {
            Some("ResourceExistsException") => {}
            // One of this name was deleted, and can still be brought back: so it is.
            Some("InvalidRequestException") => {
                let restored = Box::pin(self.client.restore_secret().secret_id(name).send()).await;
                restored.map_err(|error| told(name, "secretsmanager:RestoreSecret", error))?;
            }
            _ => return Err(told(name, "secretsmanager:CreateSecret", error)),
        }
        let request = self.client.put_secret_value().secret_id(name).secret_string(value.expose());
        let done = Box::pin(request.send()).await;
        done.map(|_| ()).map_err(|error| told(name, "secretsmanager:PutSecretValue", error))
    }

    async fn delete(&self, name: &str) -> Result<(), SecretError> {
        let request = self.client.delete_secret().secret_id(name).recovery_window_in_days(RECOVERY_DAYS);
        match Box::pin(request.send()).await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(()),
            Err(error) => Err(told(name, "secretsmanager:DeleteSecret", error)),
        }
    }
}

fn told<E: ProvideErrorMetadata + Error + Send + Sync + 'static>(name: &str, action: &str, error: E) -> SecretError {
    let name = name.to_owned();
    match error.code() {
        Some("AccessDeniedException" | "DecryptionFailure" | "UnrecognizedClientException") => {
            SecretError::Denied { name, advice: format!("the role needs `{action}` on it"), cause: error.into() }
        }
        Some("ThrottlingException" | "Throttling" | "LimitExceededException" | "RequestLimitExceeded") => {
            SecretError::Throttled { name, cause: error.into() }
        }
        _ => SecretError::Unavailable { name, cause: error.into() },
    }
}

fn whole(text: Option<String>, bytes: Option<Blob>, name: &str) -> Result<Secret, SecretError> {
    if let Some(text) = text {
        return Ok(Secret::new(text));
    }
    let bytes = bytes.map(Blob::into_inner).unwrap_or_default();
    String::from_utf8(bytes).map(Secret::new).map_err(|_| SecretError::Binary { name: name.to_owned() })
}
