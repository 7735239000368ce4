//! Where words stand in messages, whichever dialect they are in: the members that hold texts, and those that hold what holds
//! them. What a member means that is not named here is no text: parameters, ids, the bytes of files.

use serde_json::{Map, Value};

/// Members that are texts.
const TEXTS: [&str; 13] = [
    "code",
    "content",
    "context",
    "logs",
    "output",
    "output_text",
    "reasoning",
    "reasoning_content",
    "refusal",
    "text",
    "thinking",
    "title",
    "transcript",
];
/// Members that hold such.
const HOLDERS: [&str; 11] = [
    "audio",
    "content",
    "images",
    "output",
    "outputs",
    "parts",
    "reasoning_details",
    "results",
    "source",
    "summary",
    "thinking_blocks",
];
/// Members that say again, in another form, what texts say: they go where those are changed.
const ECHOES: [&str; 4] = ["audio", "logprobs", "provider_specific_fields", "reasoning_details"];

/// Shows each text to `visit`, which may change it.
pub(super) fn each_text(value: &mut Value, visit: &mut dyn FnMut(&mut String)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, visit)),
        Value::Object(members) => each_in_object(members, visit),
        _ => {}
    }
}

/// As [`each_text`], of all texts of an object, whatever their names.
pub(super) fn each_of_any_name(value: &mut Value, visit: &mut dyn FnMut(&mut String)) {
    let Value::Object(members) = value else { return };
    members.values_mut().for_each(|value| each_text(value, visit));
}

fn each_in_object(members: &mut Map<String, Value>, visit: &mut dyn FnMut(&mut String)) {
    // A document in words: https://docs.anthropic.com/en/docs/build-with-claude/pdf-support
    let is_text = members.get("type").and_then(Value::as_str) == Some("text");
    for (name, value) in members {
        match value {
            Value::String(text) if TEXTS.contains(&name.as_str()) || is_text && name == "data" => visit(text),
            Value::Array(_) | Value::Object(_) if HOLDERS.contains(&name.as_str()) => each_text(value, visit),
            _ => {}
        }
    }
}

/// The addresses of images in a value.
pub(super) fn images_of(value: &Value, images: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| images_of(item, images)),
        Value::Object(members) => {
            images.extend(image(members));
            let holders = members.iter().filter(|(name, _)| HOLDERS.contains(&name.as_str()));
            holders.for_each(|(_, value)| images_of(value, images));
        }
        _ => {}
    }
}

/// The address of the image that a part is, where it is one.
fn image(part: &Map<String, Value>) -> Option<String> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    match part.get("type")?.as_str()? {
        "image_url" | "input_image" => {
            let image = part.get("image_url")?;
            image.as_str().map(str::to_owned).or_else(|| text(image, "url"))
        }
        "image" => {
            let source = part.get("source")?;
            let data = || Some(format!("data:{};base64,{}", text(source, "media_type")?, text(source, "data")?));
            text(source, "url").or_else(data)
        }
        _ => None,
    }
}

/// Takes out what says again what the texts have said that were changed.
pub(super) fn drop_echoes(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(drop_echoes),
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                if !ECHOES.contains(&name.as_str()) {
                    drop_echoes(value);
                } else if value.is_array() {
                    *value = Value::Array(Vec::new());
                } else {
                    *value = Value::Null;
                }
            }
        }
        _ => {}
    }
}

/// Shows the next of `texts` to each place.
pub(super) fn put(texts: &mut impl Iterator<Item = String>) -> impl FnMut(&mut String) {
    move |place| {
        if let Some(text) = texts.next() {
            *place = text;
        }
    }
}
