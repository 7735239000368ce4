//! Other names of models, as the operator gives them. A name that is an alias means its model even where a model of that
//! name is there, as with LiteLLM.

use super::pattern::{Pattern, filled};
use crate::config::aliases::ModelAlias;
use std::borrow::Cow;
use std::collections::HashMap;

/// The other names of all models.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    exact: HashMap<String, String>,
    patterns: Vec<(Pattern, String)>,
    /// Those that lists show, in the configuration's order.
    shown: Vec<String>,
}

impl Aliases {
    pub(super) fn of(said: &[ModelAlias]) -> Self {
        let mut aliases = Self::default();
        for ModelAlias { name, model, is_hidden } in said {
            if name.contains('*') {
                aliases.patterns.push((Pattern::new(name), model.clone()));
                continue;
            }
            aliases.exact.insert(name.clone(), model.clone());
            if !is_hidden {
                aliases.shown.push(name.clone());
            }
        }
        aliases
    }

    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.patterns.is_empty()
    }

    /// The model that a name means, where it is an alias.
    pub(super) fn model(&self, name: &str) -> Option<Cow<'_, str>> {
        if let Some(model) = self.exact(name) {
            return Some(Cow::Borrowed(model));
        }
        self.patterns.iter().find_map(|(pattern, model)| {
            let captures = pattern.captures(name).filter(|_| pattern.matches_all_of(name))?;
            Some(Cow::Owned(filled(model, &captures, name)))
        })
    }

    /// The same, patterns left out.
    pub(super) fn exact(&self, name: &str) -> Option<&str> {
        self.exact.get(name).map(String::as_str)
    }

    /// The names that lists show.
    pub(super) fn shown(&self) -> &[String] {
        &self.shown
    }
}
