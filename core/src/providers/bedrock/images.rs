//! Images from words: Amazon's models in one format, Stability's in another. Both answer with the images' bytes.
//!
//! <https://docs.aws.amazon.com/nova/latest/userguide/image-gen-req-resp-structure.html>,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-stability-diffusion.html>

use super::failure::excerpt;
use super::model::BedrockModel;
use crate::api::chat::text::Text;
use crate::api::members::Members;
use crate::api::object::ObjectWriter;
use crate::providers::envelope::unwritable;
use crate::providers::failure::{FailureClass, ProviderFailure};
use crate::providers::provider::{Reply, TransformError, WholeAnswer};
use crate::usage::{Media, Usage};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

/// What is said in another place, or not at all.
const SAID: [&str; 6] = ["model", "prompt", "n", "size", "quality", "stream"];

/// The shapes that Stability's models draw.
const RATIOS: [(&str, u64, u64); 9] = [
    ("1:1", 1, 1),
    ("16:9", 16, 9),
    ("21:9", 21, 9),
    ("2:3", 2, 3),
    ("3:2", 3, 2),
    ("4:5", 4, 5),
    ("5:4", 5, 4),
    ("9:16", 9, 16),
    ("9:21", 9, 21),
];

/// Models that draw, by how their names begin.
const DRAWING: [&str; 3] = ["amazon.nova-canvas", "amazon.titan-image-generator", "stability."];

/// Whether a model draws.
pub(super) fn draws(model: &BedrockModel<'_>) -> bool {
    DRAWING.iter().any(|name| model.name().starts_with(name))
}

/// Writes the body. `overrides`: members that win over the request's.
pub(super) fn write(
    members: &Members<'_>,
    overrides: &Members<'_>,
    model: &BedrockModel<'_>,
) -> Result<Vec<u8>, TransformError> {
    let prompt: Text<'_> = members
        .read("prompt")
        .ok_or_else(|| TransformError::Member { member: "prompt", reason: "'prompt' must be a text.".to_owned() })?;
    let config = config(members)?;
    if is_stabilitys(model) && members.read::<u64>("n").is_some_and(|count| count > 1) {
        let reason = format!("`{}` draws one image at a time: 'n' must be 1.", model.name());
        return Err(TransformError::Member { member: "n", reason });
    }
    body(members, overrides, (model, &prompt, &config)).map_err(|error| unwritable(&error))
}

fn body(
    members: &Members<'_>,
    overrides: &Members<'_>,
    (model, prompt, config): (&BedrockModel<'_>, &str, &Value),
) -> Result<Vec<u8>, serde_json::Error> {
    let mut body = ObjectWriter::default();
    // What only the model's maker knows passes as it is.
    let rest = members.iter().filter(|(name, value)| !SAID.contains(name) && value.get() != "null");
    for (name, value) in overrides.iter().chain(rest) {
        body.add_raw(name, value)?;
    }
    if is_stabilitys(model) {
        body.add("prompt", prompt)?;
        if let Some(ratio) = ratio_of(config).filter(|_| !members.has("aspect_ratio")) {
            body.add("aspect_ratio", ratio)?;
        }
    } else {
        body.add("taskType", "TEXT_IMAGE")?;
        body.add("textToImageParams", &json!({"text": prompt}))?;
        body.add("imageGenerationConfig", config)?;
    }
    Ok(body.finish())
}

fn is_stabilitys(model: &BedrockModel<'_>) -> bool {
    model.name().starts_with("stability.")
}

/// The shape that comes nearest to the size that is asked for: Stability's models choose the size themselves.
fn ratio_of(config: &Value) -> Option<&'static str> {
    let side = |name| config.get(name).and_then(Value::as_u64).filter(|side| *side > 0);
    let (width, height) = (side("width")?, side("height")?);
    // How far two shapes are from each other: how much of the larger would be cut away.
    let cut = |(_, across, down): &&(&str, u64, u64)| {
        let (one, other) = (width.saturating_mul(*down), height.saturating_mul(*across));
        let (less, more) = (one.min(other), one.max(other));
        (more - less).saturating_mul(1_000_000) / more.max(1)
    };
    RATIOS.iter().min_by_key(cut).map(|(name, _, _)| *name)
}

/// How many images, how large and how good, in Amazon's words.
fn config(members: &Members<'_>) -> Result<Value, TransformError> {
    let mut config = serde_json::Map::new();
    if let Some(size) = members.read::<String>("size").filter(|size| size != "auto") {
        let sides = size
            .split_once('x')
            .and_then(|(width, height)| Some((width.parse::<u64>().ok()?, height.parse::<u64>().ok()?)));
        let (width, height) = sides.ok_or_else(|| TransformError::Member {
            member: "size",
            reason: format!("'size' must be a width and a height, such as `1024x1024`; `{size}` is none."),
        })?;
        config.insert("width".to_owned(), json!(width));
        config.insert("height".to_owned(), json!(height));
    }
    if let Some(count) = members.read::<u64>("n") {
        config.insert("numberOfImages".to_owned(), json!(count));
    }
    if let Some(quality) = members.read::<String>("quality").filter(|quality| quality != "auto") {
        let quality = if matches!(quality.as_str(), "hd" | "high" | "premium") { "premium" } else { "standard" };
        config.insert("quality".to_owned(), json!(quality));
    }
    Ok(Value::Object(config))
}

/// Reads an answer of status 200. Without any image it tells why there is none.
pub(super) fn read(reply: Reply<'_>, body: &[u8]) -> Result<WholeAnswer, ProviderFailure> {
    #[derive(Deserialize)]
    struct Drawn<'a> {
        #[serde(borrow, default)]
        images: Option<Vec<Text<'a>>>,
        #[serde(default)]
        error: Option<String>,
        #[serde(default)]
        finish_reasons: Vec<Option<String>>,
    }
    let malformed = || ProviderFailure::malformed(format!("the upstream's answer has no images: {}", excerpt(body)));
    let drawn: Drawn<'_> = serde_json::from_slice(body).map_err(|_| malformed())?;
    let images = drawn.images.unwrap_or_default();
    if images.is_empty() {
        let reason = drawn.error.or_else(|| drawn.finish_reasons.into_iter().flatten().next());
        let refused =
            |message| ProviderFailure { class: FailureClass::ContentPolicy, status: 400, message, param: None };
        return Err(reason.map_or_else(malformed, refused));
    }
    let usage = Usage { media: Media { images: images.len() as u64, ..Media::default() }, ..Usage::default() };
    let data: Vec<Value> =
        images.iter().map(|image| json!({"b64_json": image, "revised_prompt": null, "url": null})).collect();
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

    fn written(model: &str, body: &str) -> Result<Value, TransformError> {
        let members = Members::parse(body.as_bytes()).unwrap();
        let overrides = Members::parse(br#"{"seed":7}"#).unwrap();
        let body = write(&members, &overrides, &BedrockModel::of(model))?;
        Ok(serde_json::from_slice(&body).unwrap())
    }

    fn told(body: &str) -> Result<WholeAnswer, ProviderFailure> {
        let id = RequestId::at(Timestamp::from_seconds(1), &[0; 10]);
        let operation = Operation::ImageGeneration;
        read(Reply { operation, id, model: "mine", asked: &[], deployment: "", show_usage: false }, body.as_bytes())
    }

    #[test]
    fn amazons_models_and_stabilitys_have_each_their_form() {
        let said = r#"{"prompt":"a cat","n":2,"size":"1024x512","quality":"hd","x":{"a":1.50}}"#;
        let wanted = json!({"seed": 7, "x": {"a": 1.5}, "taskType": "TEXT_IMAGE", "textToImageParams": {"text": "a cat"},
            "imageGenerationConfig": {"width": 1024, "height": 512, "numberOfImages": 2, "quality": "premium"}});
        assert_eq!(written("us.amazon.nova-canvas-v1:0", said).unwrap(), wanted);
        let plain = written("stability.sd3-large-v1:0", r#"{"prompt":"bad"}"#).unwrap();
        assert_eq!(plain, json!({"seed": 7, "prompt": "bad"}));
    }

    #[test]
    fn a_size_is_a_shape_for_stabilitys_models_which_draw_one_image_at_a_time() {
        let shape = |size: &str| {
            let body = format!(r#"{{"prompt":"a","n":1,"size":"{size}"}}"#);
            written("stability.stable-image-core-v1:1", &body).unwrap()["aspect_ratio"].clone()
        };
        let sizes = ["1024x1024", "1792x1024", "1024x1792", "1536x1024", "1024x1536", "auto"];
        assert_eq!(
            sizes.map(shape),
            [json!("1:1"), json!("16:9"), json!("9:16"), json!("3:2"), json!("2:3"), json!(null)]
        );
        let error = written("stability.sd3-5-large-v1:0", r#"{"prompt":"a","n":2}"#).unwrap_err();
        assert!(matches!(error, TransformError::Member { member: "n", .. }), "{error}");
    }

    #[test]
    fn what_is_no_prompt_and_no_size_is_refused_by_name() {
        for (body, name) in [(r#"{"prompt":1}"#, "prompt"), (r#"{"prompt":"a","size":"big"}"#, "size")] {
            let error = written("amazon.nova-canvas-v1:0", body).unwrap_err();
            assert!(matches!(error, TransformError::Member { member, .. } if member == name), "{error}");
        }
    }

    #[test]
    fn images_are_told_and_counted() {
        let answer = told(r#"{"images":["AAAA","BBBB"],"error":null,"finish_reasons":[null,null]}"#).unwrap();
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((&body["data"][1]["b64_json"], &body["created"]), (&json!("BBBB"), &json!(1)));
        assert_eq!(answer.usage.unwrap().media.images, 2);
    }

    #[test]
    fn an_answer_without_images_is_a_refusal_where_it_says_why_and_the_upstreams_fault_where_not() {
        let refused = told(r#"{"images":[],"error":"blocked by our filters"}"#).unwrap_err();
        assert_eq!((refused.status, refused.message.as_str()), (400, "blocked by our filters"));
        assert_eq!(told(r#"{"finish_reasons":["Filter reason: prompt"]}"#).unwrap_err().status, 400);
        for body in ["<html>", "{}", r#"{"images":[]}"#] {
            assert_eq!(told(body).unwrap_err().class, FailureClass::Malformed, "{body}");
        }
    }
}
