//! Streamed responses, told as chunks of a chat.

use super::*;
use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::FailureClass;
use crate::providers::operation::Operation;
use crate::providers::provider::Reply;
use crate::providers::translation::Translation;
use bytes::Bytes;

const EVENTS: [&str; 9] = [
    r#"{"type":"response.created","response":{"id":"resp_1","status":"in_progress","error":null,"output":[],"usage":null}}"#,
    r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"m","content":[]}}"#,
    r#"{"type":"response.output_text.delta","output_index":0,"delta":"Hel"}"#,
    r#"{"type":"response.output_text.delta","output_index":0,"delta":"lo"}"#,
    r#"{"type":"response.output_text.done","output_index":0,"text":"Hello"}"#,
    r#"{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","call_id":"c","name":"f","arguments":""}}"#,
    r#"{"type":"response.function_call_arguments.delta","output_index":1,"delta":"{}"}"#,
    r#"{"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}}"#,
    r#"{"type":"response.completed","response":{"status":"completed","error":null,"usage":{"input_tokens":12,"output_tokens":5}}}"#,
];

fn stream(events: &[&str]) -> String {
    events.iter().map(|event| format!("event: x\ndata: {event}\n\n")).collect()
}

fn told(text: &str, piece: usize) -> Result<(String, Option<Usage>), ProviderFailure> {
    let id = RequestId::at(Timestamp::from_seconds(1), &[0; 10]);
    let reply = Reply { operation: Operation::Chat, id, model: "m", deployment: "d", asked: &[], show_usage: false };
    let mut reader = Translation::new(reply, ResponseEvents::default());
    let mut all = Vec::new();
    for piece in text.as_bytes().chunks(piece.max(1)) {
        all.extend_from_slice(&reader.push(Bytes::copy_from_slice(piece))?);
    }
    all.extend_from_slice(&reader.finish()?);
    Ok((String::from_utf8(all).unwrap(), reader.seen().usage))
}

#[test]
fn text_and_calls_are_told_once_and_the_end_counts() {
    let text = stream(&EVENTS);
    let (told, usage) = told(&text, text.len()).unwrap();
    assert_eq!(told.matches("\"Hel\"").count() + told.matches("\"lo\"").count(), 2);
    assert_eq!((told.matches("\"arguments\":\"{}\"").count(), told.matches("Hello").count()), (1, 0));
    assert!(told.contains(r#""finish_reason":"tool_calls""#));
    assert_eq!(usage.unwrap().completion_tokens, 5);
}

#[test]
fn it_does_not_matter_how_the_bytes_are_cut() {
    let text = stream(&EVENTS);
    assert_eq!(told(&text, 1).unwrap(), told(&text, text.len()).unwrap());
}

#[test]
fn a_stream_that_is_cut_short_is_an_error() {
    for cut in 0..EVENTS.len() {
        let text = stream(&EVENTS[..cut]);
        assert_eq!(told(&text, text.len()).unwrap_err().class, FailureClass::Malformed, "{cut}");
    }
}

#[test]
fn arguments_that_come_with_the_end_of_their_item_are_told() {
    let events = [EVENTS[5], EVENTS[7], EVENTS[8]];
    let (told, _) = told(&stream(&events), 1 << 20).unwrap();
    assert_eq!(told.matches("\"arguments\":\"{}\"").count(), 1);
}

#[test]
fn failures_have_their_class() {
    let failed = r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"slow"}}}"#;
    let error = r#"{"type":"error","code":"server_error","message":"boom","param":null}"#;
    let class = |event| told(&stream(&[EVENTS[2], event]), 1 << 20).unwrap_err().class;
    assert_eq!((class(failed), class(error)), (FailureClass::RateLimited, FailureClass::Server));
}
