//! Comparing an answer with a recorded one. `{NAME}` stands for a value that an earlier step returned, `<timestamp>`,
//! `<uuid>`, `<sha256>` and `<sk-key>` for any such text, `<last4>` for any four characters.

use crate::calendar;
use crate::id::KeyHash;
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Values that steps returned, by the names that the recording gives them.
#[derive(Default)]
pub(super) struct Names(pub(super) BTreeMap<String, String>);

impl Names {
    /// The text with every name replaced that is known.
    pub(super) fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }

    /// Where `actual` differs from `expected`; names seen for the first time take their value from it.
    pub(super) fn differences(&mut self, expected: &Value, actual: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.compare("", expected, actual, &mut found);
        found
    }

    fn compare(&mut self, path: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) {
        match (expected, actual) {
            (Value::Object(wanted), Value::Object(given)) => {
                for (name, value) in wanted {
                    match given.get(name) {
                        Some(actual) => self.compare(&format!("{path}.{name}"), value, actual, found),
                        None => found.push(format!("{path}.{name} is missing")),
                    }
                }
                let more = given.keys().filter(|name| !wanted.contains_key(*name));
                found.extend(more.map(|name| format!("{path}.{name} is too many")));
            }
            (Value::Array(wanted), Value::Array(given)) if wanted.len() == given.len() => {
                for (index, (value, actual)) in wanted.iter().zip(given).enumerate() {
                    self.compare(&format!("{path}.{index}"), value, actual, found);
                }
            }
            (Value::Number(wanted), Value::Number(given)) if wanted.as_f64() == given.as_f64() => {}
            (Value::String(wanted), Value::String(given)) if self.matches(wanted, given) => {}
            _ if expected == actual => {}
            _ => found.push(format!("{path}: expected {expected}, got {actual}")),
        }
    }

    fn matches(&mut self, wanted: &str, given: &str) -> bool {
        let name = wanted.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).filter(|name| is_name(name));
        if let Some(name) = name {
            return self.0.entry(name.to_owned()).or_insert_with(|| given.to_owned()) == given;
        }
        matches_from(&self.fill(wanted), given)
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Placeholders may stand in the middle of a text: what they stand for ends where the text behind them begins.
fn matches_from(wanted: &str, given: &str) -> bool {
    let Some((_, before, kind, after)) = first_placeholder(wanted) else { return wanted == given };
    let Some(rest) = given.strip_prefix(before) else { return false };
    (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| {
        let (value, tail) = rest.split_at(at);
        stands_for(kind, value) && matches_from(after, tail)
    })
}

fn first_placeholder(text: &str) -> Option<(usize, &str, &str, &str)> {
    ["<timestamp>", "<uuid>", "<sha256>", "<sk-key>", "<last4>"]
        .into_iter()
        .filter_map(|kind| text.split_once(kind).map(|(before, after)| (before.len(), before, kind, after)))
        .min_by_key(|(start, ..)| *start)
}

fn stands_for(kind: &str, value: &str) -> bool {
    match kind {
        "<timestamp>" => calendar::parse(value).is_some() && value == value.trim(),
        "<uuid>" => Uuid::try_parse(value).is_ok(),
        "<sha256>" => KeyHash::parse(value).is_some(),
        "<sk-key>" => value.starts_with("sk-") && value.len() == 25,
        "<last4>" => value.chars().count() == 4,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_bind_once_and_placeholders_match_inside_texts() {
        let mut names = Names::default();
        assert!(names.differences(&json!({"key": "{K1}"}), &json!({"key": "a"})).is_empty());
        assert!(!names.differences(&json!({"key": "{K1}"}), &json!({"key": "b"})).is_empty());
        let sha = "0".repeat(64);
        assert!(names.differences(&json!("x =<sha256>. y"), &json!(format!("x ={sha}. y"))).is_empty());
        assert!(!names.differences(&json!("x =<sha256>. y"), &json!("x =00. y")).is_empty());
        assert!(!names.differences(&json!({}), &json!({"more": 1})).is_empty());
    }
}
