//! What a client sees of a stream, however its bytes are cut.

use super::LineEvents;
use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::{FailureClass, ProviderFailure};
use crate::providers::operation::Operation;
use crate::providers::provider::Reply;
use crate::providers::translation::Translation;
use crate::wire::json_lines::LineSplitter;
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

const HEL: &str = r#"{"message":{"role":"assistant","content":"Hel"},"done":false}"#;
const LO: &str = "{\"message\":{\"role\":\"assistant\",\"content\":\"lo\u{2028}\"},\"done\":false}";
const WORD: &str = r#"{"response":"Hi","done":false}"#;
const THINK: &str = r#"{"message":{"role":"assistant","content":"","thinking":"hm"},"done":false}"#;
const TAG: &str = r#"{"response":"<think>hm</th","done":false}"#;
const END_TAG: &str = r#"{"response":"ink>","done":false}"#;
const CALL: &str =
    r#"{"message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},"done":false}"#;
const IN_WORDS: &str = r#"{"response":"{\"name\": \"f\", ","done":false}"#;
const IN_WORDS_END: &str = r#"{"response":"\"arguments\": {\"a\": 1}}","done":false}"#;
const END: &str =
    r#"{"message":{"content":""},"done":true,"done_reason":"stop","prompt_eval_count":12,"eval_count":5}"#;
const CUT_OFF: &str = r#"{"response":"","done":true,"done_reason":"length","prompt_eval_count":12,"eval_count":5}"#;

fn stream(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn read(stream: &str, show_usage: bool, cut: usize) -> (Result<String, ProviderFailure>, Box<dyn StreamDecoder>) {
    let id = RequestId::at(Timestamp::from_seconds(1), &[1; 10]);
    let reply = Reply { operation: Operation::Chat, id, model: "llama", deployment: "d", asked: &[], show_usage };
    let mut decoder: Box<dyn StreamDecoder> =
        Box::new(Translation::<_, LineSplitter>::framed(reply, LineEvents::new(id, true)));
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

fn choices(lines: &[&str]) -> Vec<Value> {
    let text = read(&stream(lines), false, usize::MAX).0.unwrap();
    let events = text.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap());
    events.map(|data| serde_json::from_str::<Value>(data).unwrap()["choices"][0].clone()).collect()
}

#[test]
fn text_is_told_as_it_comes_and_usage_once_at_the_end() {
    let told = choices(&[HEL, LO, END]);
    assert_eq!((&told[0]["delta"]["content"], &told[1]["delta"]["content"]), (&json!("Hel"), &json!("lo\u{2028}")));
    assert_eq!(told[2]["finish_reason"], json!("stop"));
    let (shown, decoder) = read(&stream(&[WORD, CUT_OFF]), true, 3);
    let shown = shown.unwrap();
    assert!(shown.contains("\"total_tokens\":17") && shown.contains("\"finish_reason\":\"length\""), "{shown}");
    assert_eq!(decoder.seen().usage.unwrap().completion_tokens, 5);
}

#[test]
fn thoughts_are_told_as_such_whether_the_server_or_the_model_sets_them_apart() {
    for lines in [&[THINK, HEL, END][..], &[TAG, END_TAG, WORD, CUT_OFF]] {
        let told = choices(lines);
        let thoughts: String = told.iter().filter_map(|choice| choice["delta"]["reasoning_content"].as_str()).collect();
        let text: String = told.iter().filter_map(|choice| choice["delta"]["content"].as_str()).collect();
        assert_eq!(thoughts, "hm");
        assert!(text == "Hel" || text == "Hi", "{text}");
    }
}

#[test]
fn a_call_is_told_whole_with_an_id_whether_it_is_one_or_stands_in_the_text() {
    for lines in [&[CALL, END][..], &[IN_WORDS, IN_WORDS_END, CUT_OFF]] {
        let told = choices(lines);
        let call = &told[0]["delta"]["tool_calls"][0];
        assert_eq!((&call["index"], &call["function"]["arguments"]), (&json!(0), &json!("{\"a\": 1}")));
        assert!(call["id"].as_str().unwrap().starts_with("call_"));
        assert_eq!(told[1]["finish_reason"], json!("tool_calls"));
    }
}

#[test]
fn a_text_that_only_begins_like_a_call_is_text() {
    let told = choices(&[IN_WORDS, WORD, END]);
    assert_eq!(told[0]["delta"]["content"], json!("{\"name\": \"f\", Hi"));
    assert_eq!(told[1]["finish_reason"], json!("stop"));
}

#[test]
fn a_stream_cut_before_its_last_line_is_an_error() {
    for cut in 0..2 {
        let failure = read(&stream(&[HEL, LO, END][..cut]), false, 7).0.unwrap_err();
        assert_eq!(failure.class, FailureClass::Malformed, "{cut}");
    }
}

#[test]
fn errors_and_broken_lines_inside_a_stream_are_failures() {
    let failure = read(&stream(&[HEL, r#"{"error":"an error was encountered"}"#]), false, 5).0.unwrap_err();
    assert_eq!((failure.status, failure.message.as_str()), (500, "an error was encountered"));
    for broken in ["{\"message\":", "{\"status\":\"x\"}"] {
        let failure = read(&stream(&[HEL, broken, END]), false, usize::MAX).0.unwrap_err();
        assert_eq!(failure.class, FailureClass::Malformed, "{broken}");
    }
}

proptest! {
    #[test]
    fn what_the_client_sees_does_not_depend_on_how_the_bytes_are_cut(cut in 1_usize..200, show_usage: bool) {
        let lines = [THINK, TAG, END_TAG, HEL, LO, CALL, WORD, END];
        let whole = read(&stream(&lines), show_usage, usize::MAX).0.unwrap();
        prop_assert_eq!(read(&stream(&lines), show_usage, cut).0.unwrap(), whole);
    }

    #[test]
    fn lines_in_any_order_never_panic_and_end_at_most_once(
        picks in proptest::collection::vec(0_usize..11, 0..20),
        noise in "[ -~]{0,20}",
        cut in 1_usize..64,
    ) {
        let known = [HEL, LO, WORD, THINK, TAG, END_TAG, CALL, IN_WORDS, END, CUT_OFF, &noise];
        let picked: Vec<&str> = picks.iter().map(|pick| known[*pick]).collect();
        if let Ok(text) = read(&stream(&picked), true, cut).0 {
            prop_assert!(text.matches("finish_reason").count() <= 1);
        }
    }
}
