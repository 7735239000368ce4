//! Which secret manager the operator names, and what it is for: `key_management_system` and `key_management_settings`
//! of `general_settings`, in LiteLLM's names. Read before the rest of the configuration, whose references it answers.

use super::document::Document;
use super::environment::Environment;
use super::lenient;
use super::problem::ConfigError;
use super::reading::read;
use super::references::{self, Resolved};
use super::report::Report;
use super::settings::GeneralSettings;
use super::tree::{Content, Node};
use crate::secret::Secret;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

const SECTION: &str = "general_settings";
/// What of the section says which manager there is.
const NAMES: [&str; 5] =
    ["key_management_system", "key_management_settings", "secret_manager", "use_google_kms", "use_azure_key_vault"];
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

impl GeneralSettings {
    /// The manager that is named, in whichever way.
    pub fn key_management(&self) -> Option<KeyManagement> {
        let flagged = [
            (self.use_google_kms, KeyManagementSystem::GoogleKms),
            (self.use_azure_key_vault, KeyManagementSystem::AzureKeyVault),
        ];
        let flagged = flagged.into_iter().find(|(is_set, _)| *is_set).map(|(_, system)| system);
        let system = self.key_management_system.or(self.secret_manager.system).or(flagged)?;
        Some(KeyManagement { system, settings: self.key_management_settings.clone() })
    }
}

impl Document {
    /// The manager that the document names, and the environment that it is reached with: the process's, with
    /// `environment_variables` laid over it.
    ///
    /// # Errors
    /// [`ConfigError`]: what is said about it is wrong.
    pub fn key_management(
        &self,
        environment: &Environment,
    ) -> Result<(Option<KeyManagement>, Environment), ConfigError> {
        // Problems elsewhere are told when the whole document is read.
        let (root, environment) = references::resolve(self, environment, &Resolved::new(), &mut Report::on(self));
        let Some(mut section) = root.get(SECTION).cloned() else { return Ok((None, environment)) };
        if let Content::Map(entries) = &mut section.content {
            entries.retain(|entry| NAMES.contains(&entry.name.as_str()));
        }
        let mut report = Report::on(self);
        let said: GeneralSettings = read(&section, SECTION, &mut report);
        report.finish()?;
        let vault = said.secret_manager.variables();
        Ok((said.key_management(), environment.with(vault)))
    }

    /// Whether the document says anything of a master key.
    pub fn names_master_key(&self) -> bool {
        self.root().get(SECTION).and_then(|section| section.get("master_key")).is_some()
    }

    /// The models of the document that name no key of their own: theirs comes from a variable of their provider's.
    pub fn models_without_key(&self) -> impl Iterator<Item = &str> {
        let entries = self.root().get("model_list").into_iter().flat_map(Node::items);
        let params = entries.filter_map(|entry| entry.get("litellm_params"));
        params.filter(|params| params.get("api_key").is_none()).filter_map(|params| params.get("model")?.text())
    }

    /// The variables of the environment that the document asks for by `os.environ/NAME`.
    pub fn variables(&self) -> impl Iterator<Item = String> {
        references::variables(self.root()).into_iter()
    }
}

impl SecretManagerSettings {
    /// The same as the variables that say it elsewhere. The first step of a mount path is the mount.
    fn variables(&self) -> Vec<(String, Secret)> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str, environment: &Environment) -> Result<(Option<KeyManagement>, Environment), String> {
        Document::parse("c.yaml", text).unwrap().key_management(environment).map_err(|error| error.to_string())
    }

    fn system(text: &str) -> Option<KeyManagementSystem> {
        named(text, &Environment::default()).unwrap().0.map(|named| named.system)
    }

    #[test]
    fn a_manager_is_named_in_several_ways() {
        assert_eq!(system("general_settings: {key_management_system: aws_kms}"), Some(KeyManagementSystem::AwsKms));
        let azure = Some(KeyManagementSystem::AzureKeyVault);
        assert_eq!(system("general_settings: {use_azure_key_vault: true}"), azure);
        assert_eq!(system("general_settings: {key_management_system: azure_kms}"), azure);
        assert_eq!(system("general_settings: {master_key: sk-1}"), None);
        assert_eq!(system("model_list: []"), None);
        let text = "general_settings: {secret_manager: {type: vault, vault_address: https://v, vault_token: \
                    os.environ/T, vault_mount_path: kv/data/x}}";
        let (named, environment) = named(text, &Environment::from_pairs([("T", "hvs.1")])).unwrap();
        assert_eq!(named.unwrap().system, KeyManagementSystem::Vault);
        assert_eq!(environment.text("HCP_VAULT_ADDR"), Some("https://v"));
        assert_eq!(environment.text("HCP_VAULT_TOKEN"), Some("hvs.1"));
        assert_eq!(environment.text("HCP_VAULT_MOUNT_NAME"), Some("kv"));
    }

    #[test]
    fn a_wrong_value_stops_the_start_with_its_line() {
        let wrong = |text: &str| named(text, &Environment::default()).unwrap_err();
        let unknown = wrong("general_settings:\n  key_management_system: vaultt\n");
        assert!(unknown.starts_with("c.yaml:2: general_settings.key_management_system: must be `aws_secret_manager`,"));
        let mode = wrong("general_settings:\n  key_management_settings:\n    access_mode: read\n");
        assert_eq!(
            mode,
            "c.yaml:3: general_settings.key_management_settings.access_mode: must be `read_only`, `write_only` or \
             `read_and_write`, not `read`"
        );
    }

    #[test]
    fn stored_keys_have_a_prefix_and_only_hosted_keys_are_asked_for() {
        let text = "general_settings: {key_management_system: local, key_management_settings: {hosted_keys: [A]}}";
        let settings = named(text, &Environment::default()).unwrap().0.unwrap().settings;
        assert_eq!((settings.hosts("A"), settings.hosts("B")), (true, false));
        assert_eq!(settings.stored_name("ours"), "litellm/ours");
        let prefix = |prefix: &str| KeyManagementSettings {
            prefix_for_stored_virtual_keys: Some(prefix.to_owned()),
            ..KeyManagementSettings::default()
        };
        assert_eq!(prefix("team").stored_name("ours"), "team/ours");
        assert_eq!(prefix("").stored_name("ours"), "ours");
    }

    #[test]
    fn the_variables_that_are_asked_for_are_known() {
        let text = "environment_variables: {B: os.environ/A}\nmodel_list: [{x: os.environ/C}, {y: [os.environ/A]}]\n";
        let names: Vec<String> = Document::parse("c.yaml", text).unwrap().variables().collect();
        assert_eq!(names, ["A", "C"]);
    }
}
