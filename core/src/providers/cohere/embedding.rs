//! Embeddings: texts or images in, vectors by type out.

use super::address::endpoint;
use super::wire::{Units, count};
use crate::api::answer::embeddings::{self, InputKinds};
use crate::api::members::{Members, raw};
use crate::providers::embedding_input::{image_data, is_all_images, tokens_as_texts};
use crate::providers::envelope::{self, Extras, unwritable};
use crate::providers::failure::ProviderFailure;
use crate::providers::openai::failure;
use crate::providers::parameters::admit::admit;
use crate::providers::provider::{Call, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use crate::usage::Usage;
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What texts are embedded for where the client does not say: to be found.
const TO_BE_FOUND: &str = "search_document";

/// An input of several kinds.
#[derive(Serialize)]
struct Mixed<'a> {
    content: [Part<'a>; 1],
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: Address<'a> },
}

#[derive(Serialize)]
struct Address<'a> {
    url: &'a str,
}

/// Builds the upstream request.
pub(super) fn build(mut call: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
    let extras = Extras::take(call.members, target)?;
    admit(&mut call, &target.profile, &target.model)?;
    let members = call.members;
    let is_image = put_input(members)?;
    if is_image || !members.has("input_type") {
        let kind = if is_image { "image" } else { TO_BE_FOUND };
        members.set("input_type", raw(&kind).map_err(|error| unwritable(&error))?);
    }
    members.rename("dimensions", "output_dimension");
    if let Some(format) = members.take("encoding_format") {
        members.set("embedding_types", raw(&[&*format]).map_err(|error| unwritable(&error))?);
    }
    members.set("model", raw(&target.model).map_err(|error| unwritable(&error))?);
    members.set_all(&extras.overrides()?);
    let mut request = envelope::post(&endpoint(&target.api_base, "/v2/embed"), members.to_json())?;
    envelope::set_headers(request.headers_mut(), extras.headers, target)?;
    Ok(request)
}

/// Says the input by its kind. Whether it is nothing but images.
fn put_input(members: &mut Members<'_>) -> Result<bool, TransformError> {
    tokens_as_texts(members)?;
    let is_image = is_all_images(members);
    let Some(input) = members.take("input") else { return Ok(is_image) };
    if input.get().starts_with('"') {
        let listed = raw(&[&*input]).map_err(|error| unwritable(&error))?;
        members.set(if is_image { "images" } else { "texts" }, listed);
        return Ok(is_image);
    }
    let has_image = input.get().contains("\"data:image/");
    let inputs = serde_json::from_str::<Vec<String>>(input.get()).ok().filter(|_| has_image && !is_image);
    match inputs {
        Some(inputs) => {
            let mixed: Vec<_> = inputs.iter().map(|input| Mixed { content: [part(input)] }).collect();
            members.set("inputs", raw(&mixed).map_err(|error| unwritable(&error))?);
        }
        None => members.set(if is_image { "images" } else { "texts" }, input.into_owned()),
    }
    Ok(is_image)
}

fn part(input: &str) -> Part<'_> {
    if image_data(input).is_some() {
        Part::ImageUrl { image_url: Address { url: input } }
    } else {
        Part::Text { text: input }
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    embeddings: Option<&'a RawValue>,
    #[serde(default)]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    billed_units: Option<Units>,
}

/// Reads an answer of status 200.
///
/// # Errors
/// It holds no vectors, or tells of an error.
pub(super) fn read(reply: Reply<'_>, body: &[u8]) -> Result<WholeAnswer, ProviderFailure> {
    let malformed = |what: &str| ProviderFailure::malformed(format!("{what}: {}", failure::excerpt(body)));
    let answer: Body<'_> =
        serde_json::from_slice(body).map_err(|_| malformed("the upstream's answer is not an embedding"))?;
    let vectors = answer.embeddings.and_then(vectors);
    let vectors = vectors.ok_or_else(|| malformed("the upstream's answer has no embeddings"))?;
    let billed = answer.meta.and_then(|meta| meta.billed_units);
    let usage = billed.map(|units| {
        let (text, image) = (count(units.input_tokens), count(units.image_tokens));
        let usage = Usage { prompt_tokens: text.saturating_add(image), image_prompt_tokens: image, ..Usage::default() };
        usage.checked()
    });
    let kinds = billed.map(|units| InputKinds {
        text_tokens: units.input_tokens.map(|tokens| count(Some(tokens))),
        image_tokens: units.image_tokens.map(|tokens| count(Some(tokens))),
        ..InputKinds::default()
    });
    let written = embeddings::write_with_kinds(reply.model, &vectors, usage.as_ref(), kinds);
    let written = written.map_err(|error| ProviderFailure::malformed(error.to_string()))?;
    Ok(WholeAnswer { usage, body: Bytes::from(written) })
}

/// The vectors: of the first type that is there, or where there are no types, all.
fn vectors(embeddings: &RawValue) -> Option<Vec<&RawValue>> {
    if embeddings.get().starts_with('[') {
        return serde_json::from_str(embeddings.get()).ok();
    }
    let types: BTreeMap<String, &RawValue> = serde_json::from_str(embeddings.get()).ok()?;
    let vectors = types.into_values().find(|vectors| vectors.get().starts_with('['))?;
    serde_json::from_str(vectors.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::id::RequestId;
    use crate::providers::operation::Operation;
    use serde_json::{Value, json};

    fn put(input: &Value) -> (Value, bool) {
        let text = json!({"input": input}).to_string();
        let mut members = Members::parse(text.as_bytes()).unwrap();
        let is_image = put_input(&mut members).unwrap();
        (serde_json::from_slice(&members.to_json()).unwrap(), is_image)
    }

    #[test]
    fn inputs_are_said_by_their_kind() {
        let image = "data:image/png;base64,AAAA";
        assert_eq!(put(&json!("a")), (json!({"texts": ["a"]}), false));
        assert_eq!(put(&json!([image])), (json!({"images": [image]}), true));
        assert_eq!(put(&json!([[9906]])), (json!({"texts": ["Hello"]}), false));
        let mixed = json!({"inputs": [{"content": [{"type": "text", "text": "a"}]},
            {"content": [{"type": "image_url", "image_url": {"url": image}}]}]});
        assert_eq!(put(&json!(["a", image])), (mixed, false));
    }

    fn told(body: &str) -> Result<Value, ProviderFailure> {
        let id = RequestId::at(Timestamp::from_seconds(1), &[1; 10]);
        let reply = Reply {
            operation: Operation::Embedding,
            id,
            model: "mine",
            deployment: "d",
            asked: &[],
            show_usage: false,
        };
        read(reply, body.as_bytes()).map(|answer| serde_json::from_slice(&answer.body).unwrap())
    }

    #[test]
    fn vectors_of_any_type_are_told_in_order() {
        let body =
            r#"{"embeddings":{"float":null,"base64":["AAAA","BBBB"]},"meta":{"billed_units":{"input_tokens":6}}}"#;
        let answer = told(body).unwrap();
        assert_eq!((&answer["data"][1]["embedding"], &answer["usage"]["prompt_tokens"]), (&json!("BBBB"), &json!(6)));
        assert_eq!(told(r#"{"embeddings":[[1]]}"#).unwrap()["data"][0]["embedding"], json!([1]));
        assert!(told(r#"{"message":"no"}"#).is_err());
    }
}
