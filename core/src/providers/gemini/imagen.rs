//! Images from words by Google's Imagen, which its own API and Vertex AI take in one form.
//!
//! Wire format: <https://ai.google.dev/gemini-api/docs/imagen>,
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api>

use super::failure::excerpt;
use crate::api::chat::text::Text;
use crate::api::members::Members;
use crate::providers::envelope::unwritable;
use crate::providers::failure::{FailureClass, ProviderFailure};
use crate::providers::provider::{Reply, TransformError, WholeAnswer};
use crate::usage::{Media, Usage};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The method that draws.
pub const METHOD: &str = "predict";

/// Members that are said in another place, or that ask for what is given anyway.
const SAID: [&str; 6] = ["model", "prompt", "n", "size", "response_format", "stream"];

/// Shapes by their sides, in the API's words.
const SHAPES: [(&str, &str); 5] =
    [("1024x1024", "1:1"), ("1792x1024", "16:9"), ("1024x1792", "9:16"), ("1280x896", "4:3"), ("896x1280", "3:4")];

/// Whether a model draws.
pub fn draws(model: &str) -> bool {
    model.contains("imagen")
}

/// Writes the body. `overrides`: members that win over the request's. `names_size`: whether the API takes the size beside
/// the shape.
///
/// # Errors
/// [`TransformError`]: there is no prompt, or no such size.
pub fn write(members: &Members<'_>, overrides: &Members<'_>, names_size: bool) -> Result<Vec<u8>, TransformError> {
    let prompt: String = members
        .read("prompt")
        .ok_or_else(|| TransformError::Member { member: "prompt", reason: "'prompt' must be a text.".to_owned() })?;
    let mut parameters = Map::new();
    if let Some(count) = members.read::<u64>("n") {
        parameters.insert("sampleCount".to_owned(), json!(count));
    }
    if let Some(size) = members.read::<String>("size").filter(|size| size != "auto") {
        let (shape, pixels) = shape(&size)?;
        parameters.insert("aspectRatio".to_owned(), json!(shape));
        if names_size {
            parameters.insert("imageSize".to_owned(), json!(if pixels >= 2048 { "2K" } else { "1K" }));
        }
    }
    // What only the model's maker knows passes as it is.
    let rest = members.iter().filter(|(name, value)| !SAID.contains(name) && value.get() != "null");
    for (name, value) in rest.chain(overrides.iter()) {
        let value = serde_json::from_str(value.get()).map_err(|error| unwritable(&error))?;
        parameters.insert(name.to_owned(), value);
    }
    let body = json!({"instances": [{"prompt": prompt}], "parameters": parameters});
    serde_json::to_vec(&body).map_err(|error| unwritable(&error))
}

/// The shape of a size, and its longer side.
fn shape(size: &str) -> Result<(&'static str, u64), TransformError> {
    let unfit = || {
        let known: Vec<_> = SHAPES.iter().map(|(size, _)| *size).collect();
        TransformError::Member {
            member: "size",
            reason: format!(
                "'size' must be one of {}, or of the same proportions; `{size}` is none.",
                known.join(", ")
            ),
        }
    };
    let sides = |size: &str| {
        let (width, height) = size.split_once('x')?;
        Some((width.parse::<u64>().ok()?, height.parse::<u64>().ok()?))
    };
    let (width, height) = sides(size).filter(|(width, height)| *width > 0 && *height > 0).ok_or_else(unfit)?;
    let is_alike = |known: &str| sides(known).is_some_and(|(w, h)| w.saturating_mul(height) == h.saturating_mul(width));
    let shape = SHAPES.iter().find(|(known, _)| is_alike(known)).ok_or_else(unfit)?;
    Ok((shape.1, width.max(height)))
}

/// Reads an answer of status 200. Without any image it tells why there is none.
///
/// # Errors
/// [`ProviderFailure`]: it holds none.
pub fn read(reply: Reply<'_>, body: &[u8]) -> Result<WholeAnswer, ProviderFailure> {
    #[derive(Deserialize)]
    struct Drawn<'a> {
        #[serde(borrow, default)]
        predictions: Vec<Prediction<'a>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Prediction<'a> {
        #[serde(borrow, default)]
        bytes_base64_encoded: Option<Text<'a>>,
        #[serde(borrow, default)]
        prompt: Option<Text<'a>>,
        #[serde(borrow, default)]
        rai_filtered_reason: Option<Text<'a>>,
    }
    let malformed = || ProviderFailure::malformed(format!("the upstream's answer has no images: {}", excerpt(body)));
    let drawn: Drawn<'_> = serde_json::from_slice(body).map_err(|_| malformed())?;
    let images = drawn.predictions.iter().filter_map(|one| Some((one.bytes_base64_encoded.as_deref()?, &one.prompt)));
    let told = |(image, prompt): (&str, &Option<Text<'_>>)| json!({"b64_json": image, "revised_prompt": prompt.as_deref(), "url": null, "provider_specific_fields": null});
    let data: Vec<Value> = images.map(told).collect();
    if data.is_empty() {
        let reason = drawn.predictions.iter().find_map(|one| one.rai_filtered_reason.as_deref());
        // An answer without a word of them: all were kept back.
        let message = reason.unwrap_or("The model's safety filters kept every image back.").to_owned();
        return Err(ProviderFailure { class: FailureClass::ContentPolicy, status: 400, message, param: None });
    }
    let usage = Usage { media: Media { images: data.len() as u64, ..Media::default() }, ..Usage::default() };
    // Images are paid by the piece: they use no tokens.
    let tokens = json!({"total_tokens": 0, "input_tokens": 0, "output_tokens": 0,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": 0}});
    let told = json!({"created": reply.id.arrived().seconds(), "background": null, "data": data,
        "output_format": null, "quality": null, "size": null, "usage": tokens});
    Ok(WholeAnswer { body: Bytes::from(told.to_string()), usage: Some(usage) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::id::RequestId;
    use crate::providers::operation::Operation;

    fn written(body: &str, names_size: bool) -> Result<Value, TransformError> {
        let members = Members::parse(body.as_bytes()).unwrap();
        let body = write(&members, &Members::parse(br#"{"seed":7}"#).unwrap(), names_size)?;
        Ok(serde_json::from_slice(&body).unwrap())
    }

    fn told(body: &str) -> Result<WholeAnswer, ProviderFailure> {
        let id = RequestId::at(Timestamp::from_seconds(1), &[0; 10]);
        let operation = Operation::ImageGeneration;
        read(Reply { operation, id, model: "mine", asked: &[], deployment: "", show_usage: false }, body.as_bytes())
    }

    #[test]
    fn a_request_is_said_in_googles_words() {
        let said = r#"{"prompt":"a cat","n":2,"size":"1792x1024","x":1.5,"response_format":"b64_json"}"#;
        let parameters = json!({"sampleCount": 2, "aspectRatio": "16:9", "x": 1.5, "seed": 7});
        let wanted = json!({"instances": [{"prompt": "a cat"}], "parameters": parameters});
        assert_eq!(written(said, false).unwrap(), wanted);
        let large = written(r#"{"prompt":"a","size":"2048x2048"}"#, true).unwrap();
        assert_eq!(large["parameters"], json!({"aspectRatio": "1:1", "imageSize": "2K", "seed": 7}));
        for (body, name) in [(r#"{"prompt":1}"#, "prompt"), (r#"{"prompt":"a","size":"0x3"}"#, "size")] {
            let error = written(body, true).unwrap_err();
            assert!(matches!(error, TransformError::Member { member, .. } if member == name), "{error}");
        }
    }

    #[test]
    fn images_are_told_and_counted_and_what_was_kept_back_is_a_refusal() {
        let answer = told(r#"{"predictions":[{"bytesBase64Encoded":"AA"},{"raiFilteredReason":"x"}]}"#).unwrap();
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((&body["data"][0]["b64_json"], &body["created"]), (&json!("AA"), &json!(1)));
        assert_eq!(answer.usage.unwrap().media.images, 1);
        assert_eq!(told(r#"{"predictions":[{"raiFilteredReason":"blocked"}]}"#).unwrap_err().message, "blocked");
        assert_eq!(told("{}").unwrap_err().status, 400);
        assert_eq!(told("<html>").unwrap_err().class, FailureClass::Malformed);
    }
}
