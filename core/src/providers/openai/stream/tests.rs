//! What a client sees of a stream, however its bytes are cut.

use super::*;
use crate::providers::failure::FailureClass;
use proptest::prelude::*;

const ROLE: &str = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"},\"finish_reason\":null}]}\n\n";
const TEXT: &str =
    "data: {\"choices\":[{\"delta\":{\"content\":\"usage [DONE] \u{2028}\"},\"finish_reason\":null}]}\n\n";
const STOP: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}\n\n";
const END: &str = "data: [DONE]\n\n";

fn read(stream: &str, show_usage: bool, cut: usize) -> (Result<String, ProviderFailure>, EventReader) {
    let mut reader = EventReader::new(show_usage);
    let mut out = Vec::new();
    for chunk in stream.as_bytes().chunks(cut) {
        match reader.push(Bytes::copy_from_slice(chunk)) {
            Ok(bytes) => out.extend_from_slice(&bytes),
            Err(failure) => return (Err(failure), reader),
        }
    }
    let end = reader.finish().map(|rest| {
        out.extend_from_slice(&rest);
        String::from_utf8(out).unwrap()
    });
    (end, reader)
}

#[test]
fn chunks_pass_as_they_are_and_the_terminal_event_is_held_back() {
    let (shown, reader) = read(&[ROLE, TEXT, STOP, USAGE, END].concat(), true, usize::MAX);
    assert_eq!(shown.unwrap(), [ROLE, TEXT, STOP, USAGE].concat());
    assert_eq!(reader.seen().usage.unwrap().completion_tokens, 5);
    assert!(reader.is_complete());
}

#[test]
fn usage_is_counted_but_hidden_from_a_client_that_did_not_ask() {
    let (shown, reader) = read(&[ROLE, TEXT, STOP, USAGE, END].concat(), false, usize::MAX);
    assert_eq!(shown.unwrap(), [ROLE, TEXT, STOP].concat());
    assert_eq!(reader.seen().usage.unwrap().prompt_tokens, 12);
}

#[test]
fn usage_inside_a_content_chunk_is_cut_out_alone() {
    let chunk = "data: {\"id\":\"a\",\"choices\":[{\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1}}\n\n";
    let (shown, _) = read(&[chunk, END].concat(), false, usize::MAX);
    assert_eq!(shown.unwrap(), "data: {\"id\":\"a\",\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n");
}

#[test]
fn a_stream_cut_short_is_never_a_clean_end() {
    let (end, _) = read(&[ROLE, TEXT].concat(), false, usize::MAX);
    assert_eq!(end.unwrap_err().class, FailureClass::Malformed);
    let (end, _) = read("", false, 1);
    assert!(end.is_err());
}

#[test]
fn a_stream_that_told_its_finish_reason_may_lack_the_terminal_event() {
    let (shown, reader) = read(&[ROLE, TEXT, STOP].concat(), false, usize::MAX);
    assert_eq!(shown.unwrap(), [ROLE, TEXT, STOP].concat());
    assert_eq!(reader.terminal(), END);
}

#[test]
fn errors_and_broken_events_inside_a_stream_are_failures() {
    let (end, _) = read(&[ROLE, "data: {\"error\":{\"message\":\"no\",\"code\":502}}\n\n"].concat(), false, 7);
    assert_eq!(end.unwrap_err().status, 502);
    let (end, _) = read(&[ROLE, "data: {\"id\": \"x\", \"cho\n\n", STOP, END].concat(), false, usize::MAX);
    assert_eq!(end.unwrap_err().class, FailureClass::Malformed);
}

#[test]
fn usage_in_groqs_own_member_counts() {
    let chunk = "data: {\"choices\":[{\"finish_reason\":\"stop\"}],\"x_groq\":{\"usage\":{\"prompt_tokens\":9}}}\n\n";
    let (_, reader) = read(&[chunk, END].concat(), false, usize::MAX);
    assert_eq!(reader.seen().usage.unwrap().prompt_tokens, 9);
}

#[test]
fn a_stream_that_is_over_without_saying_why_gets_a_reason() {
    let chunk = "data: {\"id\":\"a\",\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":null}]}\n\n";
    let (shown, _) = read(&[chunk, END].concat(), false, usize::MAX);
    let ending = "data: {\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    assert_eq!(shown.unwrap(), [chunk, ending].concat());
}

#[test]
fn a_usage_that_was_counted_here_continues_the_answer_for_those_who_asked() {
    let counted = |show_usage| {
        let (_, reader) = read(&["data: {\"id\":\"a\",\"choices\":[]}\n\n", END].concat(), show_usage, usize::MAX);
        reader.counted(&|| Usage { prompt_tokens: 2, completion_tokens: 3, ..Usage::default() })
    };
    let usage = "{\"prompt_tokens\":2,\"completion_tokens\":3,\"total_tokens\":5}";
    assert_eq!(counted(true), format!("data: {{\"id\":\"a\",\"choices\":[],\"usage\":{usage}}}\n\n"));
    assert!(counted(false).is_empty());
}

#[test]
fn a_call_that_answers_by_a_schema_streams_as_text() {
    let call = |name: &str, arguments: &str| {
        let function = serde_json::json!({"name": name, "arguments": arguments});
        let delta = serde_json::json!({"tool_calls": [{"index": 0, "function": function}]});
        format!("data: {}\n\n", serde_json::json!({"choices": [{"delta": delta, "finish_reason": null}]}))
    };
    let end = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n";
    let stream = [call("json_tool_call", "{\"a\""), call("", ":1}"), end.to_owned(), END.to_owned()].concat();
    for cut in [1, 7, usize::MAX] {
        let shown = read(&stream, false, cut).0.unwrap();
        assert!(!shown.contains("tool_call"), "{shown}");
        assert!(shown.contains(r#""content":"{\"a\"""#) && shown.contains(r#""finish_reason":"stop""#), "{shown}");
    }
}

proptest! {
    #[test]
    fn what_the_client_sees_does_not_depend_on_how_the_bytes_are_cut(cut in 1_usize..200, show_usage: bool) {
        let stream = [ROLE, ": keep-alive\n\n", TEXT, TEXT, STOP, USAGE, END].concat();
        let whole = read(&stream, show_usage, usize::MAX).0.unwrap();
        let (pieces, reader) = read(&stream, show_usage, cut);
        prop_assert_eq!(pieces.unwrap(), whole);
        prop_assert_eq!(reader.seen().usage.unwrap().prompt_tokens, 12);
    }
}
