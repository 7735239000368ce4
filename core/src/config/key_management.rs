//! What can be said of a secret manager: `key_management_system` and `key_management_settings` of `general_settings`, in
//! LiteLLM's names.

use super::lenient;
use crate::secret::Secret;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// Under which names virtual keys are stored where nobody says.
const PREFIX_UNSAID: &str = "litellm/";

/// A secret manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyManagementSystem {
    /// AWS Secrets Manager.
    AwsSecretsManager,
    /// Variables whose values AWS KMS decrypts.
    AwsKms,
    /// HashiCorp Vault.
    Vault,
    /// Azure Key Vault.
    AzureKeyVault,
    /// Google Secret Manager.
    GoogleSecretManager,
    /// Variables whose values Google Cloud KMS decrypts.
    GoogleKms,
    /// A file of this machine; without one, the environment alone.
    Local,
}

const SYSTEMS: [(&str, KeyManagementSystem); 11] = [
    ("aws_secret_manager", KeyManagementSystem::AwsSecretsManager),
    ("aws_kms", KeyManagementSystem::AwsKms),
    ("hashicorp_vault", KeyManagementSystem::Vault),
    ("azure_key_vault", KeyManagementSystem::AzureKeyVault),
    ("google_secret_manager", KeyManagementSystem::GoogleSecretManager),
    ("google_kms", KeyManagementSystem::GoogleKms),
    ("local", KeyManagementSystem::Local),
    // Other spellings of the same.
    ("aws_secrets_manager", KeyManagementSystem::AwsSecretsManager),
    ("azure_kms", KeyManagementSystem::AzureKeyVault),
    ("hashicorp", KeyManagementSystem::Vault),
    ("vault", KeyManagementSystem::Vault),
];

impl<'de> Deserialize<'de> for KeyManagementSystem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = lenient::text(deserializer)?;
        let found = SYSTEMS.iter().find(|(known, _)| *known == name).map(|(_, system)| *system);
        found.ok_or_else(|| {
            serde::de::Error::custom(
                "must be `aws_secret_manager`, `aws_kms`, `hashicorp_vault`, `azure_key_vault`, \
                 `google_secret_manager`, `google_kms` or `local`",
            )
        })
    }
}

/// What the manager may be used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessMode {
    /// Secrets are read.
    #[default]
    ReadOnly,
    /// Virtual keys are written; nothing is read.
    WriteOnly,
    /// Both.
    ReadAndWrite,
}

impl AccessMode {
    /// Whether secrets are read.
    pub fn reads(self) -> bool {
        self != Self::WriteOnly
    }

    /// Whether virtual keys may be written.
    pub fn writes(self) -> bool {
        self != Self::ReadOnly
    }
}

impl<'de> Deserialize<'de> for AccessMode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match lenient::text(deserializer)?.as_str() {
            "read_only" => Ok(Self::ReadOnly),
            "write_only" => Ok(Self::WriteOnly),
            "read_and_write" => Ok(Self::ReadAndWrite),
            _ => Err(serde::de::Error::custom("must be `read_only`, `write_only` or `read_and_write`")),
        }
    }
}

/// `key_management_settings`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct KeyManagementSettings {
    /// The only variables that the manager is asked for.
    pub hosted_keys: Option<Vec<String>>,
    /// Whether virtual keys that are made go to the manager as well.
    #[serde(deserialize_with = "lenient::flag")]
    pub store_virtual_keys: bool,
    /// What their names begin with; read [`KeyManagementSettings::prefix`].
    #[serde(deserialize_with = "lenient::optional_text")]
    pub prefix_for_stored_virtual_keys: Option<String>,
    /// What the manager may be used for.
    pub access_mode: AccessMode,
    /// One secret, a JSON object, that holds all others as its fields.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub primary_secret_name: Option<String>,
    /// What stored keys are described as.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub description: Option<String>,
    /// What stored keys are tagged with.
    pub tags: BTreeMap<String, String>,
    /// The KMS key that AWS Secrets Manager encrypts stored keys with.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub kms_key_id: Option<String>,
    /// Seconds after which a changed secret is noticed, at the latest.
    #[serde(deserialize_with = "lenient::seconds")]
    pub refresh_interval: Option<f64>,
    /// The file of secrets of `local`.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub path: Option<String>,
    /// The region of AWS, where it is not the process's own.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub aws_region_name: Option<String>,
}

impl KeyManagementSettings {
    /// The name that a virtual key is stored under.
    pub fn stored_name(&self, name: &str) -> String {
        let prefix = self.prefix_for_stored_virtual_keys.as_deref().unwrap_or(PREFIX_UNSAID);
        match prefix {
            "" => name.to_owned(),
            prefix => format!("{}/{name}", prefix.trim_end_matches('/')),
        }
    }

    /// Whether the manager is to be asked for a variable.
    pub fn hosts(&self, variable: &str) -> bool {
        self.hosted_keys.as_ref().is_none_or(|hosted| hosted.iter().any(|name| name == variable))
    }
}

/// `secret_manager`: another way to say the same of Vault.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SecretManagerSettings {
    /// Which manager.
    #[serde(rename = "type", deserialize_with = "optional_system")]
    pub system: Option<KeyManagementSystem>,
    /// Its address.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub vault_address: Option<String>,
    /// The token that it knows us by.
    #[serde(deserialize_with = "lenient::secret")]
    pub vault_token: Option<Secret>,
    /// Where its key-value engine is mounted, and perhaps what follows.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub vault_mount_path: Option<String>,
}

/// As the system's own form, where the setting may be missing.
pub(super) fn optional_system<'de, D: Deserializer<'de>>(d: D) -> Result<Option<KeyManagementSystem>, D::Error> {
    KeyManagementSystem::deserialize(d).map(Some)
}

/// The manager that is named.
#[derive(Clone, Debug)]
pub struct KeyManagement {
    /// Which it is.
    pub system: KeyManagementSystem,
    /// What it is for.
    pub settings: KeyManagementSettings,
}

impl SecretManagerSettings {
    /// The same as the variables that say it elsewhere. The first step of a mount path is the mount.
    pub(super) fn variables(&self) -> Vec<(String, Secret)> {
        let (mount, prefix) = match self.vault_mount_path.as_deref().map(|path| path.trim_matches('/')) {
            Some(path) => match path.split_once('/') {
                Some((mount, prefix)) => (Some(mount), Some(prefix)),
                None => (Some(path), None),
            },
            None => (None, None),
        };
        let said = [
            ("HCP_VAULT_ADDR", self.vault_address.as_deref()),
            ("HCP_VAULT_TOKEN", self.vault_token.as_ref().map(Secret::expose)),
            ("HCP_VAULT_MOUNT_NAME", mount),
            ("HCP_VAULT_PATH_PREFIX", prefix),
        ];
        said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Secret::new(value?)))).collect()
    }
}
