//! Whole answers about images and recordings in the OpenAI dialect. What upstreams leave out that clients of the dialect
//! read is said to be nothing; all else passes as it came.

use super::{failure, words};
use crate::api::members::Members;
use crate::providers::failure::ProviderFailure;
use crate::providers::outgoing;
use crate::providers::provider::WholeAnswer;
use crate::usage::{Media, Usage};
use crate::wire::openai_usage::{usage_from_openai, usage_of_images};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Members of an answer with images, and what they are where the upstream does not say.
const OF_IMAGES: [&str; 4] = ["background", "output_format", "quality", "size"];
const OF_IMAGE: [&str; 4] = ["b64_json", "revised_prompt", "url", "provider_specific_fields"];

/// Reads an answer with images.
pub(super) fn images(body: &[u8]) -> Result<WholeAnswer, ProviderFailure> {
    let mut members = Members::parse(body).map_err(|_| malformed("is not JSON", body))?;
    refuse_error(&members)?;
    let listed = members.get("data").ok_or_else(|| malformed("has no images", body))?;
    let mut list: Vec<Members<'_>> =
        serde_json::from_str(listed.get()).map_err(|_| malformed("has no images", body))?;
    for image in &mut list {
        fill(image, &OF_IMAGE);
    }
    let count = list.len() as u64;
    let data = outgoing::into_raw(words::list_to_json(&list), "data");
    drop(list);
    if let Ok(data) = data {
        members.set("data", data);
    }
    fill(&mut members, &OF_IMAGES);
    let told = members.get("usage").and_then(|usage| usage_of_images(usage.get().as_bytes()));
    complete_usage(&mut members);
    let usage = Usage { media: Media { images: count, ..Media::default() }, ..told.unwrap_or_default() };
    Ok(WholeAnswer { body: Bytes::from(members.to_json()), usage: Some(usage) })
}

/// Images that are paid by the piece use no tokens.
fn complete_usage(members: &mut Members<'_>) {
    let usage = members.get("usage").and_then(|usage| Members::parse(usage.get().as_bytes()).ok());
    let complete = match usage {
        Some(mut usage) => {
            fill(&mut usage, &["output_tokens_details"]);
            usage.to_json()
        }
        None => NO_TOKENS.as_bytes().to_vec(),
    };
    if let Ok(usage) = outgoing::into_raw(complete, "usage") {
        members.set("usage", usage);
    }
}

const NO_TOKENS: &str = r#"{"total_tokens":0,"input_tokens":0,"input_tokens_details":{"image_tokens":0,"text_tokens":0},"output_tokens":0}"#;

/// Reads a transcript: JSON, or a text in the form that the client asked for.
pub(super) fn transcript(body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
    let Ok(mut members) = Members::parse(&body) else {
        if body.trim_ascii_start().starts_with(b"<") {
            return Err(malformed("is no transcript", &body));
        }
        let usage = last_cue(&body).map(recorded);
        return Ok(WholeAnswer { body, usage });
    };
    refuse_error(&members)?;
    if !members.has("text") && !members.has("segments") {
        return Err(malformed("is no transcript", &body));
    }
    let told = members.get("usage").and_then(|usage| heard(usage.get().as_bytes()));
    let duration = || members.read::<f64>("duration").map(|seconds| recorded(millis(seconds)));
    let usage = told.or_else(duration);
    fill(&mut members, &["usage"]);
    if members.has("segments") {
        fill(&mut members, &["words"]);
    }
    Ok(WholeAnswer { body: Bytes::from(members.to_json()), usage })
}

/// What was used: tokens, or seconds of a recording.
pub(super) fn heard(usage: &[u8]) -> Option<Usage> {
    #[derive(Deserialize)]
    struct Length {
        #[serde(default)]
        seconds: Option<f64>,
    }
    let seconds = || serde_json::from_slice::<Option<Length>>(usage).ok()??.seconds;
    usage_from_openai(usage).or_else(|| seconds().map(|seconds| recorded(millis(seconds))))
}

fn recorded(recorded_ms: u64) -> Usage {
    Usage { media: Media { recorded_ms, ..Media::default() }, ..Usage::default() }
}

/// A float-to-int cast saturates, and maps not-a-number to zero.
fn millis(seconds: f64) -> u64 {
    (seconds * 1000.0).round() as u64
}

/// When the last line of subtitles (SRT, VTT) ends, in milliseconds.
fn last_cue(body: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.rsplit_once("-->")?;
    let end = rest.trim_start().split_ascii_whitespace().next()?.replace(',', ".");
    let seconds = end.split(':').try_fold(0.0, |sum, part| Some(sum * 60.0 + part.parse::<f64>().ok()?))?;
    Some(millis(seconds))
}

fn refuse_error(members: &Members<'_>) -> Result<(), ProviderFailure> {
    match members.get("error").filter(|error| error.get() != "null") {
        Some(error) => Err(failure::in_band(error.get().as_bytes())),
        None => Ok(()),
    }
}

fn fill(members: &mut Members<'_>, names: &[&'static str]) {
    for name in names {
        if members.get(name).is_none() {
            members.set(*name, RawValue::NULL.to_owned());
        }
    }
}

fn malformed(what: &str, body: &[u8]) -> ProviderFailure {
    ProviderFailure::malformed(format!("the upstream's answer {what}: {}", failure::excerpt(body)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::failure::FailureClass;
    use serde_json::{Value, json};

    fn transcribed(body: &str) -> Result<WholeAnswer, ProviderFailure> {
        transcript(Bytes::copy_from_slice(body.as_bytes()))
    }

    #[test]
    fn images_are_counted_and_what_is_not_said_is_null() {
        let answer = images(br#"{"created":1,"data":[{"url":"u"},{"b64_json":"A"}]}"#).unwrap();
        assert_eq!(answer.usage.unwrap().media.images, 2);
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((&body["data"][0]["url"], &body["data"][0]["b64_json"]), (&json!("u"), &Value::Null));
        assert_eq!(body["usage"]["total_tokens"], 0);
    }

    #[test]
    fn tokens_of_images_are_told_apart_from_those_of_words() {
        let usage = r#"{"input_tokens":10,"output_tokens":100,"total_tokens":110}"#;
        let answer = images(format!(r#"{{"data":[{{}}],"usage":{usage}}}"#).as_bytes()).unwrap();
        assert_eq!(answer.usage.unwrap().image_completion_tokens, 100);
        assert!(String::from_utf8(answer.body.to_vec()).unwrap().contains(usage.trim_end_matches('}')));
    }

    #[test]
    fn a_transcript_tells_how_long_its_recording_is() {
        let heard = |body: &str| transcribed(body).unwrap().usage.map(|usage| usage.media.recorded_ms);
        assert_eq!(heard(r#"{"text":"Hi","duration":2.5}"#), Some(2500));
        assert_eq!(heard(r#"{"text":"Hi","usage":{"type":"duration","seconds":3}}"#), Some(3000));
        assert_eq!(heard("1\n00:00:00,000 --> 00:01:02,500\nHi\n"), Some(62_500));
        assert_eq!(heard("WEBVTT\n\n00:00.000 --> 00:02.000 align:start\nHi\n"), Some(2000));
        assert_eq!(heard("Hi there\n"), None);
    }

    #[test]
    fn a_transcript_paid_in_tokens_is_counted_in_tokens() {
        let usage = r#"{"type":"tokens","input_tokens":14,"output_tokens":45,"total_tokens":59,
            "input_token_details":{"text_tokens":4,"audio_tokens":10}}"#;
        let answer = transcribed(&format!(r#"{{"text":"Hi","usage":{usage}}}"#)).unwrap();
        let usage = answer.usage.unwrap();
        assert_eq!((usage.prompt_tokens, usage.audio_prompt_tokens, usage.completion_tokens), (14, 10, 45));
    }

    #[test]
    fn a_text_passes_as_it_is() {
        assert_eq!(transcribed("Hello world\n").unwrap().body, "Hello world\n");
    }

    #[test]
    fn html_and_answers_without_content_are_the_upstreams_fault() {
        for body in ["<html>", "{}", r#"{"data":null}"#] {
            assert_eq!(transcribed(body).unwrap_err().class, FailureClass::Malformed, "{body}");
            assert_eq!(images(body.as_bytes()).unwrap_err().class, FailureClass::Malformed, "{body}");
        }
        assert_eq!(images(br#"{"error":{"message":"no","code":429}}"#).unwrap_err().status, 429);
    }
}
