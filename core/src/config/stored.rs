//! Settings that stand in the table, beside those of the file: what the file says counts, and the table's lie under it.

use super::document::Document;
use super::ledger;
use super::names;
use super::tree::{Content, Entry, Node, Place};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The sections that may stand in the table.
pub const SECTIONS: [&str; 4] = ["general_settings", "litellm_settings", "router_settings", ENVIRONMENT];

/// The section of variables.
pub const ENVIRONMENT: &str = "environment_variables";

/// How alike an unknown name must be to a known one to be called a misspelling of it.
const LIKE: f64 = 0.7;

/// Settings that are read before the table is: what they say cannot stand there.
const OF_THE_START: [(&str, &str); 11] = [
    ("general_settings", "master_key"),
    ("general_settings", "master_keys"),
    ("general_settings", "store_model_in_db"),
    ("general_settings", "database_connection_timeout"),
    ("general_settings", "encryption_algorithm"),
    ("general_settings", "key_management_system"),
    ("general_settings", "key_management_settings"),
    ("general_settings", "detailed_debug"),
    ("litellm_settings", "json_logs"),
    ("litellm_settings", "set_verbose"),
    ("router_settings", "set_verbose"),
];

/// Variables of which the same is true, by how they begin.
const VARIABLES_OF_THE_START: [&str; 7] =
    ["LITELLM_MASTER_KEY", "LITELLM_SALT_KEY", "POSTERN_", "CONFIG_FILE_PATH", "STORE_MODEL_IN_DB", "RUST_LOG", "AWS_"];

/// Settings by section and name, as they came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoredSettings(BTreeMap<String, Map<String, Value>>);

/// Why a setting cannot stand in the table: a sentence for the administrator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotStorable {
    /// The section is none of these.
    #[error(
        "`{0}` cannot be stored: it takes general_settings, litellm_settings, router_settings and \
             environment_variables. Models are made with POST /model/new."
    )]
    Section(String),
    /// Nobody knows the setting.
    #[error("Invalid field={name} passed in.{}", nearest.map(|name| format!(" Did you mean `{name}`?")).unwrap_or_default())]
    Unknown {
        /// Its name.
        name: String,
        /// The known one that was probably meant.
        nearest: Option<&'static str>,
    },
    /// It is read before the table is.
    #[error("`{0}` is read at the start, before the table is: set it in the file or the environment.")]
    OfTheStart(String),
    /// A variable is a text, a number, or true or false.
    #[error("`environment_variables.{0}` must be a text")]
    NoVariable(String),
}

impl StoredSettings {
    /// A section's settings.
    pub fn section(&self, section: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.0.get(section).into_iter().flatten()
    }

    /// Every setting, with its section.
    pub fn all(&self) -> impl Iterator<Item = (&str, &String, &Value)> {
        self.0
            .iter()
            .flat_map(|(section, settings)| settings.iter().map(move |(name, value)| (section.as_str(), name, value)))
    }

    /// A setting.
    pub fn get(&self, section: &str, name: &str) -> Option<&Value> {
        self.0.get(section)?.get(name)
    }

    /// Sets one.
    ///
    /// # Errors
    /// [`NotStorable`].
    pub fn set(&mut self, section: &str, name: &str, value: Value) -> Result<(), NotStorable> {
        check(section, name, &value)?;
        self.0.entry(section.to_owned()).or_default().insert(name.to_owned(), value);
        Ok(())
    }

    /// Takes one out, and says what it was.
    pub fn remove(&mut self, section: &str, name: &str) -> Option<Value> {
        self.0.get_mut(section)?.shift_remove(name)
    }
}

/// Whether a setting may stand in the table.
///
/// # Errors
/// [`NotStorable`] says why not.
fn check(section: &str, name: &str, value: &Value) -> Result<(), NotStorable> {
    if !SECTIONS.contains(&section) {
        return Err(NotStorable::Section(section.to_owned()));
    }
    if section == ENVIRONMENT {
        return match value {
            _ if VARIABLES_OF_THE_START.iter().any(|start| name.starts_with(start)) => {
                Err(NotStorable::OfTheStart(name.to_owned()))
            }
            Value::String(_) | Value::Number(_) | Value::Bool(_) => Ok(()),
            Value::Null | Value::Array(_) | Value::Object(_) => Err(NotStorable::NoVariable(name.to_owned())),
        };
    }
    if OF_THE_START.contains(&(section, name)) {
        return Err(NotStorable::OfTheStart(format!("{section}.{name}")));
    }
    match ledger::find(section, name) {
        Some(_) => Ok(()),
        None => {
            let known = ledger::in_section(section).map(|setting| setting.name);
            Err(NotStorable::Unknown { name: name.to_owned(), nearest: names::nearest(name, known, LIKE) })
        }
    }
}

impl Document {
    /// The same, with stored settings where it has none of their names.
    #[must_use]
    pub fn with_stored(&self, stored: &StoredSettings) -> Self {
        let mut document = self.clone();
        for (section, name, value) in stored.all() {
            let root = document.root_mut();
            if root.get(section).is_none_or(Node::is_null) {
                root.remove(section);
                let value = Node::new(Content::Map(Vec::new()), Place::default());
                root.add_missing(Entry { name: section.to_owned(), place: Place::default(), value });
            }
            if let Some(settings) = root.get_mut(section) {
                let value = Node::of_value(value);
                settings.add_missing(Entry { name: name.clone(), place: Place::default(), value });
            }
        }
        document
    }

    /// What the document itself says in the sections that may stand in the table, references as they are written.
    pub fn settings(&self) -> StoredSettings {
        let of = |section: &str| match self.root().get(section).map(Node::to_value) {
            Some(Value::Object(settings)) => settings,
            _ => Map::new(),
        };
        StoredSettings(SECTIONS.iter().map(|section| ((*section).to_owned(), of(section))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment, Resolved, Sources};
    use serde_json::json;

    fn read(document: &Document) -> Result<Config, String> {
        let (environment, resolved) = (Environment::default(), Resolved::default());
        let sources = Sources { environment: &environment, resolved: &resolved, provider_check: &|_, _| Ok(()) };
        Config::from_document(document, sources).map(|loaded| loaded.config).map_err(|error| error.to_string())
    }

    #[test]
    fn what_the_file_says_counts_and_the_rest_is_the_tables() {
        let file = "general_settings: {max_parallel_requests: 3}\nlitellm_settings:\n";
        let document = Document::parse("config.yaml", file).unwrap();
        let mut stored = StoredSettings::default();
        stored.set("general_settings", "max_parallel_requests", json!(9)).unwrap();
        stored.set("general_settings", "global_max_parallel_requests", json!("7")).unwrap();
        stored.set("litellm_settings", "drop_params", json!(true)).unwrap();
        stored.set("router_settings", "timeout", json!(5)).unwrap();
        let config = read(&document.with_stored(&stored)).unwrap();
        let general = &config.general;
        assert_eq!((general.max_parallel_requests, general.global_max_parallel_requests), (Some(3), Some(7)));
        assert_eq!((config.litellm.drop_params, config.litellm.request_timeout), (true, Some(5.0)));
        assert_eq!(document.settings().get("general_settings", "max_parallel_requests"), Some(&json!(3)));
        assert_eq!(document.settings().get("litellm_settings", "drop_params"), None);
        stored.remove("router_settings", "timeout");
        assert_eq!(read(&document.with_stored(&stored)).unwrap().litellm.request_timeout, None);
    }

    #[test]
    fn a_stored_value_that_is_wrong_is_named_without_a_line() {
        let mut stored = StoredSettings::default();
        stored.set("general_settings", "allowed_ips", json!(["nowhere"])).unwrap();
        let error = read(&Document::empty().with_stored(&stored)).unwrap_err();
        assert!(error.starts_with("general_settings.allowed_ips: "), "{error}");
    }

    #[test]
    fn what_cannot_stand_in_the_table_is_refused_by_name() {
        let mut stored = StoredSettings::default();
        let refused = [
            ("model_list", "gpt", json!({}), "Models are made with POST /model/new."),
            ("general_settings", "master_key", json!("sk-1"), "is read at the start"),
            ("general_settings", "alowed_ips", json!([]), "Did you mean `allowed_ips`?"),
            ("environment_variables", "LITELLM_SALT_KEY", json!("s"), "is read at the start"),
            ("environment_variables", "A", json!([]), "must be a text"),
        ];
        for (section, name, value, why) in refused {
            let error = stored.set(section, name, value).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        assert_eq!(stored, StoredSettings::default());
    }
}
