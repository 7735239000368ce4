//! What a client sees of a stream, however its bytes are cut.

use super::MessageEvents;
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

const START: &str = r#"{"type":"message_start","message":{"usage":{"input_tokens":12,"output_tokens":1}}}"#;
const PING: &str = r#"{"type":"ping"}"#;
const TEXT: &str = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
const HEL: &str = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}"#;
const LO: &str =
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"lo\u{2028}\"}}";
const CALL: &str =
    r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t1","name":"f","input":{}}}"#;
const ARGUMENTS: &str =
    r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}"#;
const FORM: &str =
    r#"{"type":"content_block_start","content_block":{"type":"tool_use","name":"json_tool_call","id":"t"}}"#;
const THINK: &str = r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#;
const THOUGHT: &str = r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#;
const SIGNED: &str = r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}}"#;
const STOP_BLOCK: &str = r#"{"type":"content_block_stop","index":0}"#;
const END: &str = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}"#;
const CALLED: &str = r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}}"#;
const STOP: &str = r#"{"type":"message_stop"}"#;

fn stream(events: &[&str]) -> String {
    events.iter().map(|event| format!("event: x\ndata: {event}\n\n")).collect()
}

fn read(stream: &str, show_usage: bool, cut: usize) -> (Result<String, ProviderFailure>, Box<dyn StreamDecoder>) {
    let id = RequestId::at(Timestamp::from_seconds(1), &[1; 10]);
    let reply = Reply { operation: Operation::Chat, id, model: "claude", deployment: "d", asked: &[], show_usage };
    let mut decoder: Box<dyn StreamDecoder> = Box::new(Translation::new(reply, MessageEvents::default()));
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

fn chunks(events: &[&str], show_usage: bool) -> Vec<Value> {
    let text = read(&stream(events), show_usage, usize::MAX).0.unwrap();
    let events = text.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap());
    events.map(|data| serde_json::from_str(data).unwrap()).collect()
}

fn deltas(events: &[&str]) -> Vec<Value> {
    chunks(events, false).iter().map(|chunk| chunk["choices"][0]["delta"].clone()).collect()
}

#[test]
fn text_is_told_as_it_comes_and_usage_once_at_the_end() {
    let told = chunks(&[START, PING, TEXT, HEL, LO, STOP_BLOCK, END, STOP], true);
    let text: Vec<_> = told.iter().map(|chunk| chunk["choices"][0]["delta"]["content"].clone()).collect();
    assert_eq!(text, [json!("Hel"), json!("lo\u{2028}"), Value::Null, Value::Null]);
    assert_eq!(told[2]["choices"][0]["finish_reason"], json!("stop"));
    assert_eq!(told[3]["usage"]["total_tokens"], json!(17));
    assert!(chunks(&[START, TEXT, HEL, END, STOP], false).iter().all(|chunk| chunk.get("usage").is_none()));
}

#[test]
fn a_call_is_counted_from_the_first_call_and_not_from_the_first_block() {
    let told = deltas(&[START, TEXT, HEL, STOP_BLOCK, CALL, ARGUMENTS, STOP_BLOCK, CALLED, STOP]);
    assert_eq!(told[1]["tool_calls"][0]["index"], json!(0));
    assert_eq!(told[2]["tool_calls"][0]["function"]["arguments"], json!("{\"a\":1}"));
}

#[test]
fn a_call_without_arguments_is_told_an_empty_object() {
    let told = deltas(&[START, CALL, STOP_BLOCK, CALLED, STOP]);
    assert_eq!(told[1]["tool_calls"][0]["function"]["arguments"], json!("{}"));
}

#[test]
fn an_answer_by_the_form_tool_is_text() {
    let told = chunks(&[START, FORM, ARGUMENTS, STOP_BLOCK, CALLED, STOP], false);
    assert_eq!(told[0]["choices"][0]["delta"]["content"], json!("{\"a\":1}"));
    assert_eq!(told[1]["choices"][0]["finish_reason"], json!("stop"));
}

#[test]
fn thoughts_are_told_as_text_and_as_blocks_with_their_signature() {
    let told = deltas(&[START, THINK, THOUGHT, SIGNED, STOP_BLOCK, END, STOP]);
    assert_eq!(told[0]["reasoning_content"], json!("hm"));
    assert_eq!(told[0]["thinking_blocks"], json!([{"type": "thinking", "thinking": "hm", "signature": ""}]));
    assert_eq!(told[1]["thinking_blocks"][0]["signature"], json!("s"));
    assert_eq!(told[1]["provider_specific_fields"]["thinking_blocks"][0]["signature"], json!("s"));
}

#[test]
fn a_stream_cut_at_any_event_before_its_reason_to_stop_is_an_error() {
    let events = [START, PING, TEXT, HEL, LO, STOP_BLOCK, END, STOP];
    for cut in 0..6 {
        let failure = read(&stream(&events[..cut]), false, 7).0.unwrap_err();
        assert_eq!(failure.class, FailureClass::Malformed, "{cut}");
    }
    assert!(read(&stream(&events[..7]), false, 7).0.is_ok());
}

#[test]
fn what_has_passed_of_a_broken_stream_is_counted_by_its_pieces() {
    let (_, decoder) = read(&stream(&[START, TEXT, HEL, LO]), false, usize::MAX);
    assert_eq!((decoder.seen().content_events, decoder.seen().usage), (2, None));
}

#[test]
fn errors_and_broken_events_inside_a_stream_are_failures() {
    let overloaded = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let failure = read(&stream(&[START, TEXT, HEL, overloaded]), false, 3).0.unwrap_err();
    assert_eq!((failure.class, failure.status), (FailureClass::Overloaded, 500));
    let failure = read(&stream(&[START, "{\"type\": \"conten", END, STOP]), false, usize::MAX).0.unwrap_err();
    assert_eq!(failure.class, FailureClass::Malformed);
}

#[test]
fn nothing_after_the_end_is_told() {
    let whole = chunks(&[START, TEXT, HEL, END, STOP], true);
    assert_eq!(chunks(&[START, TEXT, HEL, END, STOP, HEL, "{broken"], true), whole);
}

proptest! {
    #[test]
    fn what_the_client_sees_does_not_depend_on_how_the_bytes_are_cut(cut in 1_usize..300, show_usage: bool) {
        let events = [START, THINK, THOUGHT, SIGNED, STOP_BLOCK, TEXT, HEL, LO, STOP_BLOCK, CALL, ARGUMENTS, CALLED, STOP];
        let whole = read(&stream(&events), show_usage, usize::MAX).0.unwrap();
        let (pieces, decoder) = read(&stream(&events), show_usage, cut);
        prop_assert_eq!(pieces.unwrap(), whole);
        prop_assert_eq!(decoder.seen().usage.unwrap().completion_tokens, 5);
    }

    #[test]
    fn events_in_any_order_never_panic_and_end_at_most_once(
        picks in proptest::collection::vec(0_usize..14, 0..20),
        noise in "[ -~]{0,20}",
        cut in 1_usize..64,
    ) {
        let known = [START, PING, TEXT, HEL, LO, CALL, ARGUMENTS, FORM, THINK, THOUGHT, STOP_BLOCK, END, STOP, &noise];
        let picked: Vec<&str> = picks.iter().map(|pick| known[*pick]).collect();
        if let Ok(text) = read(&stream(&picked), true, cut).0 {
            prop_assert!(text.matches("finish_reason").count() <= 1);
        }
    }
}
