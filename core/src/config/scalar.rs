//! What a plain word of YAML means: nothing, true or false, a number, or a text.

use super::tree::Content;
use serde_json::Number;

/// The meaning of an unquoted word, after the core schema of YAML 1.2; and `1_000_000`, which LiteLLM's YAML 1.1
/// reads as a number. `yes`, `no`, `on` and `off` stay texts, and count as true or false where a setting asks for it.
pub(super) fn plain(text: &str) -> Content {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Content::Null,
        "true" | "True" | "TRUE" => Content::Bool(true),
        "false" | "False" | "FALSE" => Content::Bool(false),
        _ => number(text).map_or_else(|| Content::Text(text.to_owned()), Content::Number),
    }
}

/// The meaning under an explicit tag such as `!!int`; `None` where it does not fit. An unknown tag changes nothing.
pub(super) fn tagged(tag: &str, text: &str) -> Option<Content> {
    let content = plain(text);
    let fits = match tag {
        "null" => matches!(content, Content::Null),
        "bool" => matches!(content, Content::Bool(_)),
        "int" | "float" => matches!(content, Content::Number(_)),
        _ => true,
    };
    fits.then_some(content)
}

fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if let Some(hex) = digits.strip_prefix("0x") {
        return i64::from_str_radix(hex, 16).ok().map(Number::from);
    }
    if let Some(octal) = digits.strip_prefix("0o") {
        return i64::from_str_radix(octal, 8).ok().map(Number::from);
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
        // `007` and numbers beyond 64 bits stay as they are written: they are ids or keys, and would be changed.
        let exact = digits == "0" || !digits.starts_with('0');
        return text.replace('_', "").parse::<i64>().ok().filter(|_| exact).map(Number::from);
    }
    let float_like = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    float_like.then(|| text.parse::<f64>().ok()).flatten().and_then(Number::from_f64)
}

#[cfg(test)]
mod tests {
    use super::super::tree::{Node, Place};
    use super::*;
    use serde_json::{Value, json};

    fn read(text: &str) -> Value {
        Node::new(plain(text), Place::default()).to_value()
    }

    #[test]
    fn words_mean_what_yaml_users_expect() {
        let table = [
            ("", json!(null)),
            ("~", json!(null)),
            ("True", json!(true)),
            ("yes", json!("yes")),
            ("10", json!(10)),
            ("-3", json!(-3)),
            ("1_000_000", json!(1_000_000)),
            ("0x10", json!(16)),
            ("1e-6", json!(1e-6)),
            (".5", json!(0.5)),
            ("2024-10-21", json!("2024-10-21")),
            ("1.2.3", json!("1.2.3")),
            (".inf", json!(".inf")),
            ("-", json!("-")),
            ("30d", json!("30d")),
            ("007", json!("007")),
            ("0", json!(0)),
            ("12345678901234567890", json!("12345678901234567890")),
            ("*", json!("*")),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
