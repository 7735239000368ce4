//! What a client sees of a stream, however its bytes are cut and in whichever of the two formats it comes.

use super::MessageEvents;
use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::providers::cohere::framing::CohereLines;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::{FailureClass, ProviderFailure};
use crate::providers::operation::Operation;
use crate::providers::provider::Reply;
use crate::providers::translation::Translation;
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

const START: &str = r#"{"type":"message-start","id":"x","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}"#;
const TEXT: &str = r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}"#;
const HEL: &str = r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"Hel"}}}}"#;
const LO: &str =
    "{\"type\":\"content-delta\",\"index\":0,\"delta\":{\"message\":{\"content\":{\"text\":\"lo\u{2028}\"}}}}";
const THOUGHT: &str = r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"hm"}}}}"#;
const STOP_TEXT: &str = r#"{"type":"content-end","index":0}"#;
const PLAN: &str = r#"{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"Look."}}}"#;
const CALL: &str = r#"{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"t1","type":"function","function":{"name":"f","arguments":""}}}}}"#;
const ARGUMENTS: &str =
    r#"{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{\"a\":1}"}}}}}"#;
const STOP_CALL: &str = r#"{"type":"tool-call-end","index":0}"#;
const CITATION: &str = r#"{"type":"citation-start","index":0,"delta":{"message":{"citations":{"text":"lo"}}}}"#;
const END: &str = r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"tokens":{"input_tokens":12,"output_tokens":5}}}}"#;
const CALLED: &str = r#"{"type":"message-end","delta":{"finish_reason":"TOOL_CALL","usage":{"tokens":{"input_tokens":12,"output_tokens":5}}}}"#;
const FAILED: &str = r#"{"type":"message-end","delta":{"finish_reason":"ERROR","error":"out of memory"}}"#;

#[derive(Clone, Copy, Debug)]
enum Format {
    Events,
    Lines,
}

fn stream(events: &[&str], format: Format) -> String {
    let told = events.iter().map(|event| match format {
        Format::Events => format!("event: x\ndata: {event}\n\n"),
        Format::Lines => format!("{event}\n"),
    });
    told.collect()
}

fn read(stream: &str, show_usage: bool, cut: usize) -> (Result<String, ProviderFailure>, Box<dyn StreamDecoder>) {
    let id = RequestId::at(Timestamp::from_seconds(1), &[1; 10]);
    let reply = Reply { operation: Operation::Chat, id, model: "command", deployment: "d", asked: &[], show_usage };
    let decoder = Translation::<_, CohereLines>::framed(reply, MessageEvents::default());
    let mut decoder: Box<dyn StreamDecoder> = Box::new(decoder);
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
    let text = read(&stream(events, Format::Events), show_usage, usize::MAX).0.unwrap();
    let events = text.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap());
    events.map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[test]
fn text_is_told_as_it_comes_and_usage_once_at_the_end() {
    let told = chunks(&[START, TEXT, HEL, LO, STOP_TEXT, END], true);
    let text: Vec<_> = told.iter().map(|chunk| chunk["choices"][0]["delta"]["content"].clone()).collect();
    assert_eq!(text, [json!("Hel"), json!("lo\u{2028}"), Value::Null, Value::Null]);
    assert_eq!(
        (&told[2]["choices"][0]["finish_reason"], &told[3]["usage"]["total_tokens"]),
        (&json!("stop"), &json!(17))
    );
    assert!(chunks(&[START, TEXT, HEL, END], false).iter().all(|chunk| chunk.get("usage").is_none()));
}

#[test]
fn plans_thoughts_calls_and_citations_each_have_their_place() {
    let told = chunks(&[START, THOUGHT, PLAN, CALL, ARGUMENTS, STOP_CALL, CALL, STOP_CALL, CITATION, CALLED], false);
    let delta = |at: usize| told[at]["choices"][0]["delta"].clone();
    assert_eq!(
        (delta(0)["reasoning_content"].clone(), delta(1)["reasoning_content"].clone()),
        (json!("hm"), json!("Look."))
    );
    assert_eq!(delta(2)["tool_calls"][0]["id"], json!("t1"));
    assert_eq!(delta(3)["tool_calls"][0]["function"]["arguments"], json!("{\"a\":1}"));
    assert_eq!(delta(4)["tool_calls"][0]["index"], json!(1));
    assert_eq!(delta(5)["tool_calls"][0]["function"]["arguments"], json!("{}"));
    assert_eq!(delta(6)["provider_specific_fields"]["citation"]["text"], json!("lo"));
    assert_eq!(told[7]["choices"][0]["finish_reason"], json!("tool_calls"));
}

#[test]
fn a_stream_cut_before_its_end_is_an_error_in_either_format() {
    let events = [START, TEXT, HEL, LO, STOP_TEXT, END];
    for format in [Format::Events, Format::Lines] {
        for cut in 0..events.len() {
            let failure = read(&stream(&events[..cut], format), false, 7).0.unwrap_err();
            assert_eq!(failure.class, FailureClass::Malformed, "{cut}");
        }
        assert!(read(&stream(&events, format), false, 7).0.is_ok());
    }
}

#[test]
fn errors_and_broken_events_inside_a_stream_are_failures() {
    let read = |event| read(&stream(&[START, TEXT, HEL, event], Format::Lines), false, 3).0.unwrap_err();
    assert_eq!(read(FAILED).message, "out of memory");
    assert_eq!(read(r#"{"id":"e","message":"no more"}"#).message, "no more");
    assert_eq!(read("{\"type\": \"conten").class, FailureClass::Malformed);
    assert_eq!(read("<html>").class, FailureClass::Malformed);
}

proptest! {
    #[test]
    fn what_the_client_sees_depends_on_neither_cuts_nor_format(cut in 1_usize..300, show_usage: bool) {
        let events = [START, TEXT, THOUGHT, HEL, LO, CITATION, STOP_TEXT, PLAN, CALL, ARGUMENTS, STOP_CALL, CALLED];
        let whole = read(&stream(&events, Format::Events), show_usage, usize::MAX).0.unwrap();
        for format in [Format::Events, Format::Lines] {
            let (pieces, decoder) = read(&stream(&events, format), show_usage, cut);
            prop_assert_eq!(pieces.unwrap(), whole.clone());
            prop_assert_eq!(decoder.seen().usage.unwrap().completion_tokens, 5);
        }
    }

    #[test]
    fn events_in_any_order_never_panic_and_end_at_most_once(
        picks in proptest::collection::vec(0_usize..12, 0..20),
        noise in "[ -~]{0,20}",
        cut in 1_usize..64,
    ) {
        let known = [START, TEXT, HEL, LO, THOUGHT, PLAN, CALL, ARGUMENTS, STOP_CALL, CITATION, END, &noise];
        let picked: Vec<&str> = picks.iter().map(|pick| known[*pick]).collect();
        if let Ok(text) = read(&stream(&picked, Format::Lines), true, cut).0 {
            prop_assert!(text.matches("finish_reason").count() <= 1);
        }
    }
}
