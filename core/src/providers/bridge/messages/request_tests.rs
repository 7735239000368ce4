//! Requests for messages, said as chats.

use super::*;
use crate::config::{DeploymentParams, Environment};
use crate::providers::resolve::target_of;
use serde_json::{Value, json};
use std::borrow::Cow;

fn asked(provider: &'static str, model: &str, body: &Value) -> Result<(Value, Vec<String>), TransformError> {
    let text = body.to_string();
    let (mut members, mut dropped) = (Members::parse(text.as_bytes()).unwrap(), Vec::new());
    let (model, api_base) = (format!("{provider}/{model}"), Some("http://u".to_owned()));
    let params = DeploymentParams { model, api_base, ..DeploymentParams::default() };
    let target = target_of(&params, &Environment::default()).unwrap();
    let chat = ask(Asked { members: &mut members, target: &target, dropped: &mut dropped })?;
    let dropped = dropped.into_iter().map(Cow::into_owned).collect();
    Ok((serde_json::from_slice(&chat.to_json()).unwrap(), dropped))
}

fn chat(body: &Value) -> Value {
    asked("azure", "gpt-4o", body).unwrap().0
}

fn messages(messages: &Value) -> Value {
    chat(&json!({"messages": messages}))["messages"].clone()
}

#[test]
fn the_system_prompt_is_the_first_message_and_markers_are_for_claude() {
    let marked = json!([{"type": "text", "text": "Terse.", "cache_control": {"type": "ephemeral"}}]);
    let body = json!({"system": marked, "messages": [{"role": "user", "content": "Hi"}]});
    let of_claude = asked("openrouter", "anthropic/claude-3.7-sonnet", &body).unwrap().0;
    let wanted = json!([{"role": "system", "content": marked}, {"role": "user", "content": "Hi"}]);
    assert_eq!(of_claude["messages"], wanted);
    assert_eq!(chat(&body)["messages"][0]["content"], json!([{"type": "text", "text": "Terse."}]));
}

#[test]
fn calls_and_what_tools_answered_are_messages_of_their_own() {
    let said = messages(&json!([
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "Look"}, {"type": "text", "text": "ing"},
            {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "3"}]},
            {"type": "tool_result", "tool_use_id": "t2"},
            {"type": "text", "text": "and?"}]},
    ]));
    assert_eq!(
        said,
        json!([
            {"role": "assistant", "content": "Looking",
             "tool_calls": [{"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1}"}}],
             "thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "s"}]},
            {"role": "tool", "tool_call_id": "t1", "content": "3"},
            {"role": "tool", "tool_call_id": "t2", "content": ""},
            {"role": "user", "content": [{"type": "text", "text": "and?"}]},
        ])
    );
}

#[test]
fn images_and_documents_have_addresses_and_an_image_of_a_tool_follows_it() {
    let image = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}});
    let document =
        json!({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "BB=="}});
    let said = messages(&json!([
        {"role": "user", "content": [image, document]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [image]}]},
    ]));
    let part = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}});
    assert_eq!(said[0]["content"][0], part);
    assert_eq!(said[0]["content"][1]["file"]["file_data"], "data:application/pdf;base64,BB==");
    assert_eq!(said[1]["role"], "tool");
    assert_eq!((&said[2]["role"], &said[2]["content"][1]), (&json!("user"), &part));
}

#[test]
fn parameters_have_their_names_in_a_chat_and_unknown_ones_pass() {
    let schema = json!({"type": "object"});
    let body = json!({"messages": [], "max_tokens": 5, "stop_sequences": ["x"], "metadata": {"user_id": "u"},
        "top_k": 3, "stream": true, "frob": 1, "output_format": {"type": "json_schema", "schema": schema},
        "tools": [{"name": "f", "description": "F", "input_schema": schema}],
        "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": true}});
    assert_eq!(
        chat(&body),
        json!({"messages": [], "max_tokens": 5, "stop": ["x"], "user": "u", "top_k": 3, "frob": 1,
            "response_format": {"type": "json_schema",
                "json_schema": {"name": "structured_output", "schema": schema, "strict": true}},
            "tools": [{"type": "function", "function": {"name": "f", "description": "F", "parameters": schema}}],
            "tool_choice": {"type": "function", "function": {"name": "f"}}, "parallel_tool_calls": false})
    );
}

#[test]
fn a_budget_for_thinking_stays_where_it_is_known_and_is_an_effort_elsewhere() {
    let body = json!({"messages": [], "thinking": {"type": "enabled", "budget_tokens": 6000}});
    let of = |provider, model| asked(provider, model, &body).unwrap().0;
    assert_eq!(of("openrouter", "anthropic/claude-3.7-sonnet")["thinking"]["budget_tokens"], 6000);
    assert_eq!(of("openai", "o3")["reasoning_effort"], "medium");
}

#[test]
fn a_search_is_asked_for_in_openais_way_and_its_limits_are_reported() {
    let body = json!({"messages": [], "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 2}]});
    let (chat, dropped) = asked("azure", "gpt-4o", &body).unwrap();
    assert_eq!((&chat["web_search_options"], chat.get("tools")), (&json!({}), None));
    assert_eq!(dropped, ["tools.web_search.limits"]);
}

#[test]
fn what_has_no_form_in_a_chat_is_refused_by_name() {
    for said in [json!("x"), json!([{"role": "user"}]), json!([{"role": "user", "content": [{"type": "new"}]}])] {
        assert!(asked("azure", "m", &json!({"messages": said})).is_err(), "{said}");
    }
}

#[test]
fn what_the_model_drew_goes_back_with_its_words() {
    let source = json!({"type": "base64", "media_type": "image/png", "data": "AA=="});
    let blocks = json!([{"type": "text", "text": "Look"}, {"type": "image", "source": source}]);
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}});
    let wanted = json!([{"role": "assistant", "content": "Look", "images": [image]}]);
    assert_eq!(messages(&json!([{"role": "assistant", "content": blocks}])), wanted);
}
