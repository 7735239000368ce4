//! Keys of AWS KMS, as they decrypt variables. A ciphertext says itself which key it is for.

use super::ciphertexts::Decrypts;
use super::source::SecretError;
use crate::aws::connection::AwsConnection;
use crate::aws::settings::Service;
use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::config::Region;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::primitives::Blob;
use std::time::Duration;

/// How long a connection may take.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(1);
/// How long one call may take, repeats included.
const CALL_TIME_MAX: Duration = Duration::from_secs(5);

/// A variable with such a name holds the ciphertext of the variable that the rest of its name names, as in LiteLLM.
const NAME_PREFIX: &str = "LITELLM_SECRET_AWS_KMS_";
/// A value that begins so is a ciphertext, whatever the variable's name, as in LiteLLM.
const VALUE_PREFIX: &str = "aws_kms/";

/// The keys that the process's role may use.
pub struct AwsKms {
    client: Client,
}

impl AwsKms {
    /// The keys of a region; `None`: of the process's own.
    pub fn new(connection: &AwsConnection, region: Option<&str>) -> Self {
        let waits = TimeoutConfig::builder().connect_timeout(CONNECT_TIME_MAX).operation_timeout(CALL_TIME_MAX);
        let config = aws_sdk_kms::config::Builder::from(&connection.sdk_config(Service::Kms));
        let config = config.timeout_config(waits.build());
        let config = match region {
            Some(region) => config.region(Region::new(region.to_owned())),
            None => config,
        };
        Self { client: Client::from_conf(config.build()) }
    }
}

/// The ciphertexts among these variables, by the name that their secret has: those that say what they are, and those that
/// are `hosted` by name.
pub fn ciphertexts<'a>(
    variables: impl Iterator<Item = (&'a str, &'a str)>,
    hosted: &[String],
) -> Vec<(String, String)> {
    let found = variables.filter_map(|(name, value)| {
        let named = name.get(..NAME_PREFIX.len()).filter(|start| start.eq_ignore_ascii_case(NAME_PREFIX));
        let said = value.strip_prefix(VALUE_PREFIX);
        let is_ciphertext = named.is_some() || said.is_some() || hosted.iter().any(|hosted| hosted == name);
        let secret = named.and_then(|start| name.get(start.len()..)).unwrap_or(name);
        is_ciphertext.then(|| (secret.to_owned(), said.unwrap_or(value).to_owned()))
    });
    found.filter(|(name, _)| !name.is_empty()).collect()
}

#[async_trait]
impl Decrypts for AwsKms {
    async fn decrypt(&self, name: &str, ciphertext: &[u8]) -> Result<Vec<u8>, SecretError> {
        let request = self.client.decrypt().ciphertext_blob(Blob::new(ciphertext));
        let error = match Box::pin(request.send()).await {
            Ok(answer) => return Ok(answer.plaintext.map(Blob::into_inner).unwrap_or_default()),
            Err(error) => error,
        };
        let name = name.to_owned();
        Err(match error.code() {
            Some("AccessDeniedException" | "UnrecognizedClientException") => SecretError::Denied {
                name,
                advice: "the role needs `kms:Decrypt` on the key".to_owned(),
                cause: error.into(),
            },
            Some("InvalidCiphertextException" | "IncorrectKeyException") => {
                SecretError::Name { name, reason: "its value is no ciphertext of AWS KMS in this region" }
            }
            Some("ThrottlingException" | "LimitExceededException") => {
                SecretError::Throttled { name, cause: error.into() }
            }
            _ => SecretError::Unavailable { name, cause: error.into() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ciphertexts_are_known_by_their_names_their_values_or_by_being_named() {
        let variables = [
            ("LITELLM_SECRET_AWS_KMS_OPENAI_API_KEY", "YQ=="),
            ("litellm_secret_aws_kms_A", "aws_kms/Yg=="),
            ("B", "aws_kms/Yw=="),
            ("C", "ZA=="),
            ("D", "plain"),
            ("LITELLM_SECRET_AWS_KMS_", "ZQ=="),
        ];
        let found = ciphertexts(variables.into_iter(), &["C".to_owned()]);
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, [("OPENAI_API_KEY", "YQ=="), ("A", "Yg=="), ("B", "Yw=="), ("C", "ZA==")]);
    }
}
