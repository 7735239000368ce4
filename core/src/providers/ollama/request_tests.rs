//! What goes upstream for a client's request.

use super::build;
use crate::api::members::Members;
use crate::config::{DeploymentParams, Environment};
use crate::providers::ollama::Ollama;
use crate::providers::operation::Operation;
use crate::providers::provider::{Call, TransformError};
use crate::providers::resolve::target_of;
use serde_json::{Value, json};

struct Sent {
    address: String,
    body: Value,
    dropped: Vec<String>,
}

fn ask(api: Ollama, params: &DeploymentParams, body: &Value) -> Result<Sent, TransformError> {
    let target = target_of(params, &Environment::default()).unwrap();
    let text = body.to_string();
    let (mut members, mut dropped) = (Members::parse(text.as_bytes()).unwrap(), Vec::new());
    let policy = &target.policy;
    let call = Call { operation: Operation::Chat, members: &mut members, stream: false, policy, dropped: &mut dropped };
    let request = build(api, call, &target)?;
    Ok(Sent {
        address: request.uri().to_string(),
        body: serde_json::from_slice(request.body()).unwrap(),
        dropped: dropped.into_iter().map(|name| name.into_owned()).collect(),
    })
}

fn params(model: &str) -> DeploymentParams {
    DeploymentParams { model: model.to_owned(), ..DeploymentParams::default() }
}

fn chat(body: &Value) -> Sent {
    ask(Ollama::Chat, &params("ollama_chat/llama3.2"), body).unwrap()
}

fn generate(body: &Value) -> Sent {
    ask(Ollama::Generate, &params("ollama/llama3.2"), body).unwrap()
}

fn said(body: &Value) -> String {
    generate(body).body["prompt"].as_str().unwrap().to_owned()
}

fn hi() -> Value {
    json!([{"role": "user", "content": "Hi"}])
}

fn history() -> Value {
    json!([
        {"role": "user", "content": [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]},
        {"role": "assistant", "content": null, "reasoning_content": "hm",
         "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "3"},
        {"role": "user", "content": "And?"}
    ])
}

#[test]
fn a_conversation_keeps_its_messages_with_images_beside_the_text_and_arguments_as_json() {
    let sent = chat(&json!({"messages": history()}));
    assert_eq!(sent.address, "http://localhost:11434/api/chat");
    let wanted = json!([
        {"role": "user", "content": "Look", "images": ["AA"]},
        {"role": "assistant", "content": "", "images": [], "thinking": "hm",
         "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]},
        {"role": "tool", "content": "3", "images": [], "tool_call_id": "c1"},
        {"role": "user", "content": "And?", "images": []}
    ]);
    assert_eq!(sent.body["messages"], wanted);
}

#[test]
fn a_generation_has_one_text_in_which_sides_take_turns() {
    let sent = generate(&json!({"messages": history()}));
    let wanted =
        "### User:\nLook\n\n### Assistant:\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n\n### User:\n3\nAnd?\n\n";
    assert_eq!(sent.body["prompt"], wanted);
    assert_eq!((sent.address.as_str(), &sent.body["images"]), ("http://localhost:11434/api/generate", &json!(["AA"])));
}

#[test]
fn tools_of_a_generation_are_the_operators_words_and_calls_are_asked_for_as_json() {
    let tool = json!({"type": "function", "function": {"name": "f", "strict": true}});
    let prompt = said(&json!({"messages": hi(), "tools": [tool]}));
    assert!(prompt.starts_with("### User:\nHi\n\n### System:\nTo call a function, "), "{prompt}");
    assert!(prompt.ends_with("{'type': 'function', 'function': {'name': 'f', 'strict': True}}\n\n\n"), "{prompt}");
    let messages = json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]);
    let prompt = said(&json!({"messages": messages, "tools": [tool]}));
    assert!(prompt.starts_with("### System:\nBe brief. To call a function, "), "{prompt}");
    assert_eq!(generate(&json!({"messages": hi(), "tools": [tool]})).body["format"], "json");
    assert_eq!(said(&json!({"messages": hi(), "tools": [tool], "tool_choice": "none"})), "### User:\nHi\n\n");
}

#[test]
fn settings_have_an_object_of_their_own_and_the_servers_stand_beside_it() {
    let body = json!({
        "messages": hi(), "temperature": 0.5, "stop": "X", "max_tokens": 9, "frob": 1, "options": {"num_ctx": 4096},
        "keep_alive": "5m", "response_format": {"type": "json_object"}, "metadata": {"a": "b"}
    });
    let sent = chat(&body).body;
    let options = json!({"temperature": 0.5, "frob": 1, "num_ctx": 4096, "stop": ["X"], "num_predict": 9});
    assert_eq!(sent["options"], options);
    assert_eq!((&sent["keep_alive"], &sent["format"], &sent["stream"]), (&json!("5m"), &json!("json"), &json!(false)));
    assert_eq!(chat(&json!({"messages": hi(), "extra_body": {"keep_alive": 1}})).body["keep_alive"], 1);
}

#[test]
fn an_effort_turns_thinking_on_or_off_and_is_told_to_models_that_know_it() {
    let think = |model: &str, effort: &str| {
        let body = json!({"messages": hi(), "reasoning_effort": effort});
        ask(Ollama::Chat, &params(model), &body).unwrap().body["think"].clone()
    };
    assert_eq!((think("ollama_chat/qwen3", "low"), think("ollama_chat/qwen3", "none")), (json!(true), json!(false)));
    assert_eq!(think("ollama_chat/gpt-oss:20b", "high"), json!("high"));
}

#[test]
fn what_cannot_be_said_is_refused_or_reported() {
    let parts = json!([{"type": "text", "text": "Read"}, {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA"}}]);
    let body = json!({
        "messages": [{"role": "user", "content": parts}], "tool_choice": "required",
        "tools": [{"type": "function", "function": {"name": "f"}}]
    });
    assert_eq!(chat(&body).dropped, ["tool_choice", "file"]);
    let two = json!({"messages": hi(), "n": 2});
    assert!(matches!(ask(Ollama::Chat, &params("ollama_chat/m"), &two), Err(TransformError::Unsupported { .. })));
    let drops = DeploymentParams { drop_params: Some(true), ..params("ollama_chat/m") };
    assert_eq!(ask(Ollama::Chat, &drops, &two).unwrap().dropped, ["n"]);
    let broken = json!({"messages": [{"role": "assistant", "function_call": {"name": "f", "arguments": "{no"}}]});
    assert!(matches!(ask(Ollama::Chat, &params("ollama_chat/m"), &broken), Err(TransformError::Unsayable { .. })));
}

#[test]
fn the_functions_of_an_old_client_are_tools() {
    let body = json!({
        "messages": [
            {"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": ""}},
            {"role": "function", "name": "f", "content": "3"}
        ],
        "functions": [{"name": "f"}]
    });
    let sent = chat(&body).body;
    assert_eq!(sent["tools"], json!([{"type": "function", "function": {"name": "f"}}]));
    assert_eq!(sent["messages"][0]["tool_calls"][0]["function"], json!({"name": "f", "arguments": {}}));
    assert_eq!(sent["messages"][1], json!({"role": "tool", "content": "3", "images": [], "tool_call_id": "f"}));
}
