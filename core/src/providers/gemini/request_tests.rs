//! What goes upstream for what a client asks.

use super::*;
use crate::api::members::Members;
use crate::config::{DeploymentParams, Environment};
use crate::providers::parameters::policy::Policy;
use crate::providers::resolve::target_of;
use serde_json::{Value, json};
use std::borrow::Cow;

struct Sent {
    address: String,
    headers: http::HeaderMap,
    body: Value,
    dropped: Vec<Cow<'static, str>>,
}

fn params(model: &str) -> DeploymentParams {
    serde_json::from_value(json!({"model": format!("gemini/{model}"), "api_key": "sk-g"})).unwrap()
}

fn build_with(params: &DeploymentParams, body: &Value, policy: &Policy) -> Result<Sent, TransformError> {
    let target = target_of(params, &Environment::default()).unwrap();
    let text = body.to_string();
    let (mut members, mut dropped) = (Members::parse(text.as_bytes()).unwrap(), Vec::new());
    let stream = members.read("stream").unwrap_or(false);
    let operation = if body.get("input").is_some() { Operation::Embedding } else { Operation::Chat };
    let call = Call { operation, members: &mut members, stream, policy, dropped: &mut dropped };
    let request = build(call, &target)?;
    Ok(Sent {
        address: request.uri().to_string(),
        headers: request.headers().clone(),
        body: serde_json::from_slice(request.body()).unwrap(),
        dropped,
    })
}

fn sent(model: &str, body: &Value) -> Sent {
    build_with(&params(model), body, &Policy::default()).unwrap()
}

fn refused(model: &str, body: &Value) -> String {
    build_with(&params(model), body, &Policy::default()).err().unwrap().to_string()
}

fn ask(more: Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[test]
fn the_address_names_version_model_and_method_and_the_key_has_its_header() {
    let sent_to = sent("gemini-2.5-flash", &ask(json!({})));
    let host = "https://generativelanguage.googleapis.com";
    assert_eq!(sent_to.address, format!("{host}/v1beta/models/gemini-2.5-flash:generateContent"));
    assert_eq!(
        (sent_to.headers["x-goog-api-key"].to_str().unwrap(), sent_to.headers.contains_key("authorization")),
        ("sk-g", false)
    );
    assert!(sent_to.headers["x-goog-api-key"].is_sensitive());
    let streamed = sent("gemini-3-pro-preview", &ask(json!({"stream": true})));
    assert_eq!(streamed.address, format!("{host}/v1alpha/models/gemini-3-pro-preview:streamGenerateContent?alt=sse"));
    let tuned = sent("tunedModels/mine", &ask(json!({})));
    assert_eq!(tuned.address, format!("{host}/v1beta/tunedModels/mine:generateContent"));
    let own = DeploymentParams { api_base: Some("https://g.test/v1beta/".to_owned()), ..params("gemini-2.5-flash") };
    let own = build_with(&own, &ask(json!({})), &Policy::default()).unwrap();
    assert_eq!(own.address, "https://g.test/v1beta/models/gemini-2.5-flash:generateContent");
}

#[test]
fn speakers_take_turns_and_the_operator_has_a_place_of_its_own() {
    let body = json!({"messages": [
        {"role": "user", "content": "a"},
        {"role": "user", "content": [{"type": "text", "text": "b"}, {"type": "text", "text": ""}]},
        {"role": "system", "content": [{"type": "text", "text": "Be "}, {"type": "text", "text": "kind."}]},
        {"role": "assistant", "content": null},
        {"role": "user", "content": "c"},
    ]});
    let sent = sent("gemini-2.5-flash", &body).body;
    let contents = json!([
        {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},
        {"role": "user", "parts": [{"text": "c"}]},
    ]);
    assert_eq!(
        (&sent["contents"], &sent["system_instruction"]),
        (&contents, &json!({"parts": [{"text": "Be kind."}]}))
    );
}

#[test]
fn an_open_model_hears_the_operator_as_the_user_and_nobody_is_never_silent() {
    let body = json!({"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]});
    let contents = json!([{"role": "user", "parts": [{"text": "Be kind."}, {"text": "Hi"}]}]);
    assert_eq!(sent("gemma-3-27b-it", &body).body["contents"], contents);
    let alone = json!({"messages": [{"role": "system", "content": "Be kind."}]});
    let contents = json!([{"role": "user", "parts": [{"text": " "}]}]);
    assert_eq!(sent("gemini-2.5-flash", &alone).body["contents"], contents);
}

fn called(id: &str) -> Value {
    json!({"messages": [
        {"role": "user", "content": "W?"},
        {"role": "assistant", "content": "", "tool_calls": [
            {"id": id, "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]},
        {"role": "tool", "tool_call_id": id, "content": "{\"t\":3}"},
        {"role": "user", "content": "So?"},
    ]})
}

#[test]
fn a_call_and_its_result_are_known_by_name_and_later_by_id_with_the_signature() {
    let before = sent("gemini-2.5-flash", &called("t1")).body;
    assert_eq!(
        before["contents"][1],
        json!({"role": "model", "parts": [{"function_call": {"name": "f", "args": {"a": 1}}}]})
    );
    let result = json!({"role": "user", "parts": [{"function_response": {"name": "f", "response": {"t": 3}}}]});
    assert_eq!(before["contents"][2], result);
    assert_eq!(before["contents"][3]["parts"][0]["text"], json!("So?"));
    let later = sent("gemini-3-pro-preview", &called("t1__thought__c2ln")).body;
    let call = &later["contents"][1]["parts"][0];
    assert_eq!((&call["function_call"]["id"], &call["thoughtSignature"]), (&json!("t1"), &json!("c2ln")));
    assert_eq!(later["contents"][2]["parts"][0]["function_response"]["id"], json!("t1"));
    let foreign = sent("gemini-3-pro-preview", &called("t1")).body;
    assert!(foreign["contents"][1]["parts"][0]["thoughtSignature"].is_string());
}

#[test]
fn what_cannot_be_said_is_refused_with_its_place() {
    let mut bad = called("t1");
    bad["messages"][1]["tool_calls"][0]["function"]["arguments"] = json!("{not json");
    let wanted = "'messages[1]' cannot be used: the arguments of the call of `f` are no JSON object";
    assert_eq!(refused("gemini-2.5-flash", &bad), wanted);
    let mut lost = called("t1");
    lost["messages"][2]["tool_call_id"] = json!("other");
    let wanted = "'messages[2]' cannot be used: it answers `other`, which no message before it calls";
    assert_eq!(refused("gemini-2.5-flash", &lost), wanted);
    let number = json!({"input": 1});
    assert!(refused("gemini-embedding-001", &number).starts_with("'input' must be a text, tokens"));
    let no_token = json!({"input": [4_000_000]});
    assert_eq!(refused("gemini-embedding-001", &no_token), "'input' holds a number that is no token.");
    assert!(refused("x/../y", &ask(json!({}))).contains("no name of a model"));
}

#[test]
fn settings_stand_together_under_googles_names() {
    let body = ask(json!({
        "temperature": 0.30, "top_p": 0.9, "top_k": 40, "n": 2, "stop": "X", "max_tokens": 9, "seed": 1,
        "presence_penalty": -0.5, "logprobs": true, "modalities": ["text", "image"], "parallel_tool_calls": false,
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
        "safety_settings": [], "service_tier": "flex", "frob": 1, "user": "u",
    }));
    let sent = sent("gemini-2.5-flash", &body);
    let config = json!({
        "temperature": 0.30, "top_p": 0.9, "top_k": 40, "candidate_count": 2, "stop_sequences": ["X"],
        "max_output_tokens": 9, "seed": 1, "presence_penalty": -0.5, "responseLogprobs": true,
        "responseModalities": ["TEXT", "IMAGE"],
        "response_mime_type": "application/json", "response_json_schema": {"type": "object"},
    });
    assert_eq!(sent.body["generationConfig"], config);
    assert_eq!((&sent.body["safetySettings"], &sent.body["serviceTier"]), (&json!([]), &json!("flex")));
    assert_eq!(sent.dropped, ["user", "frob"]);
}

#[test]
fn an_older_model_is_told_a_schema_in_the_words_that_it_knows() {
    let body = ask(json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n",
        "schema": {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}}}}));
    let config = &sent("gemini-1.5-pro", &body).body["generationConfig"];
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    assert_eq!((&config["response_schema"], config.get("response_json_schema")), (&schema, None));
}

#[test]
fn the_third_generation_has_its_own_settings() {
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "detail": "low"}});
    let body = json!({"messages": [{"role": "user", "content": [image]}], "presence_penalty": 0.5});
    let third = sent("gemini-3-pro-preview", &body);
    assert_eq!((&third.body["generationConfig"], third.dropped.len()), (&json!({"temperature": 1.0}), 1));
    let level = &third.body["contents"][0]["parts"][0]["media_resolution"]["level"];
    assert_eq!(level, &json!("MEDIA_RESOLUTION_LOW"));
    let second = sent("gemini-2.5-flash", &body).body;
    assert_eq!(second["generationConfig"]["mediaResolution"], json!("MEDIA_RESOLUTION_LOW"));
}

#[test]
fn tools_of_all_kinds_stand_in_their_places() {
    let body = ask(json!({
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}},
            {"urlContext": {}}, {"type": "code_execution_20250825", "name": "c"}],
        "functions": [{"name": "g", "description": "d"}], "tool_choice": {"type": "function", "function": {"name": "f"}},
        "web_search_options": {},
    }));
    let sent = sent("gemini-2.5-flash", &body).body;
    let functions = json!({"function_declarations": [{"name": "f"}, {"name": "g", "description": "d"}]});
    assert_eq!(sent["tools"], json!([functions, {"urlContext": {}}, {"codeExecution": {}}, {"googleSearch": {}}]));
    let choice = json!({"functionCallingConfig": {"mode": "ANY", "allowed_function_names": ["f"]}});
    assert_eq!(sent["toolConfig"], choice);
}

#[test]
fn a_speaking_model_takes_a_voice_and_one_format() {
    let speak = |format: &str| ask(json!({"modalities": ["audio"], "audio": {"voice": "Kore", "format": format}}));
    let config = sent("gemini-2.5-flash-preview-tts", &speak("pcm16")).body["generationConfig"].clone();
    assert_eq!(config["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"], json!("Kore"));
    assert!(refused("gemini-2.5-flash-preview-tts", &speak("wav")).contains("'audio.format'"));
    assert!(refused("gemini-2.5-flash", &speak("pcm16")).contains("does not take `audio`"));
}

#[test]
fn extra_members_win_and_each_input_of_embeddings_is_a_request() {
    let body = ask(json!({"extra_body": {"vendor_flag": true}}));
    assert_eq!(sent("gemini-2.5-flash", &body).body["vendor_flag"], json!(true));
    let body = json!({"input": ["a", "data:image/png;base64,AA"], "dimensions": 8, "encoding_format": "float", "x": 1});
    let sent = sent("gemini-embedding-001", &body);
    let of = |part: Value| json!({"model": "models/gemini-embedding-001", "content": {"parts": [part]}, "outputDimensionality": 8});
    let picture = json!({"inline_data": {"mime_type": "image/png", "data": "AA"}});
    assert_eq!(
        (sent.body["requests"].clone(), sent.dropped),
        (json!([of(json!({"text": "a"})), of(picture)]), vec![Cow::from("x")])
    );
    assert!(sent.address.ends_with(":batchEmbedContents"));
}

#[test]
fn tokens_to_embed_are_the_texts_that_they_stand_for() {
    let texts = |input: Value| -> Vec<Value> {
        let body = sent("gemini-embedding-001", &json!({"input": input})).body;
        body["requests"].as_array().unwrap().iter().map(|one| one["content"]["parts"][0]["text"].clone()).collect()
    };
    assert_eq!(texts(json!([9906, 1917])), ["Hello world"]);
    assert_eq!(texts(json!([[9906, 1917], [0]])), ["Hello world", "!"]);
}

#[test]
fn what_the_model_drew_goes_back_between_its_words_and_its_calls() {
    let image = json!({"type": "image_url", "index": 0, "image_url": {"url": "data:image/png;base64,AA=="}});
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let drawn = json!({"role": "assistant", "content": "Look", "images": [image], "tool_calls": [call]});
    let body = json!({"messages": [{"role": "user", "content": "Draw"}, drawn]});
    let parts = sent("gemini-2.5-flash-image", &body).body["contents"][1]["parts"].clone();
    assert_eq!(parts[0], json!({"text": "Look"}));
    assert_eq!(parts[1], json!({"inline_data": {"mime_type": "image/png", "data": "AA=="}}));
    assert!(parts[2].get("function_call").is_some(), "{parts}");
}
