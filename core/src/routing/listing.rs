//! The models that a caller sees: public names, with wildcards spelled out as far as the price data knows their models.

use super::access::{allows, is_everything};
use super::listed::Listed;
use super::pattern::{Pattern, filled};
use super::table::{ModelTable, Wildcard};
use crate::price;
use std::collections::HashSet;

/// The models that each of these lists lets its owner see, in the configuration's order, each once.
pub fn visible(table: &ModelTable, lists: &[&[String]]) -> Vec<Listed> {
    let everything = lists.iter().all(|models| is_everything(models));
    let offered = table.offered(all_offered);
    let allowed = |name: &str| everything || allowed_by_all(table, lists, name);
    let mut list: Vec<_> = offered.iter().filter(|listed| allowed(&listed.name)).cloned().collect();
    let seen: HashSet<_> = list.iter().map(|listed| listed.name.clone()).collect();
    // A name that only a wildcard serves, and that the price data does not know, is seen by those who hold it.
    let named = lists.iter().flat_map(|models| models.iter());
    for model in named.filter(|model| !model.contains('*') && !seen.contains(*model) && allowed(model)) {
        let matching = table.wildcards().find(|wildcard| wildcard.pattern.captures(model).is_some());
        let entry = matching.filter(|_| !everything).and_then(|wildcard| wildcard.entries.first());
        if let Some(entry) = entry {
            list.push(Listed::of_wildcard(model.clone(), entry.clone()));
        }
    }
    list
}

/// The one model of this name, where each of these lists lets its owner see it.
pub fn visible_one(table: &ModelTable, lists: &[&[String]], name: &str) -> Option<Listed> {
    if !allowed_by_all(table, lists, name) {
        return None;
    }
    if let Some(group) = table.group(name) {
        return Some(Listed::named(name, group.deployments.first()?.clone()));
    }
    let wildcard = table.wildcards().find(|wildcard| wildcard.pattern.captures(name).is_some())?;
    Some(Listed::of_wildcard(name.to_owned(), wildcard.entries.first()?.clone()))
}

fn allowed_by_all(table: &ModelTable, lists: &[&[String]], name: &str) -> bool {
    let meant = table.meant_by(name);
    lists.iter().all(|models| {
        let allows = |name: &str| allows(models, name, access_groups(table, name).into_iter());
        allows(name) || meant.as_deref().is_some_and(allows)
    })
}

fn access_groups<'a>(table: &'a ModelTable, name: &str) -> Vec<&'a str> {
    table.group(name).map(|group| group.access_groups().collect()).unwrap_or_default()
}

/// Everything that the configuration offers, each name once. The table keeps it: spelling wildcards out reads the
/// whole price data.
fn all_offered(table: &ModelTable) -> Vec<Listed> {
    let mut seen = HashSet::new();
    let names = table.names().iter().chain(table.shown_aliases());
    let all = names.flat_map(|name| offered(table, name));
    all.filter(|listed| seen.insert(listed.name.clone())).collect()
}

/// What one public name of the configuration stands for.
fn offered(table: &ModelTable, name: &str) -> Vec<Listed> {
    if let Some(group) = table.group(name) {
        return group.deployments.first().map(|first| Listed::named(name, first.clone())).into_iter().collect();
    }
    let wildcard = table.wildcards().find(|wildcard| wildcard.name == name);
    wildcard.map(spelled_out).unwrap_or_default()
}

/// The known models that a wildcard serves. A wildcard whose provider is not told is not spelled out.
fn spelled_out(wildcard: &Wildcard) -> Vec<Listed> {
    let mut list = Vec::new();
    for entry in &wildcard.entries {
        let provider = entry.params.custom_llm_provider.as_deref();
        let (provider, rest) = match (entry.params.model.split_once('/'), provider) {
            (Some((prefix, rest)), None) => (prefix, rest),
            (Some((prefix, rest)), Some(provider)) if prefix == provider => (provider, rest),
            (_, Some(provider)) => (provider, entry.params.model.as_str()),
            (None, None) => continue,
        };
        let pattern = Pattern::new(rest);
        for model in price::known_models(provider).into_iter().filter(|_| rest.contains('*')) {
            let Some(captures) = pattern.captures(model).filter(|_| pattern.matches_all_of(model)) else { continue };
            let name = filled(&wildcard.name, &captures, model);
            list.push(Listed::of_wildcard(name, entry.clone()));
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::tests::table;

    fn names(entries: &[(&str, &str)], models: &[&str]) -> Vec<String> {
        let models: Vec<_> = models.iter().map(|&model| model.to_owned()).collect();
        visible(&table(entries), &[&models]).into_iter().map(|listed| listed.name).collect()
    }

    const SERVED: [(&str, &str); 4] = [
        ("gpt", "openai/gpt-4o"),
        ("claude", "anthropic/claude-sonnet-4-5"),
        ("gpt", "openai/gpt-4o"),
        ("wild/*", "openai/*"),
    ];

    #[test]
    fn everything_is_seen_with_wildcards_spelled_out() {
        let names = names(&SERVED, &["all-proxy-models"]);
        assert_eq!(names.len(), 210);
        assert_eq!(names[..2], ["gpt", "claude"]);
        assert!(names.contains(&"wild/gpt-4o".to_owned()) && !names.contains(&"wild/*".to_owned()));
    }

    #[test]
    fn a_caller_sees_only_what_it_may_call() {
        assert_eq!(names(&SERVED, &["claude", "gone"]), ["claude"]);
        assert_eq!(names(&SERVED, &["wild/gpt-4o"]), ["wild/gpt-4o"]);
        assert_eq!(names(&SERVED, &["wild/gpt-99"]), ["wild/gpt-99"]);
        assert!(names(&SERVED, &["wild/gpt-4o*"]).iter().all(|name| name.starts_with("wild/gpt-4o")));
    }

    #[test]
    fn a_narrow_wildcard_is_spelled_out_narrowly() {
        let names = names(&[("openai/gpt-5*", "openai/gpt-5*")], &[]);
        assert!(!names.is_empty() && names.iter().all(|name| name.starts_with("openai/gpt-5")), "{names:?}");
    }

    #[test]
    fn a_wildcard_for_a_fixed_model_or_any_provider_is_not_spelled_out() {
        assert!(names(&[("gpt-*", "openai/gpt-4o"), ("*", "*")], &[]).is_empty());
    }

    #[test]
    fn one_model_is_seen_by_its_name_where_it_may_be_called() {
        let table = table(&SERVED);
        let of = |models: &[&str], name: &str| {
            let models: Vec<_> = models.iter().map(|&model| model.to_owned()).collect();
            visible_one(&table, &[&models], name).is_some()
        };
        assert!(of(&[], "gpt") && of(&[], "wild/gpt-99") && of(&["gpt"], "gpt"));
        assert!(!of(&[], "nope") && !of(&["claude"], "gpt"));
    }
}
