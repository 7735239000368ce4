//! A tool call's arguments: providers that send them as JSON, clients that read them as a text of JSON.

use serde_json::value::RawValue;

/// The text for arguments that came as JSON. Spaced as LiteLLM spaces them, so that what clients compare or cache stays
/// the same; numbers and strings keep their bytes.
pub fn text_of(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + json.len() / 8);
    let (mut in_string, mut is_escaped) = (false, false);
    for character in json.chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if in_string => is_escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
        if in_string || !character.is_ascii_whitespace() {
            text.push(character);
        }
        if !in_string && matches!(character, ',' | ':') {
            text.push(' ');
        }
    }
    text
}

/// The JSON of arguments that a client sent back: an object. Empty text is an empty object, and so is `null`.
///
/// # Errors
/// The parser's error for anything else.
pub fn object_of(text: &str) -> Result<Box<RawValue>, serde_json::Error> {
    let text = text.trim_ascii();
    let object = if text.is_empty() || text == "null" { "{}" } else { text };
    if !object.starts_with('{') {
        return Err(serde::de::Error::custom("it must be a JSON object"));
    }
    RawValue::from_string(object.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_spaced_outside_of_strings_only() {
        let json = "{\"a\":1.50,\n\"b\" : [1,2],\"c\":\"x,y: \\\"z\\\",\\\\\"}";
        assert_eq!(text_of(json), r#"{"a": 1.50, "b": [1, 2], "c": "x,y: \"z\",\\"}"#);
        assert_eq!(text_of("{}"), "{}");
    }

    #[test]
    fn arguments_that_are_no_object_are_refused() {
        assert_eq!(object_of("").unwrap().get(), "{}");
        assert_eq!(object_of(" {\"a\":1} ").unwrap().get(), "{\"a\":1}");
        assert!(object_of("{not json").is_err());
        assert!(object_of("[1]").is_err());
    }
}
