//! What a client sees of a stream, however its bytes are cut.

use super::ConverseEvents;
use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::providers::bedrock::invoke::{chunk, claude::ClaudeEvents, nova::NovaEvents};
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::{FailureClass, ProviderFailure};
use crate::providers::operation::Operation;
use crate::providers::provider::Reply;
use crate::providers::translation::{ChatEvents, Translation};
use crate::wire::event_stream::{MessageSplitter, encoded, encoded_event};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

type Event = (&'static str, &'static str);

const START: Event = ("messageStart", r#"{"role":"assistant"}"#);
const HEL: Event = ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"Hel"}}"#);
const LO: Event = ("contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"lo\u{2028}\"}}");
const THOUGHT: Event = ("contentBlockDelta", r#"{"delta":{"reasoningContent":{"text":"hm"}}}"#);
const SIGNED: Event = ("contentBlockDelta", r#"{"delta":{"reasoningContent":{"signature":"s"}}}"#);
const REDACTED: Event = ("contentBlockDelta", r#"{"delta":{"reasoningContent":{"redactedContent":"ZW5j"}}}"#);
const CALL: Event = ("contentBlockStart", r#"{"start":{"toolUse":{"toolUseId":"t1","name":"f"}}}"#);
const FORM: Event = ("contentBlockStart", r#"{"start":{"toolUse":{"toolUseId":"t","name":"json_tool_call"}}}"#);
const ARGUMENTS: Event = ("contentBlockDelta", r#"{"delta":{"toolUse":{"input":"{\"a\":1}"}}}"#);
const STOP_BLOCK: Event = ("contentBlockStop", r#"{"contentBlockIndex":0}"#);
const END: Event = ("messageStop", r#"{"stopReason":"end_turn"}"#);
const CALLED: Event = ("messageStop", r#"{"stopReason":"tool_use"}"#);
const COUNTS: Event = ("metadata", r#"{"usage":{"inputTokens":12,"outputTokens":5,"totalTokens":17}}"#);
const NEW: Event = ("brandNew", "{}");

fn stream(events: &[Event]) -> Vec<u8> {
    events.iter().flat_map(|(kind, json)| encoded_event(kind, json.as_bytes())).collect()
}

/// The same as `InvokeModel` tells it of Nova.
fn stream_of_nova(events: &[Event]) -> Vec<u8> {
    events.iter().flat_map(|(kind, json)| chunk::encoded(&format!(r#"{{"{kind}":{json}}}"#))).collect()
}

type Read = (Result<String, ProviderFailure>, Box<dyn StreamDecoder>);

fn read_by(events: impl ChatEvents + 'static, stream: &[u8], show_usage: bool, cut: usize) -> Read {
    let id = RequestId::at(Timestamp::from_seconds(1), &[1; 10]);
    let reply = Reply { operation: Operation::Chat, id, model: "m", deployment: "d", asked: &[], show_usage };
    let mut decoder: Box<dyn StreamDecoder> = Box::new(Translation::<_, MessageSplitter>::framed(reply, events));
    let mut out = Vec::new();
    for chunk in stream.chunks(cut) {
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

fn read(stream: &[u8], show_usage: bool, cut: usize) -> Read {
    read_by(ConverseEvents::default(), stream, show_usage, cut)
}

fn chunks(events: &[Event], show_usage: bool) -> Vec<Value> {
    let text = read(&stream(events), show_usage, usize::MAX).0.unwrap();
    let events = text.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap());
    events.map(|data| serde_json::from_str(data).unwrap()).collect()
}

fn deltas(events: &[Event]) -> Vec<Value> {
    chunks(events, false).iter().map(|chunk| chunk["choices"][0]["delta"].clone()).collect()
}

#[test]
fn text_is_told_as_it_comes_and_usage_once_at_the_end() {
    let told = chunks(&[START, HEL, NEW, LO, STOP_BLOCK, END, COUNTS], true);
    let text: Vec<_> = told.iter().map(|chunk| chunk["choices"][0]["delta"]["content"].clone()).collect();
    assert_eq!(text, [json!("Hel"), json!("lo\u{2028}"), Value::Null, Value::Null]);
    assert_eq!(told[2]["choices"][0]["finish_reason"], json!("stop"));
    assert_eq!(told[3]["usage"]["total_tokens"], json!(17));
    assert!(chunks(&[START, HEL, END, COUNTS], false).iter().all(|chunk| chunk.get("usage").is_none()));
}

#[test]
fn a_call_is_counted_from_the_first_call_and_not_from_the_first_block() {
    let told = deltas(&[START, HEL, STOP_BLOCK, CALL, ARGUMENTS, STOP_BLOCK, CALLED, COUNTS]);
    assert_eq!(told[1]["tool_calls"][0]["index"], json!(0));
    assert_eq!(told[2]["tool_calls"][0]["function"]["arguments"], json!("{\"a\":1}"));
}

#[test]
fn a_call_without_arguments_is_told_an_empty_object() {
    let told = deltas(&[START, CALL, STOP_BLOCK, CALLED, COUNTS]);
    assert_eq!(told[1]["tool_calls"][0]["function"]["arguments"], json!("{}"));
}

#[test]
fn an_answer_by_the_form_tool_is_text() {
    let told = chunks(&[START, FORM, ARGUMENTS, STOP_BLOCK, CALLED, COUNTS], false);
    assert_eq!(told[0]["choices"][0]["delta"]["content"], json!("{\"a\":1}"));
    assert_eq!(told[1]["choices"][0]["finish_reason"], json!("stop"));
}

#[test]
fn thoughts_are_told_as_text_and_as_blocks_with_their_signature() {
    let told = deltas(&[START, THOUGHT, SIGNED, REDACTED, STOP_BLOCK, HEL, END, COUNTS]);
    assert_eq!(told[0]["reasoning_content"], json!("hm"));
    assert_eq!(told[0]["thinking_blocks"], json!([{"type": "thinking", "thinking": "hm"}]));
    assert_eq!(told[1]["thinking_blocks"][0]["signature"], json!("s"));
    assert_eq!(told[2]["thinking_blocks"], json!([{"type": "redacted_thinking", "data": "ZW5j"}]));
}

#[test]
fn a_stream_cut_at_any_event_before_its_reason_to_stop_is_an_error() {
    let events = [START, HEL, LO, STOP_BLOCK, END, COUNTS];
    for cut in 0..4 {
        let failure = read(&stream(&events[..cut]), false, 7).0.unwrap_err();
        assert_eq!(failure.class, FailureClass::Malformed, "{cut}");
    }
    assert!(read(&stream(&events[..5]), false, 7).0.is_ok());
}

#[test]
fn a_stream_cut_in_the_middle_of_a_message_is_an_error() {
    let bytes = stream(&[START, HEL, END]);
    let failure = read(&bytes[..bytes.len() - 1], false, usize::MAX).0.unwrap_err();
    assert_eq!(failure.class, FailureClass::Malformed);
}

#[test]
fn exceptions_and_broken_events_inside_a_stream_are_failures() {
    let mut bytes = stream(&[START, HEL]);
    let headers = [(":exception-type", "throttlingException"), (":message-type", "exception")];
    bytes.extend(encoded(&headers, br#"{"message":"Too many"}"#));
    let (failure, decoder) = read(&bytes, false, 5);
    assert_eq!((failure.unwrap_err().status, decoder.seen().content_events), (429, 1));
    let broken = ("contentBlockDelta", "{\"delta\":");
    let failure = read(&stream(&[START, broken, END]), false, usize::MAX).0.unwrap_err();
    assert_eq!(failure.class, FailureClass::Malformed);
}

#[test]
fn nothing_after_the_end_is_told() {
    let whole = chunks(&[START, HEL, END, COUNTS], true);
    assert_eq!(chunks(&[START, HEL, END, COUNTS, HEL, ("contentBlockDelta", "{")], true), whole);
}

#[test]
fn nova_tells_the_same_by_invoke_model() {
    let events = [START, HEL, LO, STOP_BLOCK, CALL, ARGUMENTS, STOP_BLOCK, CALLED, COUNTS];
    let converse = read(&stream(&events), true, usize::MAX).0.unwrap();
    for cut in [1, 13, usize::MAX] {
        let nova = read_by(NovaEvents::default(), &stream_of_nova(&events), true, cut).0.unwrap();
        assert_eq!(nova, converse);
    }
}

#[test]
fn claude_by_invoke_model_ends_as_its_own_events_say() {
    let event = |json: &str| chunk::encoded(json);
    let start = event(r#"{"type":"message_start","message":{"usage":{"input_tokens":12,"output_tokens":1}}}"#);
    let text = event(r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hi"}}"#);
    let end = event(r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}"#);
    let stop = event(r#"{"type":"message_stop"}"#);
    let whole = [start.clone(), text.clone(), end, stop].concat();
    let told = read_by(ClaudeEvents::default(), &whole, true, usize::MAX).0.unwrap();
    assert!(told.contains(r#""content":"Hi""#) && told.contains(r#""total_tokens":17"#), "{told}");
    for cut in [1, 7, 100] {
        assert_eq!(read_by(ClaudeEvents::default(), &whole, true, cut).0.unwrap(), told);
    }
    let failure = read_by(ClaudeEvents::default(), &[start, text].concat(), true, 9).0.unwrap_err();
    assert_eq!(failure.class, FailureClass::Malformed);
    let overloaded = event(r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#);
    let failure = read_by(ClaudeEvents::default(), &overloaded, true, usize::MAX).0.unwrap_err();
    assert_eq!((failure.class, failure.status), (FailureClass::Overloaded, 503));
}

proptest! {
    #[test]
    fn what_the_client_sees_does_not_depend_on_how_the_bytes_are_cut(cut in 1_usize..300, show_usage: bool) {
        let events =
            [START, THOUGHT, SIGNED, STOP_BLOCK, HEL, LO, STOP_BLOCK, CALL, ARGUMENTS, STOP_BLOCK, CALLED, COUNTS];
        let whole = read(&stream(&events), show_usage, usize::MAX).0.unwrap();
        let (pieces, decoder) = read(&stream(&events), show_usage, cut);
        prop_assert_eq!(pieces.unwrap(), whole);
        prop_assert_eq!(decoder.seen().usage.unwrap().completion_tokens, 5);
    }

    #[test]
    fn events_in_any_order_never_panic_and_end_at_most_once(
        picks in proptest::collection::vec(0_usize..13, 0..20),
        cut in 1_usize..64,
    ) {
        let known =
            [START, HEL, LO, THOUGHT, SIGNED, REDACTED, CALL, FORM, ARGUMENTS, STOP_BLOCK, END, CALLED, COUNTS];
        let picked: Vec<Event> = picks.iter().map(|pick| known[*pick]).collect();
        if let Ok(text) = read(&stream(&picked), true, cut).0 {
            prop_assert!(text.matches("finish_reason").count() <= 1);
        }
    }
}
