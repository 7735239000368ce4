//! What of an item is shown: everything but secrets. Sealed bytes are never shown, and of texts in JSON no member whose
//! name says that it holds a secret.

use crate::store::item::Value as Stored;
use serde_json::{Map, Value};

/// What stands in place of a secret.
pub const MASK: &str = "****";

/// What the name of a secret has in it.
const SECRET_WORDS: [&str; 6] = ["secret", "password", "api_key", "token", "credential", "private_key"];

/// Names that sound like secrets and are counts, limits or hashes.
const HARMLESS: [&str; 9] = [
    "tokens",
    "max_tokens",
    "total_tokens",
    "prompt_tokens",
    "completion_tokens",
    "token_id",
    "hash",
    "litellm_credential_name",
    "credential_name",
];

/// Names of maps of headers and of parameters, any of which may hold a credential.
const HEADERS: [&str; 3] = ["headers", "extra_headers", "default_query_params"];

/// The name of an address that may hold one.
const TARGET: &str = "target";

/// Longest text that is kept of one attribute, in bytes.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// An attribute as it is shown.
pub(super) fn shown(name: &str, stored: &Stored) -> Value {
    match stored {
        Stored::Bytes(_) => MASK.into(),
        Stored::Number(number) => (*number).into(),
        Stored::Bool(truth) => (*truth).into(),
        Stored::Text(text) if is_secret(name) && !text.is_empty() => MASK.into(),
        Stored::Text(text) => text_shown(text),
    }
}

/// A text that is JSON is shown as such; of a very long one its beginning.
fn text_shown(text: &str) -> Value {
    let is_json = text.starts_with(['{', '[']);
    if let Some(value) = is_json.then(|| serde_json::from_str::<Value>(text).ok()).flatten()
        && text.len() <= TEXT_BYTES_MAX
    {
        return masked(value);
    }
    if text.len() <= TEXT_BYTES_MAX {
        return text.into();
    }
    // The beginning of a JSON text may hold a secret that nobody has looked for.
    if is_json {
        return format!("({} bytes)", text.len()).into();
    }
    let end = (0..=TEXT_BYTES_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}… ({} bytes)", text.get(..end).unwrap_or_default(), text.len()).into()
}

/// A JSON value without its secrets.
pub fn masked(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let member = |(name, value): (String, Value)| {
                let value = match value {
                    value if is_secret(&name) && !is_nothing(&value) => MASK.into(),
                    Value::Object(headers) if HEADERS.contains(&name.as_str()) => of_headers(headers),
                    Value::String(address) if name == TARGET => of_address(&address).into(),
                    value => masked(value),
                };
                (name, value)
            };
            Value::Object(members.into_iter().map(member).collect::<Map<_, _>>())
        }
        Value::Array(elements) => elements.into_iter().map(masked).collect(),
        other => other,
    }
}

/// An address without who calls it and what is asked there.
fn of_address(address: &str) -> String {
    let (before, query) = address.split_once('?').map_or((address, ""), |(before, _)| (before, "?****"));
    let Some((scheme, rest)) = before.split_once("://") else { return format!("{before}{query}") };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{MASK}@{host}{path}{query}"),
        None => format!("{before}{query}"),
    }
}

/// Headers without their texts. One that only says where its text stands is no secret.
fn of_headers(headers: Map<String, Value>) -> Value {
    let is_plain = |value: &Value| match value.as_str() {
        Some(text) => text.is_empty() || text.starts_with("os.environ/") || text.starts_with("aws_secret/"),
        None => is_nothing(value),
    };
    let shown = headers.into_iter().map(|(name, value)| (name, if is_plain(&value) { value } else { MASK.into() }));
    Value::Object(shown.collect())
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !HARMLESS.contains(&name.as_str()) && SECRET_WORDS.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_masked_at_every_depth_and_the_rest_is_shown() {
        let text = json!({"team": "a", "logging": [{"callback_vars": {"langfuse_secret_key": "sk-1", "host": "h"}}],
            "api_key": "", "max_tokens": 7, "aws": {"credentials": {"a": "b"}}});
        let wanted = json!({"team": "a", "logging": [{"callback_vars": {"langfuse_secret_key": "****", "host": "h"}}],
            "api_key": "", "max_tokens": 7, "aws": {"credentials": "****"}});
        assert_eq!(shown("metadata", &Stored::Text(text.to_string())), wanted);
        assert_eq!(shown("value", &Stored::Bytes(vec![1])), json!("****"));
        assert_eq!(shown("secret", &Stored::Text("s".to_owned())), json!("****"));
        assert_eq!(shown("spend", &Stored::Number(7)), json!(7));
    }

    #[test]
    fn of_headers_only_the_names_are_shown_and_where_their_texts_stand() {
        let told = json!([{"headers": {"X-A": "s", "X-B": "os.environ/B", "X-C": 7}, "target": "t"}, {"headers": "s"}]);
        let wanted =
            json!([{"headers": {"X-A": "****", "X-B": "os.environ/B", "X-C": 7}, "target": "t"}, {"headers": "s"}]);
        assert_eq!(masked(told), wanted);
    }

    #[test]
    fn of_an_address_neither_who_calls_nor_what_is_asked_is_shown() {
        for (told, wanted) in [
            ("https://a.test/x/y", "https://a.test/x/y"),
            ("https://u:p@a.test/x@y?key=s", "https://****@a.test/x@y?****"),
            ("https://u:p@a.test", "https://****@a.test"),
            ("somewhere", "somewhere"),
        ] {
            assert_eq!(masked(json!({ "target": told })), json!({ "target": wanted }));
        }
        assert_eq!(
            masked(json!({"default_query_params": {"key": "s"}})),
            json!({"default_query_params": {"key": "****"}})
        );
    }

    #[test]
    fn long_texts_are_cut_and_long_json_is_not_shown() {
        let long = "é".repeat(TEXT_BYTES_MAX);
        let told = shown("note", &Stored::Text(long));
        assert!(told.as_str().unwrap().len() < TEXT_BYTES_MAX + 40);
        let long = json!({"api_key": "x".repeat(TEXT_BYTES_MAX)}).to_string();
        assert!(!shown("metadata", &Stored::Text(long)).to_string().contains("xxx"));
    }
}
