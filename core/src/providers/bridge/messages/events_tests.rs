//! Streams told as messages: blocks, ends, and what cannot be told.

use super::*;
use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::providers::decoder::StreamDecoder;
use crate::providers::operation::Operation;
use crate::providers::provider::Provider;
use crate::providers::registry;

const TEXT: &str = r#"data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}"#;
const CALL: &str = r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":""}}]}}]}"#;
const MORE: &str =
    r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}"#;
const OTHER: &str = r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"d","function":{"name":"g","arguments":"{}"}}]}}]}"#;
const FINISH: &str = r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#;
const USAGE: &str = r#"data: {"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17}}"#;
const DONE: &str = "data: [DONE]";

fn stream(events: &[&str]) -> String {
    events.iter().map(|event| format!("{event}\n\n")).collect()
}

/// What the client gets of a stream that comes in pieces of so many bytes, with the end.
fn told(text: &str, piece: usize) -> Result<String, ProviderFailure> {
    let id = RequestId::at(Timestamp::from_seconds(1), &[0; 10]);
    let reply =
        Reply { operation: Operation::Messages, id, model: "mine", deployment: "d", asked: &[], show_usage: false };
    let mut reader: Box<dyn StreamDecoder> = registry::mock(Operation::Messages).decoder(reply);
    let mut all = Vec::new();
    for piece in text.as_bytes().chunks(piece.max(1)) {
        all.extend_from_slice(&reader.push(Bytes::copy_from_slice(piece))?);
    }
    all.extend_from_slice(&reader.finish()?);
    assert!(reader.is_complete());
    all.extend_from_slice(&reader.terminal());
    Ok(String::from_utf8(all).unwrap())
}

/// The kinds of events, and the index of each block's.
fn kinds(text: &str) -> Vec<String> {
    let events = text.split_terminator("\n\n").map(|event| event.split_once("data: ").unwrap().1);
    let kind = |event: &str| {
        let event: serde_json::Value = serde_json::from_str(event).unwrap();
        let index = event.get("index").map_or_else(String::new, ToString::to_string);
        format!("{}{index}", event["type"].as_str().unwrap().replace("content_block_", ""))
    };
    events.map(kind).collect()
}

#[test]
fn blocks_begin_and_end_in_order_and_the_message_once() {
    let all = stream(&[TEXT, CALL, MORE, OTHER, FINISH, USAGE, DONE]);
    let told = told(&all, all.len()).unwrap();
    assert_eq!(
        kinds(&told),
        [
            "message_start",
            "start0",
            "delta0",
            "stop0",
            "start1",
            "delta1",
            "stop1",
            "start2",
            "delta2",
            "stop2",
            "message_delta",
            "message_stop"
        ]
    );
    assert!(told.contains(
        r#""delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":12,"output_tokens":5}"#
    ));
    assert!(told.contains(r#""content_block":{"type":"tool_use","id":"d","name":"g","input":{}}"#));
}

#[test]
fn it_does_not_matter_how_the_bytes_are_cut() {
    let all = stream(&[TEXT, CALL, MORE, OTHER, FINISH, USAGE, DONE]);
    assert_eq!(told(&all, 1).unwrap(), told(&all, all.len()).unwrap());
}

#[test]
fn a_stream_that_is_cut_before_its_end_is_told_is_an_error() {
    let events = [TEXT, CALL, MORE, OTHER, FINISH, USAGE, DONE];
    for cut in 0..events.len() {
        let text = stream(&events[..cut]);
        assert_eq!(told(&text, text.len()).is_ok(), cut >= 5, "{cut}");
    }
}

#[test]
fn an_answer_that_says_nothing_has_an_empty_block() {
    let told = told(&stream(&[r#"data: {"choices":[{"delta":{},"finish_reason":"stop"}]}"#, DONE]), 1 << 20).unwrap();
    assert_eq!(kinds(&told), ["message_start", "start0", "stop0", "message_delta", "message_stop"]);
}

#[test]
fn calls_that_are_numbered_alike_are_told_apart_by_their_ids() {
    let second = CALL.replace("\"c\"", "\"d\"");
    let told = told(&stream(&[CALL, MORE, &second, MORE, FINISH, DONE]), 1 << 20).unwrap();
    assert_eq!(told.matches("tool_use\",\"id\"").count(), 2);
}

#[test]
fn a_call_is_announced_even_where_the_upstream_only_stops() {
    let stop = FINISH.replace("tool_calls", "stop");
    let told = told(&stream(&[CALL, MORE, &stop, DONE]), 1 << 20).unwrap();
    assert!(told.contains(r#""stop_reason":"tool_use""#));
}

#[test]
fn a_piece_of_a_call_that_has_ended_is_an_error() {
    assert!(told(&stream(&[CALL, OTHER, MORE, FINISH, DONE]), 1 << 20).is_err());
}

#[test]
fn thoughts_are_blocks_that_their_signature_ends() {
    let thought = |block: &str| format!(r#"data: {{"choices":[{{"delta":{{"thinking_blocks":[{block}]}}}}]}}"#);
    let events = [
        thought(r#"{"type":"thinking","thinking":"h","signature":""}"#),
        thought(r#"{"type":"thinking","thinking":"m","signature":"s"}"#),
        thought(r#"{"type":"redacted_thinking","data":"x"}"#),
    ];
    let all = stream(&[&events[0], &events[1], &events[2], TEXT, FINISH, DONE]);
    let told = told(&all, all.len()).unwrap();
    let wanted = ["start0", "delta0", "delta0", "delta0", "stop0", "start1", "stop1", "start2", "delta2", "stop2"];
    assert_eq!(kinds(&told)[1..11], wanted);
    assert!(told.contains("signature_delta") && told.contains(r#""type":"redacted_thinking","data":"x""#));
}

#[test]
fn an_image_is_a_block_in_one_piece_and_text_after_it_another() {
    let image = r#"data: {"choices":[{"index":0,"delta":{"images":[{"type":"image_url","index":0,"image_url":{"url":"data:image/png;base64,AA=="}}]}}]}"#;
    let all = stream(&[TEXT, image, TEXT, FINISH, USAGE, DONE]);
    let told = told(&all, all.len()).unwrap();
    let wanted = ["message_start", "start0", "delta0", "stop0", "start1", "stop1", "start2", "delta2", "stop2"];
    assert_eq!(kinds(&told)[..9], wanted);
    let block = r#""content_block":{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}"#;
    assert!(told.contains(block), "{told}");
}
