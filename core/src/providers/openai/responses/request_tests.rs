//! Chats, said as requests for responses.

use super::*;
use crate::config::{DeploymentParams, Environment};
use crate::providers::operation::Operation;
use crate::providers::resolve::target_of;
use serde_json::json;

fn sent(model: &str, body: &Value) -> Result<(Value, Vec<Cow<'static, str>>), TransformError> {
    let (model, api_base) = (format!("openai/{model}"), Some("http://u/v1".to_owned()));
    let target =
        target_of(&DeploymentParams { model, api_base, ..DeploymentParams::default() }, &Environment::default())
            .unwrap();
    let text = body.to_string();
    let (mut members, mut dropped) = (Members::parse(text.as_bytes()).unwrap(), Vec::new());
    let (operation, policy) = (Operation::Chat, &target.policy);
    let call = Call { operation, members: &mut members, stream: false, policy, dropped: &mut dropped };
    let request = build(call, &target)?;
    assert_eq!(request.uri(), "http://u/v1/responses");
    Ok((serde_json::from_slice(request.body()).unwrap(), dropped))
}

#[test]
fn a_conversation_is_instructions_and_items() {
    let body = json!({"messages": [
        {"role": "system", "content": [{"type": "text", "text": "Terse."}, {"type": "text", "text": "Kind."}]},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Looking",
         "tool_calls": [{"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
         "thinking_blocks": [{"type": "redacted_thinking", "data": "x"}]},
        {"role": "tool", "tool_call_id": "t", "content": "3"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://i"}}]}]});
    let (sent, _) = sent("gpt-4o", &body).unwrap();
    assert_eq!(sent["instructions"], "Terse.\nKind.");
    assert_eq!(
        sent["input"],
        json!([
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
            {"type": "function_call", "call_id": "t", "name": "f", "arguments": "{}"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Looking"}]},
            {"type": "function_call_output", "call_id": "t", "output": "3"},
            {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": "http://i"}]}
        ])
    );
}

#[test]
fn parameters_have_their_own_names_and_others_are_dropped_by_name() {
    let schema = json!({"type": "object"});
    let body = json!({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5, "temperature": 0.5, "stop": ["x"],
        "top_k": 3, "tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}],
        "tool_choice": {"type": "function", "function": {"name": "f"}}, "web_search_options": {},
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema, "strict": true}}});
    let (sent, dropped) = sent("gpt-4o", &body).unwrap();
    assert_eq!((&sent["max_output_tokens"], &sent["temperature"]), (&json!(5), &json!(0.5)));
    assert_eq!(sent["tool_choice"], json!({"type": "function", "name": "f"}));
    let function = json!({"type": "function", "name": "f", "strict": false, "parameters": schema});
    assert_eq!(sent["tools"], json!([function, {"type": "web_search_preview"}]));
    let format = json!({"type": "json_schema", "name": "n", "schema": schema, "strict": true});
    assert_eq!(sent["text"], json!({"format": format}));
    assert_eq!(dropped, ["top_k", "stop"]);
}

#[test]
fn only_models_that_are_known_to_reason_are_asked_to() {
    let body = json!({"messages": [{"role": "user", "content": "Hi"}], "reasoning_effort": "low"});
    assert_eq!(sent("o3", &body).unwrap().0["reasoning"], json!({"effort": "low"}));
    assert!(matches!(sent("gpt-4o", &body), Err(TransformError::Unsupported { .. })));
}
