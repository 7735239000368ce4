//! What goes to Anthropic for what a client asks.

use super::build;
use crate::api::members::Members;
use crate::config::{DeploymentParams, Environment};
use crate::providers::operation::Operation;
use crate::providers::provider::{Call, TransformError};
use crate::providers::resolve::target_of;
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

fn params(model: &str) -> DeploymentParams {
    DeploymentParams {
        model: format!("anthropic/{model}"),
        api_key: Some(crate::secret::Secret::new("sk-upstream")),
        ..DeploymentParams::default()
    }
}

fn tried(params: &DeploymentParams, body: &Value) -> Result<Request<Bytes>, TransformError> {
    let target = target_of(params, &Environment::default()).unwrap();
    let text = body.to_string();
    let mut members = Members::parse(text.as_bytes()).unwrap();
    let stream = body["stream"] == true;
    let mut dropped = Vec::new();
    let (operation, policy) = (Operation::Chat, &target.policy);
    build(Call { operation, members: &mut members, stream, policy, dropped: &mut dropped }, &target)
}

fn sent_by(params: &DeploymentParams, body: &Value) -> Value {
    serde_json::from_slice(tried(params, body).unwrap().body()).unwrap()
}

fn sent(body: &Value) -> Value {
    sent_by(&params("claude-sonnet-4-5"), body)
}

/// What is sent of a conversation: the system prompt and the turns.
fn told(messages: &Value) -> (Value, Value) {
    let mut body = sent(&json!({"messages": messages}));
    (body["system"].take(), body["messages"].take())
}

fn refused(messages: &Value) -> String {
    tried(&params("claude-sonnet-4-5"), &json!({"messages": messages})).unwrap_err().to_string()
}

fn asking(more: Value) -> Value {
    let mut body = json!({"messages": [{"role": "user", "content": "Hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

#[test]
fn what_the_operator_says_first_is_the_system_prompt_and_what_follows_is_a_note() {
    let (system, turns) = told(&json!([
        {"role": "system", "content": "One."},
        {"role": "developer", "content": [{"type": "text", "text": "Two.", "cache_control": {"type": "ephemeral"}}]},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "system", "content": "In French."},
        {"role": "user", "content": "Bye"},
    ]));
    assert_eq!(system[0], text("One."));
    assert_eq!(system[1]["cache_control"], json!({"type": "ephemeral"}));
    assert_eq!(turns[2]["role"], "user");
    assert!(turns[2]["content"][0]["text"].as_str().unwrap().starts_with("Operator note"));
    assert_eq!((&turns[2]["content"][1], &turns[2]["content"][2]), (&text("In French."), &text("Bye")));
}

#[test]
fn a_model_that_hears_the_operator_later_is_told_where_the_api_allows_it() {
    let turns = |messages: Value| {
        let sent = sent_by(&params("claude-opus-4-8"), &json!({"messages": messages}));
        let roles = sent["messages"].as_array().unwrap().iter().map(|turn| turn["role"].as_str().unwrap().to_owned());
        roles.collect::<Vec<_>>()
    };
    let message = |role: &str| json!({"role": role, "content": "x"});
    let said = |roles: &[&str]| Value::Array(roles.iter().map(|role| message(role)).collect());
    assert_eq!(
        turns(said(&["user", "system", "system", "assistant", "user"])),
        ["user", "system", "assistant", "user"]
    );
    assert_eq!(turns(said(&["user", "system"])), ["user", "system"]);
    assert_eq!(turns(said(&["user", "system", "user"])), ["user"]);
    assert_eq!(turns(said(&["user", "assistant", "system", "user"])), ["user", "assistant", "user"]);
}

#[test]
fn an_effort_gives_way_where_the_thoughts_before_a_call_are_not_there() {
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let thinking = |blocks: Value| {
        let called = json!({"role": "assistant", "tool_calls": [call], "thinking_blocks": blocks});
        let result = json!({"role": "tool", "tool_call_id": "c", "content": "3"});
        let messages = json!([{"role": "user", "content": "?"}, called, result]);
        sent(&json!({"messages": messages, "reasoning_effort": "low"}))["thinking"].clone()
    };
    assert_eq!(thinking(json!([])), Value::Null);
    let thought = json!({"type": "thinking", "thinking": "hm", "signature": "s"});
    assert_eq!(thinking(json!([thought]))["type"], "enabled");
}

#[test]
fn speakers_take_turns_and_nothing_empty_is_sent() {
    let (_, turns) = told(&json!([
        {"role": "user", "content": "One"},
        {"role": "user", "content": [{"type": "text", "text": "Two"}, {"type": "text", "text": " "}]},
        {"role": "assistant", "content": null},
        {"role": "user", "content": ""},
        {"role": "assistant", "content": "So: \n"},
    ]));
    assert_eq!(turns[0]["content"], json!([text("One"), text("Two")]));
    assert!(turns[1]["content"][0]["text"].as_str().unwrap().contains("Empty message"));
    assert_eq!(turns[2], json!({"role": "assistant", "content": [text("So:")]}));
    assert_eq!(turns.as_array().unwrap().len(), 3);
}

#[test]
fn calls_and_their_results_keep_their_ids_in_a_form_that_the_api_takes() {
    let (_, turns) = told(&json!([
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "Checking.", "tool_calls": [
            {"id": "call:1/a", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1.50}"}},
            {"id": "c2", "type": "function", "function": {"name": "g", "arguments": ""}},
        ]},
        {"role": "tool", "tool_call_id": "call:1/a", "content": "3"},
        {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "4"}]},
        {"role": "user", "content": "And?"},
    ]));
    assert_eq!(
        turns[1]["content"],
        json!([
            text("Checking."),
            {"type": "tool_use", "id": "call_1_a", "name": "f", "input": {"a": 1.5}},
            {"type": "tool_use", "id": "c2", "name": "g", "input": {}},
        ])
    );
    assert_eq!(
        turns[2]["content"],
        json!([
            {"type": "tool_result", "tool_use_id": "call_1_a", "content": "3"},
            {"type": "tool_result", "tool_use_id": "c2", "content": [text("4")]},
            text("And?"),
        ])
    );
}

#[test]
fn legacy_function_calls_find_their_results_by_name() {
    let (_, turns) = told(&json!([
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": null, "function_call": {"name": "get weather", "arguments": "{}"}},
        {"role": "function", "name": "get weather", "content": "3"},
    ]));
    assert_eq!(turns[1]["content"][0]["id"], turns[2]["content"][0]["tool_use_id"]);
}

#[test]
fn thoughts_go_back_first_and_with_their_signatures() {
    let thought = json!({"type": "thinking", "thinking": "hm", "signature": "c2ln"});
    let (_, turns) = told(&json!([
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "Done.", "reasoning_content": "hm", "thinking_blocks": [thought]},
        {"role": "user", "content": "More"},
    ]));
    assert_eq!(turns[1]["content"], json!([thought, text("Done.")]));
}

#[test]
fn images_and_documents_go_inline_by_address_or_as_uploads() {
    let (_, turns) = told(&json!([{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/jpg;base64,AAAA", "detail": "low"}},
        {"type": "image_url", "image_url": "https://images.test/a.png"},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,BBBB"}},
        {"type": "file", "file": {"file_id": "https://files.test/a.pdf"}},
    ]}]));
    assert_eq!(
        turns[0]["content"],
        json!([
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"}},
            {"type": "image", "source": {"type": "url", "url": "https://images.test/a.png"}},
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "BBBB"}},
            {"type": "document", "source": {"type": "url", "url": "https://files.test/a.pdf"}},
        ])
    );
    let upload = json!({"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "file_1"}}]}]});
    let request = tried(&params("claude-sonnet-4-5"), &upload).unwrap();
    assert_eq!(request.headers()["anthropic-beta"], "files-api-2025-04-14");
}

#[test]
fn what_cannot_be_told_is_refused_by_its_place() {
    assert_eq!(
        refused(&json!([{"role": "system", "content": "Be kind."}])),
        "'messages' cannot be used: at least one message must be from the user or the assistant"
    );
    let call = json!({"id": "1", "type": "function", "function": {"name": "f", "arguments": "{no"}});
    assert_eq!(
        refused(&json!([{"role": "user", "content": "?"}, {"role": "assistant", "tool_calls": [call]}])),
        "'messages[1]' cannot be used: the arguments of the call of `f` are no JSON object"
    );
    assert_eq!(
        refused(&json!([{"role": "user", "content": [{"type": "hologram"}]}])),
        "'messages[0]' cannot be used: a part of type `hologram` cannot be sent to this model"
    );
}

#[test]
fn tools_and_the_choice_among_them_are_renamed() {
    let tool = json!({"type": "function", "function": {"name": "f", "description": "d", "strict": true,
        "parameters": {"properties": {}}}, "cache_control": {"type": "ephemeral"}});
    let own = json!({"type": "code_execution_20250825", "name": "code_execution"});
    let body = asking(json!({"tools": [tool, own], "tool_choice": "required", "parallel_tool_calls": false}));
    let request = tried(&params("claude-sonnet-4-5"), &body).unwrap();
    assert_eq!(request.headers()["anthropic-beta"], "code-execution-2025-08-25");
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    let schema = json!({"properties": {}, "type": "object"});
    assert_eq!(
        body["tools"],
        json!([{"name": "f", "input_schema": schema, "type": "custom", "description": "d",
            "cache_control": {"type": "ephemeral"}}, own])
    );
    assert_eq!(body["tool_choice"], json!({"type": "any", "disable_parallel_tool_use": true}));
    let chosen = |choice: Value| sent(&asking(json!({"tools": [tool], "tool_choice": choice})))["tool_choice"].clone();
    assert_eq!(chosen(json!("none")), json!({"type": "none"}));
    assert_eq!(chosen(json!({"type": "function", "function": {"name": "f"}})), json!({"type": "tool", "name": "f"}));
}

#[test]
fn a_conversation_with_calls_has_a_tool_even_if_the_client_names_none() {
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let body = json!({"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "3"}]});
    assert_eq!(sent(&body)["tools"][0]["name"], "dummy_tool");
}

#[test]
fn a_schema_is_kept_to_natively_where_the_model_can_and_else_by_a_tool() {
    let format = json!({"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}});
    let body = asking(json!({"response_format": format}));
    let native = sent(&body);
    let closed = json!({"type": "object", "additionalProperties": false});
    assert_eq!(native["output_format"], json!({"type": "json_schema", "schema": closed}));
    let by_tool = sent_by(&params("claude-3-7-sonnet-20250219"), &body);
    assert_eq!(by_tool["tools"], json!([{"name": "json_tool_call", "input_schema": {"type": "object"}}]));
    assert_eq!(by_tool["tool_choice"], json!({"type": "tool", "name": "json_tool_call"}));
    for thinking in [json!({"reasoning_effort": "low"}), json!({"thinking": {"type": "adaptive"}})] {
        let mut body = asking(thinking);
        body["response_format"] = format.clone();
        assert_eq!(sent_by(&params("claude-3-7-sonnet-20250219"), &body).get("tool_choice"), None);
    }
}

#[test]
fn an_effort_is_a_budget_or_an_effort_by_the_model() {
    let low = asking(json!({"reasoning_effort": "low"}));
    let old = sent(&low);
    assert_eq!(old["thinking"], json!({"type": "enabled", "budget_tokens": 1024}));
    assert_eq!(old["max_tokens"], 5120);
    let new = sent_by(&params("claude-opus-4-6"), &low);
    assert_eq!(new["thinking"], json!({"type": "adaptive", "display": "summarized"}));
    assert_eq!((&new["output_config"], &new["max_tokens"]), (&json!({"effort": "low"}), &json!(128_000)));
    let budget = asking(json!({"thinking": {"type": "enabled", "budget_tokens": 2048}, "max_tokens": 4000}));
    let newest = sent_by(&params("claude-future-9"), &budget);
    assert_eq!(
        (&newest["thinking"], &newest["output_config"]["effort"]),
        (&json!({"type": "adaptive"}), &json!("medium"))
    );
}

#[test]
fn an_effort_leaves_room_for_the_answer_within_its_cap() {
    let capped = |tokens: u64| sent(&asking(json!({"reasoning_effort": "high", "max_tokens": tokens})));
    assert_eq!(capped(8000)["thinking"]["budget_tokens"], 4096);
    assert_eq!(capped(2000)["thinking"]["budget_tokens"], 1999);
    assert_eq!(capped(1024).get("thinking"), None);
}

#[test]
fn a_person_is_named_by_an_opaque_id_only() {
    let user = |user: &str| sent(&asking(json!({"user": user})))["metadata"].clone();
    assert_eq!(user("u-42"), json!({"user_id": "u-42"}));
    assert_eq!((user("ann@example.com"), user("+49 170 1234567")), (Value::Null, Value::Null));
}

#[test]
fn searching_the_web_is_a_tool() {
    let near = json!({"type": "approximate", "approximate": {"city": "Oslo", "country": "NO"}});
    let body = asking(json!({"web_search_options": {"search_context_size": "low", "user_location": near}}));
    let location = json!({"type": "approximate", "city": "Oslo", "country": "NO"});
    assert_eq!(
        sent(&body)["tools"],
        json!([{"type": "web_search_20250305", "name": "web_search", "max_uses": 1, "user_location": location}])
    );
}

#[test]
fn defaults_give_way_to_the_client_and_extra_body_of_the_deployment_does_not() {
    let mut params = params("claude-sonnet-4-5");
    params.rest.insert("max_tokens".into(), json!(7));
    params.rest.insert("temperature".into(), json!(0.1));
    params.extra_body.insert("vendor".into(), json!(1));
    let body = asking(json!({"max_tokens": 9, "stop": "END", "top_k": 4, "extra_body": {"vendor": 2, "flag": true}}));
    assert_eq!(
        sent_by(&params, &body),
        json!({
            "model": "claude-sonnet-4-5",
            "messages": [{"role": "user", "content": [text("Hi")]}],
            "max_tokens": 9, "temperature": 0.1, "stop_sequences": ["END"], "top_k": 4, "vendor": 1, "flag": true,
        })
    );
}

#[test]
fn the_key_the_version_and_the_features_stand_in_headers() {
    let mut deployment = params("claude-sonnet-4-5");
    deployment.extra_headers.insert("anthropic-beta".into(), "context-1m-2025-08-07".into());
    let body = asking(json!({"extra_headers": {"x-trace": "1", "X-Api-Key": "stolen"}, "mcp_servers": []}));
    let request = tried(&deployment, &body).unwrap();
    let headers = request.headers();
    assert_eq!(
        (&headers["x-api-key"], &headers["anthropic-version"]),
        (&"sk-upstream".parse().unwrap(), &"2023-06-01".parse().unwrap())
    );
    assert_eq!(headers["anthropic-beta"], "mcp-client-2025-04-04,context-1m-2025-08-07");
    assert_eq!(headers["x-trace"], "1");
    deployment.api_key = Some(crate::secret::Secret::new("sk-ant-oat01-x"));
    let request = tried(&deployment, &asking(json!({}))).unwrap();
    assert_eq!(request.headers()["authorization"], "Bearer sk-ant-oat01-x");
    assert!(!request.headers().contains_key("x-api-key"));
}

#[test]
fn the_base_may_have_any_part_of_the_address() {
    let at = |base: Option<&str>| {
        let params = DeploymentParams { api_base: base.map(str::to_owned), ..params("claude-sonnet-4-5") };
        tried(&params, &asking(json!({}))).unwrap().uri().to_string()
    };
    assert_eq!(at(None), "https://api.anthropic.com/v1/messages");
    assert_eq!(at(Some("http://u/anthropic")), "http://u/anthropic/v1/messages");
    assert_eq!(at(Some("http://u/v1/")), "http://u/v1/messages");
    assert_eq!(at(Some("http://u/v1/messages?x=1")), "http://u/v1/messages?x=1");
}

#[test]
fn only_chats_are_asked_for() {
    let target = target_of(&params("claude-sonnet-4-5"), &Environment::default()).unwrap();
    let mut members = Members::parse(br#"{"input":"x"}"#).unwrap();
    let (operation, policy, mut dropped) = (Operation::Embedding, &target.policy, Vec::new());
    let call = Call { operation, members: &mut members, stream: false, policy, dropped: &mut dropped };
    assert!(matches!(build(call, &target), Err(TransformError::Unsayable { .. })));
}
