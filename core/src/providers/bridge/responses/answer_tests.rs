//! What clients are told of whole answers.

use super::*;
use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::providers::operation::Operation;
use serde_json::{Value, json};

fn told(answer: &Value, asked: &Value, usage: Option<&Usage>) -> Value {
    let (operation, id) = (Operation::Responses, RequestId::at(Timestamp::from_seconds(7), &[0; 10]));
    let (text, asked) = (answer.to_string(), asked.to_string());
    let reply = Reply { operation, id, model: "mine", deployment: "d", asked: asked.as_bytes(), show_usage: false };
    let answer = Completion::read(text.as_bytes()).unwrap();
    serde_json::from_slice(&write(reply, &answer, usage).unwrap()).unwrap()
}

fn of_message(message: &Value, finish: &str) -> Value {
    json!({"created": 1.7e9, "choices": [{"message": message, "finish_reason": finish}]})
}

#[test]
fn thoughts_words_and_calls_are_items_in_this_order() {
    let answer = of_message(
        &json!({"content": "Looking", "reasoning_content": "hm",
            "thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "s"}],
            "annotations": [{"type": "url_citation", "url_citation": {"url": "http://e", "title": "E"}}],
            "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": "{}"}}]}),
        "tool_calls",
    );
    let usage = Usage { prompt_tokens: 12, completion_tokens: 5, ..Usage::default() };
    let told = told(
        &answer,
        &json!({"input": "x", "temperature": 0.3, "tools": [{"type": "function", "name": "f"}]}),
        Some(&usage),
    );
    let output = &told["output"];
    assert_eq!(output[0]["summary"], json!([{"type": "summary_text", "text": "hm"}]));
    assert_eq!(output[0]["encrypted_content"], r#"[{"type":"thinking","thinking":"hm","signature":"s"}]"#);
    assert_eq!(
        output[1]["content"],
        json!([{"type": "output_text", "text": "Looking",
            "annotations": [{"type": "url_citation", "url": "http://e", "title": "E"}]}])
    );
    assert_eq!(
        (&output[2]["id"], &output[2]["call_id"], &output[2]["arguments"]),
        (&json!("fc_c1"), &json!("c1"), &json!("{}"))
    );
    assert_eq!(
        (&told["created_at"], &told["status"], &told["temperature"]),
        (&json!(1_700_000_000), &json!("completed"), &json!(0.3))
    );
    assert_eq!((&told["usage"]["total_tokens"], &told["tools"][0]["strict"]), (&json!(17), &json!(null)));
    let id = ResponseId::read(told["id"].as_str().unwrap()).unwrap();
    assert_eq!((id.deployment.as_str(), id.model.as_str()), ("d", "mine"));
}

#[test]
fn an_answer_that_is_cut_short_says_why() {
    for (finish, reason) in [("length", "max_output_tokens"), ("content_filter", "content_filter")] {
        let told = told(&of_message(&json!({"content": "x"}), finish), &json!({}), None);
        assert_eq!((&told["status"], &told["output"][0]["status"]), (&json!("incomplete"), &json!("incomplete")));
        assert_eq!((&told["incomplete_details"]["reason"], &told["usage"]), (&json!(reason), &json!(null)));
    }
}

#[test]
fn a_refusal_is_a_part_and_silence_is_no_item() {
    let refused = told(&of_message(&json!({"content": "", "refusal": "No."}), "stop"), &json!({}), None);
    assert_eq!(refused["output"][0]["content"], json!([{"type": "refusal", "refusal": "No."}]));
    let silent = told(&of_message(&json!({"content": null}), "stop"), &json!({}), None);
    assert_eq!(silent["output"], json!([]));
}

#[test]
fn an_image_is_an_item_and_the_address_of_one_is_said() {
    let held = json!({"type": "image_url", "index": 0, "image_url": {"url": "data:image/png;base64,AA=="}});
    let referred = json!({"type": "image_url", "index": 1, "image_url": {"url": "https://images.test/1"}});
    let told = told(&of_message(&json!({"content": "", "images": [held, referred]}), "stop"), &json!({}), None);
    let output = told["output"].as_array().unwrap();
    assert_eq!(output.len(), 2);
    assert_eq!(output[0]["content"][0]["text"], "https://images.test/1");
    let (kind, status, result) = (&output[1]["type"], &output[1]["status"], &output[1]["result"]);
    assert_eq!((kind, status, result), (&json!("image_generation_call"), &json!("completed"), &json!("AA==")));
}
