//! The process environment as one unchanging map. This is the only door to it; everyone else is handed the map.

use crate::secret::Secret;
use std::collections::BTreeMap;
use std::fmt;

/// A snapshot of the environment. Values may be keys, so it never shows them. An empty value counts as unset.
#[derive(Clone, Default)]
pub struct Environment {
    values: BTreeMap<String, Secret>,
}

/// A variable that should say true or false and says something else.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("environment variable {name} must be `true` or `false`")]
pub struct NotABool {
    /// The variable.
    pub name: String,
}

impl Environment {
    /// The environment of this process, as it is now. Variables that are not UTF-8 are left out.
    pub fn of_process() -> Self {
        let variables = std::env::vars_os();
        Self::from_pairs(
            variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// An environment made of pairs; of two pairs with one name the later wins.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let values = pairs.into_iter().map(|(name, value)| (name.into(), Secret::new(value))).collect();
        Self { values }
    }

    /// The variable's text; `None` where it is unset or empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(Secret::expose).filter(|text| !text.is_empty())
    }

    /// The variable as a secret; `None` where it is unset or empty.
    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.text(name).map(Secret::new)
    }

    /// The variable as true or false, in the spellings that LiteLLM and YAML know, in any case.
    ///
    /// # Errors
    /// [`NotABool`] where it says anything else.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, NotABool> {
        self.text(name).map(|text| truth(text.trim()).ok_or_else(|| NotABool { name: name.to_owned() })).transpose()
    }

    /// The names whose value begins with `prefix`, and those values.
    pub fn values_with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.all().filter(move |(_, value)| value.starts_with(prefix))
    }

    /// All names and values.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.expose()))
    }

    /// The same environment with some variables set anew.
    pub fn with(&self, pairs: impl IntoIterator<Item = (String, Secret)>) -> Self {
        let mut values = self.values.clone();
        values.extend(pairs);
        Self { values }
    }
}

/// `true` or `false` as people write them.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environment({} variables)", self.values.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let environment = Environment::from_pairs([("OPENAI_API_KEY", "")]);
        assert_eq!(environment.text("OPENAI_API_KEY"), None);
        assert!(environment.secret("OPENAI_API_KEY").is_none());
    }

    #[test]
    fn a_flag_takes_the_usual_spellings_and_refuses_the_rest() {
        let environment = Environment::from_pairs([("A", "True"), ("B", "0"), ("C", "perhaps")]);
        assert_eq!(environment.flag("A"), Ok(Some(true)));
        assert_eq!(environment.flag("B"), Ok(Some(false)));
        assert_eq!(environment.flag("C"), Err(NotABool { name: "C".to_owned() }));
        assert_eq!(environment.flag("D"), Ok(None));
    }

    #[test]
    fn an_environment_does_not_show_its_values() {
        let environment = Environment::from_pairs([("OPENAI_API_KEY", "sk-1234")]);
        assert_eq!(format!("{environment:?}"), "Environment(1 variables)");
    }
}
