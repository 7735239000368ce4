//! Members that LiteLLM's clients find in every whole answer, whether the upstream tells them or not.

use crate::api::members::Members;
use memchr::memmem;
use serde_json::value::RawValue;

const OF_MESSAGE: [&str; 1] = ["phase"];
const OF_TEXT: [&str; 1] = ["logprobs"];
const OF_CALL: [&str; 2] = ["caller", "namespace"];
const OF_USAGE: [&str; 1] = ["cost"];
const OF_INPUT: [&str; 5] = ["audio_tokens", "cached_tokens_details", "image_tokens", "text_tokens", "video_tokens"];
const OF_OUTPUT: [&str; 2] = ["audio_tokens", "text_tokens"];

/// Adds what is missing in a response, as `null`.
pub(super) fn fill_in(response: &mut Members<'_>) {
    change(response, "usage", |usage| {
        add(usage, &OF_USAGE);
        change(usage, "input_tokens_details", |details| add(details, &OF_INPUT));
        change(usage, "output_tokens_details", |details| add(details, &OF_OUTPUT));
    });
}

/// Adds what is missing in its output, as `null`.
pub(super) fn fill_in_output(items: &mut [Members<'_>]) {
    for item in items {
        match item.read::<String>("type").as_deref() {
            Some("message") => {
                add(item, &OF_MESSAGE);
                fill_in_content(item);
            }
            Some("function_call") => add(item, &OF_CALL),
            _ => {}
        }
    }
}

/// Texts are looked into only where one of them may lack something: they are nearly all of an answer.
fn fill_in_content(item: &mut Members<'_>) {
    let count =
        |sign: &[u8]| item.get("content").map_or(0, |list| memmem::find_iter(list.get().as_bytes(), sign).count());
    if count(b"\"output_text\"") <= count(b"\"logprobs\"") {
        return;
    }
    change_each(item, "content", |part| {
        if part.read::<String>("type").as_deref() == Some("output_text") {
            add(part, &OF_TEXT);
        }
    });
}

fn add(members: &mut Members<'_>, names: &[&'static str]) {
    for &name in names {
        if members.get(name).is_none() {
            members.set(name, RawValue::NULL.to_owned());
        }
    }
}

/// Changes an object in an object. Anything else stays as it is.
fn change(members: &mut Members<'_>, name: &'static str, change: impl FnOnce(&mut Members<'_>)) {
    let Some(value) = members.get(name).map(ToOwned::to_owned) else { return };
    let changed = changed(&value, change);
    if let Some(changed) = changed.and_then(|json| RawValue::from_string(json).ok()) {
        members.replace(name, changed);
    }
}

/// Changes each object of a list in an object.
fn change_each(members: &mut Members<'_>, name: &'static str, change: impl Fn(&mut Members<'_>)) {
    let Some(list) = members.get(name).map(ToOwned::to_owned) else { return };
    let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(list.get()) else { return };
    let items = items.into_iter().map(|item| changed(item, &change).unwrap_or_else(|| item.get().to_owned()));
    let list = format!("[{}]", items.collect::<Vec<_>>().join(","));
    if let Ok(list) = RawValue::from_string(list) {
        members.replace(name, list);
    }
}

fn changed(object: &RawValue, change: impl FnOnce(&mut Members<'_>)) -> Option<String> {
    let mut members = Members::parse(object.get().as_bytes()).ok()?;
    change(&mut members);
    String::from_utf8(members.to_json()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn what_is_missing_is_null_and_what_is_there_stays() {
        let body = json!({"output": [
            {"type": "message", "content": [{"type": "output_text", "text": "x", "logprobs": [1]}, {"type": "refusal"}]},
            {"type": "message", "content": [{"type": "output_text", "text": "x"}, 7]},
            {"type": "function_call", "caller": "c"}, {"type": "reasoning"}, {}],
            "usage": {"input_tokens": 1, "input_tokens_details": {"text_tokens": 1}, "output_tokens_details": null}});
        let text = body.to_string();
        let (mut members, output) = Members::parse_with_list(text.as_bytes(), "output").unwrap();
        let mut output = output.unwrap();
        fill_in(&mut members);
        fill_in_output(&mut output);
        let told: Value = serde_json::from_slice(&members.to_json_with_list("output", &output)).unwrap();
        assert_eq!(
            told["output"],
            json!([
                {"type": "message", "phase": null,
                 "content": [{"type": "output_text", "text": "x", "logprobs": [1]}, {"type": "refusal"}]},
                {"type": "message", "phase": null, "content": [{"type": "output_text", "text": "x", "logprobs": null}, 7]},
                {"type": "function_call", "caller": "c", "namespace": null}, {"type": "reasoning"}, {}])
        );
        assert_eq!(
            (&told["usage"]["input_tokens_details"]["text_tokens"], told["usage"].get("cost")),
            (&json!(1), Some(&json!(null)))
        );
        assert_eq!(told["usage"]["output_tokens_details"], json!(null));
    }
}
