//! Which files are fetched for whom, and where their bytes go.

use super::*;
use crate::config::{DeploymentParams, Environment};
use crate::providers::resolve::target_of;

const PICTURE: &str = "https://files.test/a.png";
const PAPER: &str = "https://files.test/b.pdf";

fn target(model: &str) -> Target {
    let params = json!({"model": model, "api_base": "https://upstream.test", "api_key": "sk"});
    let params: DeploymentParams = serde_json::from_value(params).unwrap();
    target_of(&params, &Environment::default()).unwrap()
}

fn asked(model: &str, operation: Operation, body: &Value) -> Vec<String> {
    let body = body.to_string();
    addresses(&target(model), operation, &Members::parse(body.as_bytes()).unwrap())
}

fn chat() -> Value {
    json!({"messages": [{"role": "user", "content": [
        {"type": "text", "text": "see http://elsewhere.test"},
        {"type": "image_url", "image_url": {"url": PICTURE, "detail": "low"}},
        {"type": "image_url", "image_url": PICTURE},
        {"type": "file", "file": {"file_id": PAPER, "format": "application/pdf"}}]}]})
}

#[test]
fn each_upstream_has_what_it_cannot_fetch_fetched() {
    for (model, wanted) in [
        ("bedrock/us.amazon.nova-pro-v1:0", vec![PICTURE, PAPER]),
        ("ollama/llama3.2", vec![PICTURE]),
        ("ollama_chat/llama3.2", vec![PICTURE]),
        ("gemini/gemini-2.5-flash", vec![PICTURE, PAPER]),
        ("openai/gpt-4o", vec![PAPER]),
        ("anthropic/claude-sonnet-4-5", vec![]),
        ("mistral/mistral-large-latest", vec![]),
    ] {
        assert_eq!(asked(model, Operation::Chat, &chat()), wanted, "{model}");
    }
    let plain: Value = serde_json::from_str(&chat().to_string().replace("https:", "http:")).unwrap();
    assert_eq!(asked("anthropic/claude-sonnet-4-5", Operation::Chat, &plain).len(), 2);
    let own = json!({"messages": [{"role": "user", "content": [
        {"type": "file", "file": {"file_id": "https://generativelanguage.googleapis.com/v1beta/files/x"}}]}]});
    assert!(asked("gemini/gemini-2.5-flash", Operation::Chat, &own).is_empty());
}

fn filled(operation: Operation, body: &Value) -> Value {
    let body = body.to_string();
    let mut members = Members::parse(body.as_bytes()).unwrap();
    let files = [(PICTURE, "data:image/png;base64,AA=="), (PAPER, "data:application/pdf;base64,BB==")];
    let files = files.into_iter().map(|(address, data)| (address.to_owned(), data.to_owned())).collect();
    put(operation, &mut members, &files).unwrap();
    serde_json::from_slice(&members.to_json()).unwrap()
}

#[test]
fn a_chats_files_take_their_places() {
    let wanted = json!({"messages": [{"role": "user", "content": [
        {"type": "text", "text": "see http://elsewhere.test"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}},
        {"type": "image_url", "image_url": "data:image/png;base64,AA=="},
        {"type": "file", "file": {"filename": "my_file.pdf", "file_data": "data:application/pdf;base64,BB=="}}]}]});
    assert_eq!(filled(Operation::Chat, &chat()), wanted);
}

#[test]
fn messages_files_take_their_places_in_results_too() {
    let url = |url: &str| json!({"type": "url", "url": url});
    let body = json!({"messages": [{"role": "user", "content": [
        {"type": "image", "source": url(PICTURE)},
        {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "document", "source": url(PAPER)}]}]}]});
    assert_eq!(asked("bedrock/anthropic.claude-sonnet-4-20250514-v1:0", Operation::Messages, &body), [PICTURE, PAPER]);
    let whole = |kind: &str, data: &str| json!({"type": "base64", "media_type": kind, "data": data});
    let wanted = json!({"messages": [{"role": "user", "content": [
        {"type": "image", "source": whole("image/png", "AA==")},
        {"type": "tool_result", "tool_use_id": "t",
         "content": [{"type": "document", "source": whole("application/pdf", "BB==")}]}]}]});
    assert_eq!(filled(Operation::Messages, &body), wanted);
}

#[test]
fn a_responses_files_take_their_places() {
    let body = json!({"input": [{"role": "user", "content": [
        {"type": "input_image", "image_url": PICTURE}, {"type": "input_file", "file_url": PAPER}]}]});
    assert_eq!(asked("gemini/gemini-2.5-flash", Operation::Responses, &body), [PICTURE, PAPER]);
    assert!(asked("openai/gpt-4o", Operation::Responses, &body).is_empty());
    let wanted = json!({"input": [{"role": "user", "content": [
        {"type": "input_image", "image_url": "data:image/png;base64,AA=="},
        {"type": "input_file", "file_data": "data:application/pdf;base64,BB=="}]}]});
    assert_eq!(filled(Operation::Responses, &body), wanted);
}

#[test]
fn what_is_no_conversation_is_left_alone() {
    for body in [json!({"messages": "http://a.test"}), json!({"messages": [1, {"content": ["http://b.test"]}]})] {
        assert!(asked("ollama/llama3.2", Operation::Chat, &body).is_empty());
        assert_eq!(filled(Operation::Chat, &body), body);
    }
}
