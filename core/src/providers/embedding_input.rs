//! Inputs of embeddings, where a provider takes them in another form than OpenAI's.

use super::envelope::unwritable;
use super::provider::TransformError;
use crate::api::chat::part::data_url;
use crate::api::members::{Members, raw};
use crate::tokens;
use serde::Deserialize;

/// Tells lists of tokens as the texts that they stand for. Clients that cut long inputs do so in OpenAI's tokens, whatever
/// model they ask.
///
/// # Errors
/// None: texts can be written.
pub fn tokens_as_texts(members: &mut Members<'_>) -> Result<(), TransformError> {
    let is_nested = |json: &str| json.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with('['));
    if !members.get("input").is_some_and(|input| is_nested(input.get())) {
        return Ok(());
    }
    let lists = members.read::<Vec<Vec<u32>>>("input");
    let Some(texts) = lists.and_then(|lists| tokens::texts_of(&lists)) else { return Ok(()) };
    members.replace("input", raw(&texts).map_err(|error| unwritable(&error))?);
    Ok(())
}

/// The texts that stand in an input's place where it is tokens: one list of them, or several. `None`: it is something else.
///
/// # Errors
/// [`TransformError::Member`]: a number in it is no token.
pub fn decoded(members: &Members<'_>) -> Result<Option<Vec<String>>, TransformError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Tokens {
        One(Vec<u32>),
        Several(Vec<Vec<u32>>),
    }
    let texts = match members.read("input") {
        Some(Tokens::One(tokens)) if tokens.is_empty() => return Ok(None),
        Some(Tokens::One(tokens)) => tokens::texts_of(&[tokens]),
        Some(Tokens::Several(lists)) => tokens::texts_of(&lists),
        None => return Ok(None),
    };
    let unfit =
        || TransformError::Member { member: "input", reason: "'input' holds a number that is no token.".to_owned() };
    texts.map(Some).ok_or_else(unfit)
}

/// Whether the input is an image, or a list of nothing but images.
pub fn is_all_images(members: &Members<'_>) -> bool {
    let Some(input) = members.get("input").filter(|input| input.get().contains("\"data:")) else { return false };
    if input.get().starts_with('"') {
        return members.read::<String>("input").is_some_and(|input| image_data(&input).is_some());
    }
    let list = members.read::<Vec<String>>("input").unwrap_or_default();
    !list.is_empty() && list.iter().all(|input| image_data(input).is_some())
}

/// The base64 of an input that is an image.
pub fn image_data(input: &str) -> Option<&str> {
    data_url(input).filter(|(kind, _)| kind.starts_with("image/")).map(|(_, data)| data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_inputs_that_are_images_are_images() {
        let is = |input: &str| is_all_images(&Members::parse(format!(r#"{{"input":{input}}}"#).as_bytes()).unwrap());
        assert!(is(r#""data:image/png;base64,AAAA""#) && is(r#"["data:image/png;base64,AAAA"]"#));
        assert!(!is(r#""text""#) && !is(r#"["data:image/png;base64,AAAA","text"]"#) && !is("[]") && !is("[1]"));
        assert!(!is(r#""data:text/plain;base64,AAAA""#));
    }
}
