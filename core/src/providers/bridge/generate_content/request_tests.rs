//! What a chat is asked for a client of Google's.

use super::*;
use crate::config::{DeploymentParams, Environment};
use crate::providers::resolve::target_of;
use serde_json::{Value, json};

fn asked(model: &str, body: &Value) -> Result<(Value, Vec<Cow<'static, str>>), TransformError> {
    let (model, api_base) = (model.to_owned(), Some("http://u/v1".to_owned()));
    let params = DeploymentParams { model, api_base, ..DeploymentParams::default() };
    let target = target_of(&params, &Environment::default()).unwrap();
    let (text, mut dropped) = (body.to_string(), Vec::new());
    let mut members = Members::parse(text.as_bytes()).unwrap();
    let chat = ask(Asked { members: &mut members, target: &target, dropped: &mut dropped })?;
    Ok((serde_json::from_slice(&chat.to_json()).unwrap(), dropped))
}

fn chat(body: &Value) -> Value {
    let (chat, dropped) = asked("openai/gpt-4o", body).unwrap();
    assert!(dropped.is_empty(), "{dropped:?}");
    chat
}

fn user(parts: &Value) -> Value {
    chat(&json!({"contents": [{"role": "user", "parts": parts}]}))["messages"][0]["content"].clone()
}

#[test]
fn a_request_is_said_as_a_chat() {
    let body = json!({
        "systemInstruction": {"parts": [{"text": "Terse."}]},
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}, {"role": "model", "parts": [{"text": "a"}, {"text": "b"}]}],
        "generationConfig": {"temperature": 0.2, "topP": 0.9, "maxOutputTokens": 9, "stopSequences": ["x"], "seed": 1,
            "candidateCount": 2, "presencePenalty": 0.1, "frequencyPenalty": 0.2, "responseLogprobs": true, "logprobs": 3},
        "stream": true, "model": "models/x",
    });
    let wanted = json!({
        "messages": [{"role": "system", "content": "Terse."}, {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "ab"}],
        "temperature": 0.2, "top_p": 0.9, "max_tokens": 9, "stop": ["x"], "seed": 1, "n": 2, "presence_penalty": 0.1,
        "frequency_penalty": 0.2, "logprobs": true, "top_logprobs": 3,
    });
    assert_eq!(chat(&body), wanted);
}

#[test]
fn both_spellings_and_single_objects_are_read() {
    let body = json!({
        "system_instruction": {"parts": {"text": "Terse."}}, "contents": {"parts": {"text": "Hi"}},
        "generation_config": {"max_output_tokens": 9},
    });
    let messages = json!([{"role": "system", "content": "Terse."}, {"role": "user", "content": "Hi"}]);
    assert_eq!(chat(&body), json!({"messages": messages, "max_tokens": 9}));
}

#[test]
fn pictures_recordings_and_documents_are_parts() {
    let data = |kind: &str| json!({"inlineData": {"mimeType": kind, "data": "-_8="}});
    assert_eq!(
        user(&json!([{"text": "a"}, data("image/png"), data("audio/mp3"), data("application/pdf"),
            {"file_data": {"mime_type": "image/png", "file_uri": "https://a.test/x.png"}},
            {"fileData": {"mimeType": "application/pdf", "fileUri": "https://a.test/x.pdf"}}])),
        json!([
            {"type": "text", "text": "a"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,+/8="}},
            {"type": "input_audio", "input_audio": {"data": "+/8=", "format": "mp3"}},
            {"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,+/8="}},
            {"type": "image_url", "image_url": {"url": "https://a.test/x.png"}},
            {"type": "file", "file": {"file_id": "https://a.test/x.pdf", "format": "application/pdf"}},
        ])
    );
}

#[test]
fn calls_and_results_find_each_other() {
    let body = json!({"contents": [
        {"role": "user", "parts": [{"text": "Hi"}]},
        {"role": "model", "parts": [
            {"thought": true, "text": "hm"}, {"thought": true, "text": "", "thoughtSignature": "s"},
            {"functionCall": {"name": "f", "args": {"a": 1}}}, {"functionCall": {"id": "x", "name": "g"}}]},
        {"role": "function", "parts": [
            {"functionResponse": {"id": "x", "name": "g", "response": {"ok": true}}},
            {"functionResponse": {"name": "f", "response": {"r": 2}}}, {"text": "Go on"}]},
    ]});
    let call = |id: &str, name: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
    let messages = chat(&body)["messages"].clone();
    assert_eq!(
        messages[1],
        json!({
            "role": "assistant", "tool_calls": [call("call_f", "f", "{\"a\": 1}"), call("x", "g", "{}")],
            "thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "s"}],
        })
    );
    assert_eq!(messages[2], json!({"role": "tool", "tool_call_id": "x", "content": "{\"ok\": true}"}));
    assert_eq!(messages[3], json!({"role": "tool", "tool_call_id": "call_f", "content": "{\"r\": 2}"}));
    assert_eq!(messages[4], json!({"role": "user", "content": "Go on"}));
}

#[test]
fn functions_are_offered_and_chosen() {
    let functions = json!([
        {"name": "f", "description": "F", "parameters": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}},
        {"name": "g", "parametersJsonSchema": {"type": "object"}},
    ]);
    let of = |config: Value| {
        chat(&json!({"contents": [{"parts": [{"text": "Hi"}]}], "tools": [{"functionDeclarations": functions}],
            "toolConfig": {"functionCallingConfig": config}}))
    };
    let any = of(json!({"mode": "ANY"}));
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let f = json!({"type": "function", "function": {"name": "f", "description": "F", "parameters": schema}});
    assert_eq!((&any["tools"][0], &any["tool_choice"]), (&f, &json!("required")));
    let one = of(json!({"mode": "ANY", "allowedFunctionNames": ["g"]}));
    assert_eq!(one["tool_choice"], json!({"type": "function", "function": {"name": "g"}}));
    assert_eq!(one["tools"].as_array().unwrap().len(), 1);
    assert_eq!(of(json!({"mode": "NONE"}))["tool_choice"], "none");
    let search = chat(&json!({"contents": [{"parts": [{"text": "Hi"}]}], "tools": [{"googleSearch": {}}]}));
    assert_eq!((&search["web_search_options"], search.get("tools")), (&json!({}), None));
}

#[test]
fn the_form_of_the_answer_and_its_thinking_are_asked_for() {
    let of = |model: &str, config: Value| {
        asked(model, &json!({"contents": [{"parts": [{"text": "Hi"}]}], "generationConfig": config})).unwrap()
    };
    let schema = json!({"responseMimeType": "application/json", "responseSchema": {"type": "OBJECT"}});
    let format = &of("openai/gpt-4o", schema).0["response_format"];
    assert_eq!(format["json_schema"]["schema"], json!({"type": "object"}));
    let format = &of("openai/gpt-4o", json!({"responseMimeType": "application/json"})).0["response_format"];
    assert_eq!(*format, json!({"type": "json_object"}));
    let budget = |model: &str, budget: i64| of(model, json!({"thinkingConfig": {"thinkingBudget": budget}}));
    assert_eq!(budget("anthropic/claude-sonnet-4-5", 2000).0["thinking"]["budget_tokens"], 2000);
    assert_eq!(budget("openai/o3", 6000).0["reasoning_effort"], "medium");
    assert_eq!(budget("openai/gpt-4o", 6000).1, ["generationConfig.thinkingConfig"]);
    assert_eq!(of("openai/o3", json!({"thinkingConfig": {"thinkingLevel": "HIGH"}})).0["reasoning_effort"], "high");
}

#[test]
fn what_a_chat_has_no_word_for_is_reported_by_its_path() {
    let body = json!({
        "contents": [{"parts": [{"text": "Hi", "videoMetadata": {"fps": 1}}]}], "safetySettings": [],
        "generationConfig": {"topK": 40, "speechConfig": {}}, "frob": 1,
    });
    let (chat, dropped) = asked("openai/gpt-4o", &body).unwrap();
    let wanted =
        ["contents.parts.videoMetadata", "generationConfig.topK", "generationConfig.speechConfig", "safetySettings"];
    assert_eq!((dropped, &chat["frob"], chat.get("top_k")), (wanted.map(Cow::from).to_vec(), &json!(1), None));
    assert_eq!(asked("anthropic/claude-x", &body).unwrap().0["top_k"], 40);
}

#[test]
fn what_would_be_lost_is_refused_by_name() {
    let part = |part: Value| json!({"contents": [{"parts": [part]}]});
    for (body, word) in [
        (json!({"contents": [], "cachedContent": "cachedContents/1"}), "cachedContent"),
        (part(json!({"fileData": {"fileUri": "gs://b/x.pdf"}})), "gs://b/x.pdf"),
        (part(json!({"executableCode": {}})), "executableCode"),
        (part(json!({"inlineData": {"mimeType": "audio/new", "data": ""}})), "audio/new"),
        (json!({"contents": [{"role": "robot", "parts": []}]}), "robot"),
        (json!({"contents": [{"role": "model", "parts": [{"inlineData": {}}]}]}), "inlineData"),
        (json!({"contents": [], "tools": [{"codeExecution": {}}]}), "codeExecution"),
        (json!({"contents": [], "generationConfig": {"responseMimeType": "text/x.enum"}}), "text/x.enum"),
        (json!({"contents": "x"}), "contents"),
    ] {
        let error = asked("openai/gpt-4o", &body).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn what_the_model_drew_goes_back_and_what_it_said_aloud_cannot() {
    let held = |kind: &str| json!({"inlineData": {"mimeType": kind, "data": "AA=="}});
    let turn = |part: Value| json!({"contents": [{"role": "model", "parts": [{"text": "Look"}, part]}]});
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}});
    let wanted = json!([{"role": "assistant", "content": "Look", "images": [image]}]);
    assert_eq!(chat(&turn(held("image/png")))["messages"], wanted);
    assert!(asked("openai/gpt-4o", &turn(held("audio/mp3"))).is_err());
}
