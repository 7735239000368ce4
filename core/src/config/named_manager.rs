//! Which secret manager the operator names. Read before the rest of the configuration, whose references it answers.

use super::document::Document;
use super::environment::Environment;
use super::general::GeneralSettings;
use super::key_management::{KeyManagement, KeyManagementSystem};
use super::problem::ConfigError;
use super::reading::read;
use super::references::{self, Resolved};
use super::report::Report;
use super::tree::{Content, Node};

const SECTION: &str = "general_settings";
/// What of the section says which manager there is.
const NAMES: [&str; 5] =
    ["key_management_system", "key_management_settings", "secret_manager", "use_google_kms", "use_azure_key_vault"];
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::KeyManagementSettings;

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
