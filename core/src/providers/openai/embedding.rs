//! Embeddings: inputs in the provider's form, and answers that pass as bytes but for the model's name and the members of
//! their usage.

use super::words::{into_raw, member};
use crate::api::members::{Members, raw};
use crate::providers::embedding_input::{self, image_data};
use crate::providers::operation::Operation;
use crate::providers::parameters::profile::Profile;
use crate::providers::parameters::row::Rule;
use crate::providers::provider::TransformError;
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use std::ops::Range;

/// Where images are embedded, for providers that do so apart.
pub(super) const IMAGES: &str = "/images/embeddings";

#[derive(Serialize)]
struct Image<'a> {
    image: &'a str,
}

/// An input as the provider takes it.
#[derive(Serialize)]
#[serde(untagged)]
enum Input<'a> {
    Image(Image<'a>),
    Text(&'a str),
}

/// Puts the inputs into the provider's form. Gives the path that they are sent to.
///
/// # Errors
/// They cannot be written again.
pub(super) fn adapt(members: &mut Members<'_>, profile: &Profile) -> Result<&'static str, TransformError> {
    let mut path = Operation::Embedding.path();
    if !profile.has(Rule::TakesTokens) {
        embedding_input::tokens_as_texts(members)?;
    }
    for rule in &profile.rules {
        match rule {
            Rule::ListsInput => list_input(members)?,
            Rule::ImagesAreObjects => images_as_objects(members, image_data)?,
            Rule::ImagesApart if embedding_input::is_all_images(members) => {
                list_input(members)?;
                images_as_objects(members, |image| Some(image))?;
                path = IMAGES;
            }
            Rule::OutputDimension => members.rename("dimensions", "output_dimension"),
            _ => {}
        }
    }
    Ok(path)
}

/// One input as a list of one.
fn list_input(members: &mut Members<'_>) -> Result<(), TransformError> {
    let Some(input) = members.get("input").filter(|input| input.get().starts_with('"')) else { return Ok(()) };
    let listed = into_raw(format!("[{}]", input.get()).into_bytes(), "input")?;
    members.replace("input", listed);
    Ok(())
}

/// Each image among the inputs as an object. `told` is what of its address is told.
fn images_as_objects(members: &mut Members<'_>, told: impl Fn(&str) -> Option<&str>) -> Result<(), TransformError> {
    let has_image = members.get("input").is_some_and(|input| input.get().contains("\"data:"));
    let Some(list) = members.read::<Vec<String>>("input").filter(|_| has_image) else { return Ok(()) };
    let form = |input| match image_data(input).and_then(|_| told(input)) {
        Some(image) => Input::Image(Image { image }),
        None => Input::Text(input),
    };
    let inputs: Vec<_> = list.iter().map(|input| form(input)).collect();
    let inputs = member(&inputs, "input")?;
    members.replace("input", inputs);
    Ok(())
}

/// The answer with the name that the client asked for, and with the members of usage that LiteLLM's clients see. `None`:
/// it has them.
pub(super) fn told(body: &Bytes, asked: &str, (model, usage): (Option<&RawValue>, Option<&RawValue>)) -> Option<Bytes> {
    let mut edits = Vec::with_capacity(2);
    if let Some(model) = model {
        let name = raw(&asked).ok()?;
        if name.get() != model.get() {
            edits.push((place(body, model)?, name));
        }
    }
    if let Some(usage) = usage.filter(|usage| usage.get().starts_with('{')) {
        edits.extend(completed(usage).map(|whole| Some((place(body, usage)?, whole)))?);
    }
    if edits.is_empty() {
        return None;
    }
    edits.sort_by_key(|(place, _)| place.start);
    let mut out = Vec::with_capacity(body.len() + 128);
    let mut done = 0;
    for (place, value) in edits {
        out.extend_from_slice(body.get(done..place.start)?);
        out.extend_from_slice(value.get().as_bytes());
        done = place.end;
    }
    out.extend_from_slice(body.get(done..)?);
    Some(Bytes::from(out))
}

/// The usage with the members that it lacks. `None`: it has all.
fn completed(usage: &RawValue) -> Option<Box<RawValue>> {
    let mut members = Members::parse(usage.get().as_bytes()).ok()?;
    let input =
        members.get("prompt_tokens").or_else(|| members.get("total_tokens")).map_or("0", RawValue::get).to_owned();
    let whole = [
        ("prompt_tokens", input.as_str()),
        ("completion_tokens", "0"),
        ("total_tokens", input.as_str()),
        ("completion_tokens_details", "null"),
        ("prompt_tokens_details", "null"),
    ];
    let mut is_whole = true;
    for (name, value) in whole {
        if members.get(name).is_none() {
            is_whole = false;
            members.set(name, RawValue::from_string(value.to_owned()).ok()?);
        }
    }
    (!is_whole).then(|| String::from_utf8(members.to_json()).ok().and_then(|json| RawValue::from_string(json).ok()))?
}

/// Where a value that was read from the body stands in it.
fn place(body: &[u8], value: &RawValue) -> Option<Range<usize>> {
    let start = value.get().as_ptr().addr().checked_sub(body.as_ptr().addr())?;
    let end = start.checked_add(value.get().len())?;
    (end <= body.len()).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn adapted(provider: &'static str, body: &Value) -> (Value, &'static str) {
        let text = body.to_string();
        let mut members = Members::parse(text.as_bytes()).unwrap();
        let path = adapt(&mut members, &Profile::of(provider, "m")).unwrap();
        (serde_json::from_slice(&members.to_json()).unwrap(), path)
    }

    #[test]
    fn tokens_are_told_as_text_where_they_are_not_known() {
        let body = json!({"input": [[9906, 1917], [0]]});
        assert_eq!(adapted("together_ai", &body).0, json!({"input": ["Hello world", "!"]}));
        assert_eq!(adapted("openai", &body).0, body);
        assert_eq!(adapted("together_ai", &json!({"input": [1, 2]})).0, json!({"input": [1, 2]}));
    }

    #[test]
    fn images_are_sent_in_each_providers_way() {
        let image = "data:image/png;base64,AAAA";
        let body = json!({"input": [image, "text"]});
        assert_eq!(adapted("jina_ai", &body).0, json!({"input": [{"image": "AAAA"}, "text"]}));
        assert_eq!(adapted("azure_ai", &json!({"input": image})), (json!({"input": [{"image": image}]}), IMAGES));
        assert_eq!(adapted("azure_ai", &body), (body, "/embeddings"));
    }

    fn retold(body: &'static str, asked: &str) -> Option<Bytes> {
        #[derive(serde::Deserialize)]
        struct Answer<'a> {
            #[serde(borrow)]
            model: Option<&'a RawValue>,
            #[serde(borrow)]
            usage: Option<&'a RawValue>,
        }
        let body = Bytes::from_static(body.as_bytes());
        let answer: Answer<'_> = serde_json::from_slice(&body).unwrap();
        told(&body, asked, (answer.model, answer.usage))
    }

    #[test]
    fn an_answer_has_the_name_that_was_asked_for_and_keeps_its_numbers() {
        let body = r#"{"data":[{"embedding":[0.10]}],"usage":{"total_tokens":5},"model":"up","x":1}"#;
        let wanted = concat!(
            r#"{"data":[{"embedding":[0.10]}],"usage":{"total_tokens":5,"prompt_tokens":5,"completion_tokens":0,"#,
            r#""completion_tokens_details":null,"prompt_tokens_details":null},"model":"mine","x":1}"#
        );
        assert_eq!(retold(body, "mine").unwrap(), wanted);
        assert_eq!(retold(r#"{"model":"mine","data":[]}"#, "mine"), None);
    }
}
