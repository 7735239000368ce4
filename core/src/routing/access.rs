//! Whether a caller's list of models allows a request.

use super::pattern::Pattern;
use crate::price;

/// Names in a list that stand for every model.
const EVERYTHING: [&str; 2] = ["all-proxy-models", "*"];

/// Whether a list allows the model of this name, which belongs to these access groups.
///
/// An empty list allows everything. Entries are public names, access groups, `all-proxy-models`, `*`, or patterns such
/// as `openai/*`, which also allow a model of that provider by its bare name (`gpt-4o`).
pub fn allows<'a>(models: &[String], requested: &str, mut groups: impl Iterator<Item = &'a str>) -> bool {
    if is_everything(models) || models.iter().any(|allowed| allowed == requested) {
        return true;
    }
    if groups.any(|group| models.iter().any(|allowed| allowed == group)) {
        return true;
    }
    let mut patterns = models.iter().filter(|allowed| allowed.contains('*')).peekable();
    if patterns.peek().is_none() {
        return false;
    }
    let whole = price::provider_of(requested).map(|provider| format!("{provider}/{requested}"));
    patterns.map(|allowed| Pattern::new(allowed)).any(|pattern| {
        pattern.matches_all_of(requested) || whole.as_deref().is_some_and(|whole| pattern.matches_all_of(whole))
    })
}

/// Whether a list allows every model.
pub fn is_everything(models: &[String]) -> bool {
    models.is_empty() || models.iter().any(|allowed| EVERYTHING.contains(&allowed.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(models: &[&str], requested: &str) -> bool {
        let models: Vec<_> = models.iter().map(|&model| model.to_owned()).collect();
        allows(&models, requested, ["beta"].into_iter())
    }

    #[test]
    fn an_empty_list_and_the_names_for_everything_allow_everything() {
        for models in [&[][..], &["all-proxy-models"], &["*"], &["x", "*"]] {
            assert!(allowed(models, "gpt"), "{models:?}");
        }
    }

    #[test]
    fn a_name_allows_that_model_alone() {
        assert!(allowed(&["gpt"], "gpt"));
        assert!(!allowed(&["gpt"], "gpt-4o"));
        assert!(!allowed(&["no-default-models"], "gpt"));
    }

    #[test]
    fn a_pattern_allows_what_it_matches_from_end_to_end() {
        assert!(allowed(&["wild/*"], "wild/x"));
        assert!(!allowed(&["wild/*"], "mild/wild/x"));
        assert!(!allowed(&["team/*/v1"], "team/x/v12"));
        assert!(!allowed(&["wild/*"], "wild/x\ny"));
    }

    #[test]
    fn a_providers_pattern_allows_its_models_by_their_bare_names() {
        assert!(allowed(&["openai/*"], "gpt-4o"));
        assert!(!allowed(&["anthropic/*"], "gpt-4o"));
    }

    #[test]
    fn an_access_group_allows_its_models() {
        assert!(allowed(&["beta"], "gpt"));
        assert!(!allowed(&["alpha"], "gpt"));
    }
}
