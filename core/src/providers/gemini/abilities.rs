//! What a model can do, as far as a request depends on it: by the version in its name, and by the price data.

use crate::price::ModelPrice;
use serde_json::Value;

/// The first version that takes any JSON schema for its answer.
const FIRST_JSON_SCHEMA: Version = Version(2, 0);
/// The first version that thinks by levels and not by budgets, knows calls by their ids, and wants the signatures of its
/// thoughts back.
const FIRST_LEVELS: Version = Version(3, 0);
/// Taken for a model whose name tells no version: a tuned one, perhaps.
const UNTOLD: Version = Version(2, 0);

/// A model's version: major, minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32);

/// What a model can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// It has a place for the operator's words; elsewhere they are the user's.
    pub hears_operator: bool,
    /// It takes any JSON schema for its answer; elsewhere only the words of OpenAPI.
    pub has_json_schema: bool,
    /// It belongs to the third generation or a later one.
    pub is_third_generation: bool,
    /// It can be kept from thinking at all.
    pub can_rest: bool,
    /// The least budget to think with that is more than nothing.
    pub budget_least: u64,
    /// It knows the level `minimal`.
    pub knows_minimal: bool,
}

impl Abilities {
    /// What the model of this name can do.
    pub fn of(model: &str, known: Option<&ModelPrice>) -> Self {
        let name = model.rsplit('/').next().unwrap_or(model);
        let version = version(name);
        let is_flash = name.contains("flash");
        let says_no_system = known
            .and_then(|price| price.info().get("supports_system_messages"))
            .is_some_and(|says| *says == Value::Bool(false));
        Self {
            hears_operator: !says_no_system && !name.starts_with("gemma"),
            has_json_schema: version >= FIRST_JSON_SCHEMA,
            is_third_generation: version >= FIRST_LEVELS,
            can_rest: is_flash,
            budget_least: match (name.contains("flash-lite"), is_flash) {
                (true, _) => 512,
                (false, true) => 1,
                (false, false) => 128,
            },
            knows_minimal: is_flash,
        }
    }
}

/// The version in a name: `gemini-2.5-flash` is 2.5, `gemini-3-pro-preview` 3.0. `latest` is newer than all.
fn version(name: &str) -> Version {
    let Some((_, rest)) = name.split_once("gemini-") else { return UNTOLD };
    if rest.ends_with("-latest") {
        return Version(u32::MAX, 0);
    }
    let told = rest.split('-').find_map(|part| {
        let (major, minor) = part.split_once('.').unwrap_or((part, "0"));
        Some(Version(major.parse().ok().filter(|major| *major < 100)?, minor.parse().ok()?))
    });
    told.unwrap_or(UNTOLD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_in_the_name() {
        for (name, wanted) in [
            ("gemini-2.5-flash", Version(2, 5)),
            ("gemini-3-pro-preview", Version(3, 0)),
            ("gemini-2.0-flash-001", Version(2, 0)),
            ("gemini-1.5-pro", Version(1, 5)),
            ("gemini-live-2.5-flash-preview", Version(2, 5)),
            ("gemini-flash-latest", Version(u32::MAX, 0)),
            ("gemini-exp-1206", UNTOLD),
            ("my-tune", UNTOLD),
        ] {
            assert_eq!(version(name), wanted, "{name}");
        }
    }

    #[test]
    fn open_models_have_no_place_for_the_operators_words() {
        assert!(!Abilities::of("gemma-3-27b-it", None).hears_operator);
        assert!(Abilities::of("gemini-9-ultra", None).hears_operator);
    }

    #[test]
    fn the_least_budget_is_the_models_own() {
        let least = |model: &str| Abilities::of(model, None).budget_least;
        assert_eq!(["gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-pro"].map(least), [1, 512, 128]);
    }
}
