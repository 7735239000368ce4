//! The price data, compiled in: names are found by binary search in the text itself, and nothing is parsed at start.

use serde_json::{Map, Value};

static DATA: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/models.jsonl"));

// `OFFSETS`: where each line begins, and where the last one ends. `CASELESS`: the lines' numbers, sorted by their names
// in lower case. `PROVIDERS`: all providers, sorted.
include!(concat!(env!("OUT_DIR"), "/price_index.rs"));

/// What stands before the name on every line; the build script has checked it.
const OPENING: &str = "{\"model\":\"";

/// All model names of the price data, sorted, each with its provider.
pub(super) fn entries() -> impl Iterator<Item = (&'static str, &'static str)> {
    (0..count()).map(|number| (name(number), provider_at(number).unwrap_or_default()))
}

/// Every entry under its name, as one JSON object.
pub fn all_as_json() -> String {
    let mut all = String::with_capacity(DATA.len());
    for number in 0..count() {
        all.push(if number == 0 { '{' } else { ',' });
        // `{"model":"NAME","field":…}` becomes `"NAME":{"field":…}`.
        let rest = line(number).strip_prefix(OPENING).unwrap_or_default();
        let (name, fields) = rest.split_once('"').unwrap_or_default();
        all.extend(["\"", name, "\":{", fields.trim_start_matches(',').trim_end()]);
    }
    all.push('}');
    all
}

/// The entry of exactly this name, parsed.
pub(super) fn entry(wanted: &str) -> Option<Map<String, Value>> {
    let number = position(wanted)?;
    let mut entry: Map<String, Value> = serde_json::from_str(line(number)).ok()?;
    entry.remove("model");
    Some(entry)
}

/// The provider that the entry of this name states, read without parsing the entry.
pub(super) fn provider(wanted: &str) -> Option<&'static str> {
    provider_at(position(wanted)?)
}

/// The name that differs from this one in the case of its letters alone.
pub(super) fn in_other_case(wanted: &str) -> Option<&'static str> {
    let at = CASELESS.binary_search_by(|number| {
        let name = name(*number as usize).bytes().map(|byte| byte.to_ascii_lowercase());
        name.cmp(wanted.bytes().map(|byte| byte.to_ascii_lowercase()))
    });
    CASELESS.get(at.ok()?).map(|number| name(*number as usize))
}

/// Whether the price data speaks of such a provider.
pub(super) fn is_provider(name: &str) -> bool {
    PROVIDERS.binary_search(&name).is_ok()
}

fn position(wanted: &str) -> Option<usize> {
    let (mut low, mut high) = (0, count());
    while low < high {
        let middle = low + (high - low) / 2;
        match name(middle).cmp(wanted) {
            std::cmp::Ordering::Equal => return Some(middle),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

fn count() -> usize {
    OFFSETS.len() - 1
}

fn provider_at(number: usize) -> Option<&'static str> {
    let (_, rest) = line(number).split_once("\"litellm_provider\":\"")?;
    rest.split_once('"').map(|(provider, _)| provider)
}

fn name(number: usize) -> &'static str {
    let rest = line(number).strip_prefix(OPENING).unwrap_or_default();
    rest.split_once('"').map_or("", |(name, _)| name)
}

fn line(number: usize) -> &'static str {
    let (Some(start), Some(end)) = (OFFSETS.get(number), OFFSETS.get(number + 1)) else { return "" };
    DATA.get(*start as usize..*end as usize).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_its_entry_parses() {
        let names: Vec<_> = entries().map(|(name, _)| name).collect();
        assert!(names.len() > 4000);
        for name in names {
            assert!(entry(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_name_that_is_not_there_is_not_found() {
        for name in ["", "gpt-4", "zzz", "gpt-4o\"", "{"] {
            assert_eq!(entry(name).is_some(), entries().any(|(known, _)| known == name), "{name}");
        }
    }

    #[test]
    fn every_name_is_found_in_upper_case_too() {
        for (name, _) in entries() {
            let found = in_other_case(&name.to_ascii_uppercase());
            assert!(found.is_some_and(|found| found.eq_ignore_ascii_case(name)), "{name}");
        }
        assert_eq!(in_other_case("nobody/nothing"), None);
    }

    #[test]
    fn a_provider_is_read_without_parsing() {
        assert_eq!(provider("gpt-4o"), Some("openai"));
        assert!(is_provider("vertex_ai"));
        assert!(!is_provider("wild"));
    }

    #[test]
    fn all_entries_are_one_object() {
        let all: Map<String, Value> = serde_json::from_str(&all_as_json()).unwrap();
        assert_eq!(all.len(), count());
        for name in ["gpt-4o", "1024-x-1024/50-steps/bedrock/amazon.nova-canvas-v1:0"] {
            assert_eq!(all[name], Value::from(entry(name).unwrap()), "{name}");
        }
    }
}
