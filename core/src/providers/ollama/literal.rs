//! JSON as Python writes it, which is how LiteLLM shows tools to a model.

use serde_json::Value;

/// The value as a literal.
pub(super) fn of(value: &Value) -> String {
    let mut literal = String::new();
    write(value, &mut literal);
    literal
}

/// The depth is bounded by the parser's own.
fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => write_text(text, out),
        Value::Array(list) => {
            out.push('[');
            for (at, inner) in list.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                write(inner, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (at, (name, inner)) in map.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                write_text(name, out);
                out.push_str(": ");
                write(inner, out);
            }
            out.push('}');
        }
    }
}

/// Between single quotes, unless only such stand inside.
fn write_text(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            _ if character == quote => out.extend(['\\', quote]),
            _ if u32::from(character) < 0x100 && character.is_control() => {
                out.push_str(&format!("\\x{:02x}", u32::from(character)));
            }
            _ => out.push(character),
        }
    }
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_written_as_python_would() {
        let value = json!({"a": [true, false, null, 1, 0.5], "it's": "say \"hi\"", "b": "it's", "c": "'\"\n\u{1}ü"});
        let wanted = r#"{'a': [True, False, None, 1, 0.5], "it's": 'say "hi"', 'b': "it's", 'c': '\'"\n\x01ü'}"#;
        assert_eq!(of(&value), wanted);
    }
}
