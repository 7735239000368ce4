//! Wrapping keys in AWS KMS. They never leave it: KMS makes each data key and hands it out open and wrapped, and opens
//! wrapped ones. One call for a process's own data key, and one for each of another's that it meets.

use super::cipher::CipherKey;
use super::error::SealError;
use super::key_name::{KeyName, System, is_key_id};
use super::key_wrapper::{KeyWrapper, WrappedKey};
use crate::aws::connection::AwsConnection;
use crate::aws::settings::Service;
use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use std::error::Error;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a connection may take.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(1);
/// How long one call may take, repeats included. Somebody's request waits for it.
const CALL_TIME_MAX: Duration = Duration::from_secs(3);

/// What KMS is told a key is for. It opens only what was wrapped for the same.
const CONTEXT: (&str, &str) = ("postern", "data-key");

/// A key's id is none.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` names no key of KMS: write its id, its alias as `alias/NAME`, or the ARN of either")]
pub struct NotAKey(String);

/// Keys of KMS.
pub struct KmsWrapper {
    client: Client,
    /// As the operator wrote them, with the names that values have; the first seals.
    keys: Vec<(String, String)>,
    version: u32,
}

impl KmsWrapper {
    /// Seals under `key` at `version`, opens what hangs on any of `old` too. Calls nothing yet.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn new(connection: &AwsConnection, key: &str, version: u32, old: &[&str]) -> Result<Self, NotAKey> {
        let waits = TimeoutConfig::builder().connect_timeout(CONNECT_TIME_MAX).operation_timeout(CALL_TIME_MAX);
        let config = aws_sdk_kms::config::Builder::from(&connection.sdk_config(Service::Kms));
        let named = |key: &&str| short(key).map(|name| ((*key).to_owned(), name));
        let keys = std::iter::once(&key).chain(old).map(named).collect::<Result<_, _>>()?;
        Ok(Self { client: Client::from_conf(config.timeout_config(waits.build()).build()), keys, version })
    }

    fn name(&self) -> KeyName {
        let id = self.keys.first().map(|(_, name)| name.clone()).unwrap_or_default();
        KeyName { system: System::Kms, id, version: self.version }
    }
}

#[async_trait]
impl KeyWrapper for KmsWrapper {
    fn system(&self) -> System {
        System::Kms
    }

    fn current(&self) -> Result<KeyName, SealError> {
        Ok(self.name())
    }

    async fn new_key(&self) -> Result<WrappedKey, SealError> {
        let name = self.name();
        let request = self
            .client
            .generate_data_key()
            .set_key_id(self.keys.first().map(|(key, _)| key.clone()))
            .key_spec(DataKeySpec::Aes256)
            .encryption_context(CONTEXT.0, CONTEXT.1);
        let answer = Box::pin(request.send()).await.map_err(|error| failed(error, &name))?;
        let plain = Zeroizing::new(answer.plaintext.map(Blob::into_inner).unwrap_or_default());
        let wrapped = answer.ciphertext_blob.map(Blob::into_inner).unwrap_or_default();
        match CipherKey::from_bytes(&plain).filter(|_| !wrapped.is_empty()) {
            Some(key) => Ok(WrappedKey { name, key, wrapped }),
            None => Err(SealError::Unavailable { key: name, cause: "KMS answered no key of 256 bits".into() }),
        }
    }

    async fn unwrap_key(&self, name: &KeyName, wrapped: &[u8]) -> Result<Option<CipherKey>, SealError> {
        // Only keys that the operator named: a value that somebody else's key opens is none of ours.
        let Some((key, _)) = self.keys.iter().find(|(_, known)| *known == name.id) else { return Ok(None) };
        let request = self
            .client
            .decrypt()
            .key_id(key)
            .ciphertext_blob(Blob::new(wrapped))
            .encryption_context(CONTEXT.0, CONTEXT.1);
        match Box::pin(request.send()).await {
            Ok(answer) => {
                let plain = Zeroizing::new(answer.plaintext.map(Blob::into_inner).unwrap_or_default());
                Ok(CipherKey::from_bytes(&plain))
            }
            Err(error) if matches!(error.code(), Some("InvalidCiphertextException" | "IncorrectKeyException")) => {
                Ok(None)
            }
            Err(error) => Err(failed(error, name)),
        }
    }
}

/// What values call a key: the part of an ARN that names it.
fn short(key: &str) -> Result<String, NotAKey> {
    let last = if key.starts_with("arn:") { key.rsplit(':').next().unwrap_or_default() } else { key };
    let name = last.strip_prefix("key/").unwrap_or(last);
    if is_key_id(name) { Ok(name.to_owned()) } else { Err(NotAKey(key.to_owned())) }
}

fn failed<E>(error: SdkError<E>, key: &KeyName) -> SealError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let (key, code) = (key.clone(), error.code().unwrap_or_default().to_owned());
    let cause = error.into();
    match code.as_str() {
        "AccessDeniedException"
        | "DisabledException"
        | "NotFoundException"
        | "InvalidKeyUsageException"
        | "KMSInvalidStateException"
        | "UnrecognizedClientException"
        | "InvalidGrantTokenException" => SealError::Denied { key, cause },
        _ => SealError::Unavailable { key, cause },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_called_by_its_id_or_alias() {
        let named = |key| short(key).ok();
        assert_eq!(named("arn:aws:kms:eu-west-1:111:key/mrk-12"), Some("mrk-12".to_owned()));
        assert_eq!(named("arn:aws:kms:eu-west-1:111:alias/postern"), Some("alias/postern".to_owned()));
        assert_eq!(named("alias/postern"), Some("alias/postern".to_owned()));
        assert_eq!((named(""), named("a:b")), (None, None));
    }
}
