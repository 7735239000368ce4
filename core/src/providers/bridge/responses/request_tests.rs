//! What a chat is asked for a request.

use super::*;
use crate::config::{DeploymentParams, Environment};
use crate::providers::resolve::target_of;
use serde_json::{Value, json};

type Said = Result<(Value, Vec<Cow<'static, str>>), TransformError>;

fn asked(model: &str, body: &Value) -> Said {
    let (model, api_base) = (model.to_owned(), Some("http://u/v1".to_owned()));
    let params = DeploymentParams { model, api_base, ..DeploymentParams::default() };
    let target = target_of(&params, &Environment::default()).unwrap();
    let text = body.to_string();
    let (mut members, mut dropped) = (Members::parse(text.as_bytes()).unwrap(), Vec::new());
    let chat = ask(Asked { members: &mut members, target: &target, dropped: &mut dropped })?;
    Ok((serde_json::from_slice(&chat.to_json()).unwrap(), dropped))
}

fn messages(input: &Value) -> Value {
    asked("groq/m", &json!({"input": input})).unwrap().0["messages"].clone()
}

fn fault(body: &Value) -> (&'static str, String) {
    match asked("groq/m", body) {
        Err(TransformError::Member { member, reason }) => (member, reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_text_is_the_users_and_instructions_come_first() {
    let (chat, dropped) = asked("groq/m", &json!({"input": "Hi", "instructions": "Terse."})).unwrap();
    let wanted = json!([{"role": "system", "content": "Terse."}, {"role": "user", "content": "Hi"}]);
    assert_eq!((chat, dropped.len()), (json!({"messages": wanted}), 0));
}

#[test]
fn what_the_model_thought_said_and_called_is_one_turn() {
    let sealed = r#"[{"type":"thinking","thinking":"hm","signature":"s"}]"#;
    let said = messages(&json!([
        {"role": "user", "content": [{"type": "input_text", "text": "?"},
            {"type": "input_image", "image_url": "http://i", "detail": "low"},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}]},
        {"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": sealed},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Looking", "annotations": []}]},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "function_call", "call_id": "b", "name": "g", "arguments": "{\"x\":1}"},
        {"type": "function_call_output", "call_id": "a", "output": "3"},
        {"type": "function_call_output", "call_id": "b", "output": [{"type": "input_text", "text": "see"},
            {"type": "input_image", "image_url": "http://j"}]},
    ]));
    assert_eq!(
        said[0]["content"],
        json!([{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": "http://i", "detail": "low"}},
               {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}}])
    );
    let call = |id: &str, index: usize, name: &str, arguments: &str| json!({"id": id, "type": "function", "index": index, "function": {"name": name, "arguments": arguments}});
    assert_eq!(
        said[1],
        json!({"role": "assistant", "content": [{"type": "text", "text": "Looking"}], "reasoning_content": "hm",
            "thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "s"}],
            "tool_calls": [call("a", 0, "f", "{}"), call("b", 1, "g", "{\"x\":1}")]})
    );
    assert_eq!(said[2], json!({"role": "tool", "tool_call_id": "a", "content": "3"}));
    assert_eq!(said[3]["content"], json!([{"type": "text", "text": "see"}]));
    assert_eq!((&said[4]["role"], &said[4]["content"][1]["type"]), (&json!("user"), &json!("image_url")));
}

#[test]
fn thoughts_that_led_to_nothing_are_left_out_and_reported() {
    let thought =
        json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "x"});
    let input = json!([{"role": "user", "content": "Hi"}, thought, {"role": "user", "content": "Go"}]);
    let (chat, dropped) = asked("groq/m", &json!({"input": input})).unwrap();
    assert_eq!((chat["messages"].as_array().unwrap().len(), dropped), (2, vec![Cow::from("input.reasoning")]));
}

#[test]
fn parameters_have_their_names_in_a_chat_and_unknown_ones_pass() {
    let schema = json!({"type": "object"});
    let body = json!({"input": "x", "max_output_tokens": 5, "temperature": 0.5, "frob": 1, "stream": true, "store": false,
        "metadata": {"a": "b"}, "user": "u", "reasoning": {"effort": "low", "summary": "auto"}, "top_logprobs": 2,
        "text": {"format": {"type": "json_schema", "name": "n", "schema": schema, "strict": true}, "verbosity": "low"},
        "tools": [{"type": "function", "name": "f", "description": "F", "parameters": schema}],
        "tool_choice": {"type": "function", "name": "f"}, "parallel_tool_calls": false,
        "include": ["reasoning.encrypted_content"], "truncation": "disabled", "previous_response_id": null});
    let (chat, dropped) = asked("groq/m", &body).unwrap();
    assert_eq!(dropped, Vec::<Cow<'_, str>>::new());
    assert_eq!(
        chat,
        json!({"messages": [{"role": "user", "content": "x"}], "max_tokens": 5, "temperature": 0.5, "frob": 1, "user": "u",
            "reasoning_effort": "low", "logprobs": true, "top_logprobs": 2, "verbosity": "low",
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema, "strict": true}},
            "tools": [{"type": "function", "function": {"name": "f", "description": "F", "parameters": schema, "strict": false}}],
            "tool_choice": {"type": "function", "function": {"name": "f"}}, "parallel_tool_calls": false})
    );
}

#[test]
fn what_a_chat_has_no_word_for_is_reported() {
    let body = json!({"input": "x", "truncation": "auto", "max_tool_calls": 3, "store": true,
        "include": ["message.output_text.logprobs"], "stream_options": {"include_obfuscation": false}});
    let (chat, dropped) = asked("groq/m", &body).unwrap();
    assert_eq!(chat.as_object().unwrap().len(), 1);
    assert_eq!(dropped, ["max_tool_calls", "truncation", "include", "stream_options", "store"]);
}

#[test]
fn what_openai_would_have_kept_is_refused_with_what_to_do() {
    for (member, value) in [
        ("previous_response_id", json!("resp_1")),
        ("conversation", json!("conv_1")),
        ("prompt", json!({"id": "p"})),
        ("background", json!(true)),
    ] {
        let (named, reason) = fault(&json!({"input": "x", member: value}));
        assert!(named == member && (reason.contains("out") || reason.contains("`input`")), "{reason}");
    }
    assert!(asked("groq/m", &json!({"input": "x", "background": false})).is_ok());
    assert_eq!(fault(&json!({"input": [{"type": "item_reference", "id": "m"}]})).0, "input");
}

#[test]
fn a_search_is_asked_for_where_the_model_can_and_other_tools_are_refused() {
    let place = json!({"type": "approximate", "city": "Oslo"});
    let search = json!({"type": "web_search_preview", "search_context_size": "low", "user_location": place});
    let (chat, _) = asked("openai/gpt-4o-search-preview", &json!({"input": "x", "tools": [search]})).unwrap();
    assert_eq!(
        chat["web_search_options"],
        json!({"search_context_size": "low",
            "user_location": {"type": "approximate", "approximate": {"city": "Oslo"}}})
    );
    let (chat, dropped) = asked("mistral/m", &json!({"input": "x", "tools": [search]})).unwrap();
    assert_eq!((chat.get("tools"), dropped), (None, vec![Cow::from("tools.web_search")]));
    assert_eq!(fault(&json!({"input": "x", "tools": [{"type": "code_interpreter"}]})).0, "tools");
    assert_eq!(fault(&json!({"input": "x", "tool_choice": {"type": "file_search"}})).0, "tool_choice");
}

#[test]
fn what_cannot_be_read_is_told_of_the_input() {
    for input in [
        json!(7),
        json!([{"role": "user"}]),
        json!([{"role": "robot", "content": "x"}]),
        json!([{"role": "user", "content": [{"type": "new"}]}]),
        json!([{"type": "new"}]),
        json!([{"type": "function_call", "name": "f"}]),
        json!([{"type": "function_call_output", "call_id": "c"}]),
    ] {
        assert_eq!(fault(&json!({"input": input})).0, "input", "{input}");
    }
}

#[test]
fn what_the_model_drew_goes_back_with_its_words() {
    let drawn = json!({"type": "image_generation_call", "id": "ig", "status": "completed", "result": "/9j/4A=="});
    let unfinished = json!({"type": "image_generation_call", "id": "ig", "status": "in_progress", "result": null});
    let said = json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Look"}]});
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9j/4A=="}});
    let told = messages(&json!([said, drawn, unfinished, {"role": "user", "content": "and?"}]));
    assert_eq!((&told[0]["content"][0]["text"], &told[0]["images"]), (&json!("Look"), &json!([image])));
    assert_eq!((told[1]["role"].as_str(), told.as_array().unwrap().len()), (Some("user"), 2));
}
