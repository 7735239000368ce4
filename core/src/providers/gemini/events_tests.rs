//! What a client sees of a stream, however its bytes are cut.

use super::PieceEvents;
use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::{FailureClass, ProviderFailure};
use crate::providers::operation::Operation;
use crate::providers::provider::Reply;
use crate::providers::translation::Translation;
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

const HEL: &str =
    r#"{"candidates":[{"content":{"parts":[{"text":"Hel"}]},"index":0}],"usageMetadata":{"promptTokenCount":12}}"#;
const LO: &str = "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"lo\u{2028}\"}]}}]}";
const THOUGHT: &str = r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true}]}}]}"#;
const CALL: &str = r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"c2ln"}]}}]}"#;
const BARE_CALL: &str = r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"g"}}]}}]}"#;
const OTHER: &str = r#"{"candidates":[{"content":{"parts":[{"text":"B"}]},"index":1,"finishReason":"MAX_TOKENS"}]}"#;
const PICTURE: &str =
    r#"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}}]}"#;
const END: &str = r#"{"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP"}],
    "usageMetadata":{"promptTokenCount":12,"candidatesTokenCount":5,"totalTokenCount":17}}"#;
const BLOCKED: &str = r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":12}}"#;

fn stream(pieces: &[&str]) -> String {
    pieces.iter().map(|piece| format!("data: {}\r\n\r\n", piece.replace('\n', ""))).collect()
}

fn read(stream: &str, show_usage: bool, cut: usize) -> (Result<String, ProviderFailure>, Box<dyn StreamDecoder>) {
    let id = RequestId::at(Timestamp::from_seconds(1), &[1; 10]);
    let reply = Reply { operation: Operation::Chat, id, model: "gemini", deployment: "d", asked: &[], show_usage };
    let mut decoder: Box<dyn StreamDecoder> = Box::new(Translation::new(reply, PieceEvents::new(id)));
    let mut out = Vec::new();
    for chunk in stream.as_bytes().chunks(cut) {
        match decoder.push(Bytes::copy_from_slice(chunk)) {
            Ok(bytes) => out.extend_from_slice(&bytes),
            Err(failure) => return (Err(failure), decoder),
        }
    }
    let end = decoder.finish().map(|rest| {
        out.extend_from_slice(&rest);
        String::from_utf8(out).unwrap()
    });
    (end, decoder)
}

fn chunks(pieces: &[&str], show_usage: bool) -> Vec<Value> {
    let text = read(&stream(pieces), show_usage, usize::MAX).0.unwrap();
    let events = text.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap());
    events.map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[test]
fn text_is_told_as_it_comes_and_the_end_once_with_the_last_counts() {
    let told = chunks(&[HEL, LO, END], true);
    let text: Vec<_> = told.iter().map(|chunk| chunk["choices"][0]["delta"]["content"].clone()).collect();
    assert_eq!(text, [json!("Hel"), json!("lo\u{2028}"), Value::Null, Value::Null]);
    assert_eq!(told[2]["choices"][0]["finish_reason"], json!("stop"));
    assert_eq!(told[3]["usage"]["total_tokens"], json!(17));
}

#[test]
fn an_end_that_is_told_with_every_piece_is_told_once() {
    let ended = HEL.replace("\"index\":0", "\"finishReason\":\"STOP\"");
    let told = chunks(&[&ended, &ended, END], false);
    let ends: Vec<_> = told.iter().filter(|chunk| chunk["choices"][0]["finish_reason"].is_string()).collect();
    assert_eq!((told.len(), ends.len()), (3, 1));
    assert_eq!(told[1]["choices"][0]["delta"]["content"], json!("Hel"));
}

#[test]
fn calls_are_counted_and_are_why_the_answer_ends() {
    let told = chunks(&[THOUGHT, CALL, BARE_CALL, END], false);
    let deltas: Vec<_> = told.iter().map(|chunk| &chunk["choices"][0]["delta"]).collect();
    assert_eq!(deltas[0]["reasoning_content"], json!("hm"));
    let (one, other) = (&deltas[1]["tool_calls"][0], &deltas[2]["tool_calls"][0]);
    assert_eq!((&one["index"], &one["function"]["arguments"]), (&json!(0), &json!("{\"a\": 1}")));
    assert!(one["id"].as_str().unwrap().ends_with("__thought__c2ln"));
    assert_eq!((&other["index"], &other["function"]["arguments"]), (&json!(1), &json!("{}")));
    assert_eq!(told[3]["choices"][0]["finish_reason"], json!("tool_calls"));
}

#[test]
fn each_of_several_answers_has_its_own_end() {
    let told = chunks(&[HEL, OTHER, PICTURE, END], false);
    let ends: Vec<_> = told
        .iter()
        .filter(|chunk| chunk["choices"][0]["finish_reason"].is_string())
        .map(|chunk| (chunk["choices"][0]["index"].clone(), chunk["choices"][0]["finish_reason"].clone()))
        .collect();
    assert_eq!(ends, [(json!(0), json!("stop")), (json!(1), json!("length"))]);
    assert_eq!(told[2]["choices"][0]["delta"]["images"][0]["image_url"]["url"], json!("data:image/png;base64,AAAA"));
}

#[test]
fn a_question_that_is_not_answered_is_told_as_such() {
    let told = chunks(&[BLOCKED], true);
    assert_eq!(told[0]["choices"][0]["finish_reason"], json!("content_filter"));
    assert_eq!(told[1]["usage"]["prompt_tokens"], json!(12));
}

#[test]
fn a_stream_cut_before_its_end_is_an_error_and_what_has_passed_is_counted() {
    let pieces = [THOUGHT, HEL, LO, CALL];
    for cut in 0..=pieces.len() {
        let (end, decoder) = read(&stream(&pieces[..cut]), false, 7);
        assert_eq!(end.unwrap_err().class, FailureClass::Malformed, "{cut}");
        assert_eq!((decoder.seen().content_events, decoder.seen().usage), (cut as u64, None));
    }
}

#[test]
fn errors_and_broken_pieces_inside_a_stream_are_failures() {
    let overloaded = r#"{"error":{"code":503,"message":"The model is overloaded."}}"#;
    let failure = read(&stream(&[HEL, overloaded]), false, 3).0.unwrap_err();
    assert_eq!((failure.class, failure.status), (FailureClass::Overloaded, 503));
    let failure = read(&stream(&[HEL, "{\"candidates\": [", END]), false, usize::MAX).0.unwrap_err();
    assert_eq!(failure.class, FailureClass::Malformed);
}

proptest! {
    #[test]
    fn what_the_client_sees_does_not_depend_on_how_the_bytes_are_cut(cut in 1_usize..300, show_usage: bool) {
        let pieces = [THOUGHT, HEL, LO, CALL, PICTURE, OTHER, BARE_CALL, END];
        let whole = read(&stream(&pieces), show_usage, usize::MAX).0.unwrap();
        let (cut, decoder) = read(&stream(&pieces), show_usage, cut);
        prop_assert_eq!(cut.unwrap(), whole);
        prop_assert_eq!(decoder.seen().usage.unwrap().completion_tokens, 5);
    }

    #[test]
    fn pieces_in_any_order_never_panic_and_each_answer_ends_at_most_once(
        picks in proptest::collection::vec(0_usize..10, 0..20),
        noise in "[ -~]{0,20}",
        cut in 1_usize..64,
    ) {
        let known = [HEL, LO, THOUGHT, CALL, BARE_CALL, OTHER, PICTURE, END, BLOCKED, &noise];
        let picked: Vec<&str> = picks.iter().map(|pick| known[*pick]).collect();
        if let Ok(text) = read(&stream(&picked), true, cut).0 {
            prop_assert!(text.matches("finish_reason").count() <= 2);
        }
    }
}
