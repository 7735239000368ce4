//! Whether a setting that names a model names one that there is.

use super::deployment::ModelEntry;
use super::names;
use super::tree::Node;
use serde_json::Value;

/// Whether deployments of `model_list` answer to the name, or it is an alias.
pub(super) fn are_named(name: &str, models: &[ModelEntry], aliases: Option<&Node>) -> bool {
    aliases.is_some_and(|aliases| aliases.get(name).is_some())
        || models.iter().any(|model| {
            let id = model.info.get("id").and_then(Value::as_str);
            model.model_name == name
                || model.params.model == name
                || id == Some(name)
                || model.model_name.contains('*') && fits(&model.model_name, name)
        })
}

/// What may have been meant: nothing, or the rest of a sentence.
pub(super) fn meant(name: &str, models: &[ModelEntry]) -> String {
    let known = models.iter().map(|model| model.model_name.as_str());
    names::nearest(name, known, 0.6).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// Whether a wildcard may mean the name.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let (Some(first), last) = (parts.next(), pattern.rsplit('*').next().unwrap_or_default()) else { return false };
    name.len() >= first.len() + last.len() && name.starts_with(first) && name.ends_with(last)
}
