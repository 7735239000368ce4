//! What clients are told of streams, however these are cut.

use super::*;
use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::providers::decoder::StreamDecoder;
use crate::providers::operation::Operation;
use crate::providers::provider::Provider;
use crate::providers::registry;
use serde_json::{Value, json};

const THOUGHT: &str = r#"data: {"choices":[{"index":0,"delta":{"reasoning_content":"hm"},"finish_reason":null}]}"#;
const TEXT: &str = r#"data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}"#;
const SOURCE: &str =
    r#"data: {"choices":[{"index":0,"delta":{"annotations":[{"type":"url_citation","url_citation":{"url":"u"}}]}}]}"#;
const CALL: &str = r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":""}}]}}]}"#;
const OTHER: &str = r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"d","function":{"name":"g","arguments":"{"}}]}}]}"#;
const MORE: &str =
    r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}"#;
const REST: &str =
    r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"}"}}]}}]}"#;
const FINISH: &str = r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#;
const CUT: &str = r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}"#;
const USAGE: &str = r#"data: {"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17}}"#;
const DONE: &str = "data: [DONE]";
const ALL: [&str; 11] = [THOUGHT, TEXT, TEXT, SOURCE, CALL, OTHER, MORE, REST, FINISH, USAGE, DONE];

fn stream(events: &[&str]) -> String {
    events.iter().map(|event| format!("{event}\n\n")).collect()
}

fn reader() -> Box<dyn StreamDecoder> {
    let id = RequestId::at(Timestamp::from_seconds(1), &[0; 10]);
    let operation = Operation::Responses;
    let reply = Reply { operation, id, model: "mine", deployment: "d", asked: b"{}", show_usage: false };
    registry::mock(operation).decoder(reply)
}

/// What the client gets of a stream that comes in pieces of so many bytes, with the end.
fn told(text: &str, piece: usize) -> Result<String, ProviderFailure> {
    let mut reader = reader();
    let mut all = Vec::new();
    for piece in text.as_bytes().chunks(piece.max(1)) {
        all.extend_from_slice(&reader.push(Bytes::copy_from_slice(piece))?);
    }
    all.extend_from_slice(&reader.finish()?);
    assert!(reader.is_complete());
    all.extend_from_slice(&reader.terminal());
    Ok(String::from_utf8(all).unwrap())
}

fn events(text: &str) -> Vec<Value> {
    let data = text.split_terminator("\n\n").map(|event| event.split_once("data: ").unwrap().1);
    data.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
}

/// The kinds of events with the place of the item that they speak of.
fn kinds(events: &[Value]) -> Vec<String> {
    let place = |event: &Value| event.get("output_index").map_or_else(String::new, |at| format!(" {at}"));
    let kind = |event: &Value| event["type"].as_str().unwrap().trim_start_matches("response.").to_owned();
    events.iter().map(|event| kind(event) + &place(event)).collect()
}

#[test]
fn each_item_begins_and_ends_once_and_the_response_too() {
    let told = told(&stream(&ALL), 1 << 20).unwrap();
    assert!(told.ends_with("data: [DONE]\n\n"));
    let events = events(&told);
    assert_eq!(
        kinds(&events),
        [
            "created",
            "in_progress",
            "output_item.added 0",
            "reasoning_summary_part.added 0",
            "reasoning_summary_text.delta 0",
            "reasoning_summary_text.done 0",
            "reasoning_summary_part.done 0",
            "output_item.done 0",
            "output_item.added 1",
            "content_part.added 1",
            "output_text.delta 1",
            "output_text.delta 1",
            "output_text.annotation.added 1",
            "output_text.done 1",
            "content_part.done 1",
            "output_item.done 1",
            "output_item.added 2",
            "output_item.added 3",
            "function_call_arguments.delta 3",
            "function_call_arguments.delta 2",
            "function_call_arguments.delta 3",
            "function_call_arguments.done 2",
            "output_item.done 2",
            "function_call_arguments.done 3",
            "output_item.done 3",
            "completed",
        ]
    );
    let numbers: Vec<_> = events.iter().map(|event| event["sequence_number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..events.len() as u64).collect::<Vec<_>>());
}

#[test]
fn the_last_event_tells_all_that_was_said_and_used() {
    let events = events(&told(&stream(&ALL), 1 << 20).unwrap());
    let (first, last) = (&events[0]["response"], &events.last().unwrap()["response"]);
    assert_eq!((&first["status"], &first["output"], &first["id"]), (&json!("in_progress"), &json!([]), &last["id"]));
    let output = &last["output"];
    let done: Vec<_> = events.iter().filter(|event| event["type"] == "response.output_item.done").collect();
    assert!(done.iter().all(|event| output[event["output_index"].as_u64().unwrap() as usize] == event["item"]));
    assert_eq!((&output[1]["content"][0]["text"], &output[1]["status"]), (&json!("HiHi"), &json!("completed")));
    assert_eq!(output[1]["content"][0]["annotations"], json!([{"type": "url_citation", "url": "u"}]));
    assert_eq!((&output[2]["arguments"], &output[3]["arguments"]), (&json!("{}"), &json!("{}")));
    assert_eq!((&last["usage"]["input_tokens"], &last["usage"]["output_tokens"]), (&json!(12), &json!(5)));
}

#[test]
fn an_answer_that_is_cut_short_is_incomplete() {
    let events = events(&told(&stream(&[TEXT, CUT, DONE]), 1 << 20).unwrap());
    let last = events.last().unwrap();
    assert_eq!((&last["type"], &last["response"]["status"]), (&json!("response.incomplete"), &json!("incomplete")));
    assert_eq!(last["response"]["incomplete_details"]["reason"], "max_output_tokens");
    assert_eq!(last["response"]["output"][0]["status"], "incomplete");
}

#[test]
fn it_does_not_matter_how_the_bytes_are_cut() {
    let all = stream(&ALL);
    let whole = told(&all, all.len()).unwrap();
    for piece in [1, 2, 7, 100] {
        assert_eq!(told(&all, piece).unwrap(), whole, "{piece}");
    }
}

#[test]
fn a_stream_that_is_cut_short_is_an_error_until_it_has_told_why_it_ends() {
    for cut in 0..ALL.len() {
        assert_eq!(told(&stream(&ALL[..cut]), 1 << 20).is_ok(), cut >= 9, "{cut}");
    }
}

#[test]
fn a_stream_that_broke_ends_with_a_response_that_failed() {
    let mut reader = reader();
    let told = reader.push(Bytes::from(stream(&[TEXT]))).unwrap();
    let told = events(std::str::from_utf8(&told).unwrap());
    let end = reader.broken("server_error", "it broke").unwrap();
    let end = std::str::from_utf8(&end).unwrap();
    assert!(end.starts_with("event: response.failed\n") && end.ends_with("data: [DONE]\n\n"));
    let failed = &events(end)[0];
    assert_eq!(failed["sequence_number"].as_u64(), Some(told.len() as u64));
    let response = &failed["response"];
    assert_eq!((&response["id"], &response["status"]), (&told[0]["response"]["id"], &json!("failed")));
    assert_eq!(response["error"], json!({"code": "server_error", "message": "it broke"}));
}

#[test]
fn a_call_without_a_name_is_the_upstreams_fault() {
    assert!(told(&stream(&[MORE, FINISH, DONE]), 1 << 20).is_err());
}

#[test]
fn an_image_is_an_item_that_comes_in_one_piece() {
    let image = r#"data: {"choices":[{"index":0,"delta":{"images":[{"type":"image_url","index":0,"image_url":{"url":"data:image/png;base64,AA=="}}]}}]}"#;
    let all = stream(&[TEXT, image, FINISH, USAGE, DONE]);
    let events = events(&told(&all, 7).unwrap());
    let of_image: Vec<_> = events.iter().filter(|event| event["output_index"] == 1).collect();
    let kinds: Vec<_> = of_image.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let done = ["response.image_generation_call.completed", "response.output_item.done"];
    assert_eq!(kinds, ["response.output_item.added", done[0], done[1]]);
    let (begun, ended) = (&of_image[0]["item"], &of_image[2]["item"]);
    assert_eq!((&begun["status"], &begun["result"]), (&json!("in_progress"), &Value::Null));
    assert_eq!((&ended["status"], &ended["result"]), (&json!("completed"), &json!("AA==")));
    assert_eq!(events.last().unwrap()["response"]["output"][1], *ended);
}
