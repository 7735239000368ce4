//! What is to be embedded: texts. Tokens are told as the texts that they stand for.

use crate::api::members::Members;
use crate::providers::provider::TransformError;
use crate::tokens;
use serde::Deserialize;

/// Most inputs of one request, as OpenAI has it.
const INPUTS_MAX: usize = 2048;

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Text(String),
    Texts(Vec<String>),
    Tokens(Vec<u32>),
    TokenLists(Vec<Vec<u32>>),
}

/// The texts of a request: at least one.
///
/// # Errors
/// [`TransformError::Member`]: the input is none, or is too much.
pub(super) fn texts(members: &Members<'_>) -> Result<Vec<String>, TransformError> {
    let unfit = |reason: &str| TransformError::Member { member: "input", reason: format!("'input' {reason}.") };
    let texts = match members.read("input") {
        Some(Input::Text(text)) => Some(vec![text]),
        Some(Input::Texts(texts)) => Some(texts),
        Some(Input::Tokens(tokens)) => tokens::texts_of(&[tokens]),
        Some(Input::TokenLists(lists)) => tokens::texts_of(&lists),
        None => return Err(unfit("must be a text, tokens, or a list of either")),
    };
    match texts {
        None => Err(unfit("holds a number that is no token")),
        Some(texts) if texts.is_empty() => Err(unfit("must not be empty")),
        Some(texts) if texts.len() > INPUTS_MAX => Err(unfit("holds more than 2048 inputs")),
        Some(texts) => Ok(texts),
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
