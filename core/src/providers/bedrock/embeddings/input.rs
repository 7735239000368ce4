//! What is to be embedded: texts. Tokens are told as the texts that they stand for.

use crate::api::members::Members;
use crate::providers::embedding_input::decoded;
use crate::providers::provider::TransformError;
use serde::Deserialize;

/// Most inputs of one request, as OpenAI has it.
const INPUTS_MAX: usize = 2048;

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Text(String),
    Texts(Vec<String>),
}

/// The texts of a request: at least one.
///
/// # Errors
/// [`TransformError::Member`]: the input is none, or is too much.
pub(super) fn texts(members: &Members<'_>) -> Result<Vec<String>, TransformError> {
    let unfit = |reason: &str| TransformError::Member { member: "input", reason: format!("'input' {reason}.") };
    let texts = match (decoded(members)?, members.read("input")) {
        (Some(texts), _) | (None, Some(Input::Texts(texts))) => texts,
        (None, Some(Input::Text(text))) => vec![text],
        (None, None) => return Err(unfit("must be a text, tokens, or a list of either")),
    };
    match texts.len() {
        0 => Err(unfit("must not be empty")),
        1..=INPUTS_MAX => Ok(texts),
        _ => Err(unfit("holds more than 2048 inputs")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &str) -> Result<Vec<String>, String> {
        let body = format!(r#"{{"input":{input}}}"#);
        texts(&Members::parse(body.as_bytes()).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn every_form_of_an_input_is_texts() {
        assert_eq!(read(r#""Hi""#).unwrap(), ["Hi"]);
        assert_eq!(read(r#"["a","b"]"#).unwrap(), ["a", "b"]);
        assert_eq!(read("[9906,1917]").unwrap(), ["Hello world"]);
        assert_eq!(read("[[0],[0,0]]").unwrap(), ["!", "!!"]);
    }

    #[test]
    fn what_is_none_or_too_much_is_told() {
        assert_eq!(read("[]").unwrap_err(), "'input' must not be empty.");
        assert_eq!(read("{}").unwrap_err(), "'input' must be a text, tokens, or a list of either.");
        assert_eq!(read("[4000000]").unwrap_err(), "'input' holds a number that is no token.");
    }
}
