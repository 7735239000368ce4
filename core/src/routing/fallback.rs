//! Which models stand in for one that failed. Pure.

use super::fault::Fault;
use super::pattern::Pattern;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Most models tried after the one that was asked for, where nobody says anything, as LiteLLM's router.
pub const FALLBACKS_USUAL: u32 = 5;

/// A model that stands in for another.
#[derive(Clone, Debug, PartialEq)]
pub struct Fallback {
    /// Its public name.
    pub model: String,
    /// Members of the request that are others there.
    pub params: Map<String, Value>,
}

impl Fallback {
    /// A model as it is.
    pub fn plain(model: impl Into<String>) -> Self {
        Self { model: model.into(), params: Map::new() }
    }
}

/// Which models stand in for which.
#[derive(Clone, Debug, Default)]
pub struct FallbackList {
    exact: HashMap<String, Vec<Fallback>>,
    /// Names with `*`, the most specific first.
    patterns: Vec<(Pattern, Vec<Fallback>)>,
}

impl FallbackList {
    /// The list of these names; the first entry of a name holds.
    pub fn new(entries: impl IntoIterator<Item = (String, Vec<Fallback>)>) -> Self {
        let mut list = Self::default();
        for (name, fallbacks) in entries {
            if name.contains('*') {
                list.patterns.push((Pattern::new(&name), fallbacks));
            } else {
                list.exact.entry(name).or_insert(fallbacks);
            }
        }
        list.patterns.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.specificity()));
        list
    }

    /// What stands in for a model.
    pub fn of(&self, model: &str) -> Option<&[Fallback]> {
        let matched = || self.patterns.iter().find(|(pattern, _)| pattern.captures(model).is_some());
        self.exact.get(model).or_else(|| matched().map(|(_, fallbacks)| fallbacks)).map(Vec::as_slice)
    }

    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.patterns.is_empty()
    }
}

/// Everything that is said about fallbacks.
#[derive(Clone, Debug)]
pub struct FallbackRules {
    /// `fallbacks`.
    pub general: FallbackList,
    /// `default_fallbacks`: for models that the others do not name.
    pub default: Vec<Fallback>,
    /// `context_window_fallbacks`.
    pub context_window: FallbackList,
    /// `content_policy_fallbacks`.
    pub content_policy: FallbackList,
    /// `max_fallbacks`.
    pub most: u32,
}

impl Default for FallbackRules {
    fn default() -> Self {
        Self {
            general: FallbackList::default(),
            default: Vec::new(),
            context_window: FallbackList::default(),
            content_policy: FallbackList::default(),
            most: FALLBACKS_USUAL,
        }
    }
}

impl FallbackRules {
    /// What stands in for a model that failed like this: the list for this fault before the general one.
    pub fn of(&self, model: &str, fault: Fault) -> &[Fallback] {
        if !fault.helped_by_another_model() {
            return &[];
        }
        let special = match fault {
            Fault::ContextWindow => self.context_window.of(model),
            Fault::ContentPolicy => self.content_policy.of(model),
            _ => None,
        };
        special.or_else(|| self.general.of(model)).unwrap_or(&self.default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(&str, &[&str])]) -> FallbackList {
        let named = |(name, models): &(&str, &[&str])| {
            ((*name).to_owned(), models.iter().map(|model| Fallback::plain(*model)).collect())
        };
        FallbackList::new(entries.iter().map(named))
    }

    fn names(fallbacks: &[Fallback]) -> Vec<&str> {
        fallbacks.iter().map(|fallback| fallback.model.as_str()).collect()
    }

    #[test]
    fn the_name_goes_before_wildcards_and_they_before_the_default() {
        let general = list(&[("*", &["all"]), ("openai/*", &["openai"]), ("a", &["b", "c"])]);
        let rules = FallbackRules { general, default: vec![Fallback::plain("d")], ..FallbackRules::default() };
        assert_eq!(names(rules.of("a", Fault::Server)), ["b", "c"]);
        assert_eq!(names(rules.of("openai/x", Fault::Server)), ["openai"]);
        assert_eq!(names(rules.of("x", Fault::Server)), ["all"]);
        let rules = FallbackRules { general: list(&[("a", &["b"])]), ..rules };
        assert_eq!(names(rules.of("x", Fault::Server)), ["d"]);
    }

    #[test]
    fn a_fault_with_a_list_of_its_own_goes_by_it_and_a_clients_mistake_goes_nowhere() {
        let rules = FallbackRules {
            general: list(&[("a", &["b"])]),
            context_window: list(&[("a", &["long"])]),
            content_policy: list(&[("z", &["lax"])]),
            ..FallbackRules::default()
        };
        assert_eq!(names(rules.of("a", Fault::ContextWindow)), ["long"]);
        assert_eq!(names(rules.of("a", Fault::ContentPolicy)), ["b"]);
        assert_eq!(names(rules.of("z", Fault::ContentPolicy)), ["lax"]);
        assert!(rules.of("a", Fault::BadRequest).is_empty());
    }
}
