//! Words are found in every dialect, and replaced where they stand.

use super::answer::AnswerWords;
use super::request::RequestWords;
use super::stream::StreamWords;
use super::{Unreadable, Words};
use crate::api::members::Members;
use crate::providers::operation::Operation;
use bytes::Bytes;
use serde_json::{Value, json};

/// Each text as it is after it was masked.
fn masked(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| format!("<{text}>")).collect()
}

/// The texts of a request, and its body with each of them masked.
fn request(operation: Operation, body: &Value) -> Result<(Vec<String>, Value), Unreadable> {
    let body = body.to_string();
    let mut members = Members::parse(body.as_bytes()).unwrap();
    let mut words = RequestWords::read(operation, &members)?;
    let texts = words.content().texts;
    words.replace(masked(&texts));
    assert_eq!(words.content().texts, masked(&texts));
    words.write(&mut members).unwrap();
    Ok((texts, serde_json::from_slice(&members.to_json()).unwrap()))
}

#[test]
fn the_words_of_a_chat_are_those_of_all_its_messages() {
    let image = json!({"type": "image_url", "image_url": {"url": "https://a.test/x.png"}});
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let body = json!({
        "model": "m", "temperature": 1.0,
        "messages": [
            {"role": "system", "content": "a"},
            {"role": "user", "content": [{"type": "text", "text": "b"}, image]},
            {"role": "assistant", "content": null, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c", "content": "d"},
        ],
        "prediction": {"type": "content", "content": "e"},
        "tools": [{"type": "function", "function": {"name": "f"}}],
    });
    let (texts, changed) = request(Operation::Chat, &body).unwrap();
    assert_eq!(texts, ["a", "b", "d", "e"]);
    assert_eq!(changed["messages"][1]["content"][0]["text"], "<b>");
    assert_eq!(changed["prediction"]["content"], "<e>");
    assert_eq!((&changed["messages"][1]["content"][1], &changed["messages"][2]), (&image, &body["messages"][2]));
    let text = body.to_string();
    let content = RequestWords::read(Operation::Chat, &Members::parse(text.as_bytes()).unwrap()).unwrap().content();
    assert_eq!((content.images, content.tool_calls), (vec!["https://a.test/x.png".to_owned()], vec![call]));
    assert_eq!((content.messages.unwrap(), content.tools.unwrap()), (body["messages"].clone(), body["tools"].clone()));
}

#[test]
fn the_words_of_other_dialects_are_found_where_they_stand() {
    let messages = json!({
        "system": [{"type": "text", "text": "a"}],
        "messages": [{"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "b"}]},
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "c"}},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
        ]}, {"role": "user", "content": "d"}],
    });
    assert_eq!(request(Operation::Messages, &messages).unwrap().0, ["a", "b", "c", "d"]);
    let responses = json!({
        "instructions": "a",
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "b"}]},
            {"type": "function_call_output", "call_id": "c", "output": "c"}],
        "prompt": {"id": "pmpt_1", "variables": {"name": "d"}},
    });
    let (texts, changed) = request(Operation::Responses, &responses).unwrap();
    assert_eq!(texts, ["a", "b", "c", "d"]);
    assert_eq!(changed["prompt"], json!({"id": "pmpt_1", "variables": {"name": "<d>"}}));
    assert_eq!(request(Operation::Responses, &json!({"input": "a"})).unwrap().0, ["a"]);
    assert_eq!(
        request(Operation::Completion, &json!({"prompt": ["a", "b"], "suffix": "c"})).unwrap().0,
        ["a", "b", "c"]
    );
    assert_eq!(request(Operation::Embedding, &json!({"input": "a"})).unwrap().1, json!({"input": "<a>"}));
    assert_eq!(
        request(Operation::Rerank, &json!({"query": "a", "documents": ["b", {"text": "c"}]})).unwrap().0.len(),
        3
    );
}

#[test]
fn what_stands_there_twice_goes_out_as_it_was_looked_at() {
    let body = br#"{"messages":[{"content":"hidden"}],"n":1.0,"messages":[{"content":"hidden","content":"a"}]}"#;
    let mut members = Members::parse(body).unwrap();
    let words = RequestWords::read(Operation::Chat, &members).unwrap();
    assert_eq!(words.content().texts, ["a"]);
    words.write(&mut members).unwrap();
    assert_eq!(members.to_json(), br#"{"n":1.0,"messages":[{"content":"a"}]}"#);
}

#[test]
fn what_is_not_in_words_is_not_passed_over() {
    for input in [json!([1, 2]), json!([[1, 2], [3]])] {
        assert!(request(Operation::Embedding, &json!({"input": input})).is_err());
    }
    assert!(request(Operation::Completion, &json!({"prompt": [5]})).is_err());
    for operation in [Operation::GenerateContent, Operation::Transcription, Operation::CountContent] {
        assert!(request(operation, &json!({})).unwrap_err().0.contains("are not read by guardrails"));
    }
}

#[test]
fn an_answer_shows_its_words_and_nothing_of_those_that_were_changed() {
    let read = |operation, answer: &Value| AnswerWords::read(operation, &Bytes::from(answer.to_string()));
    let chat = json!({"id": "x", "choices": [{"index": 0, "logprobs": {"content": [{"token": "a"}]}, "message": {
        "role": "assistant", "content": "a", "reasoning_content": "b", "provider_specific_fields": {"reasoning": "b"},
        "tool_calls": [{"id": "c"}]}}], "usage": {"total_tokens": 3}});
    let mut words = read(Operation::Chat, &chat).unwrap();
    let content = words.content();
    assert_eq!((&*content.texts, content.tool_calls.len()), (&["a".to_owned(), "b".to_owned()][..], 1));
    words.replace(masked(&content.texts));
    let changed: Value = serde_json::from_slice(&words.bytes()).unwrap();
    let message = &changed["choices"][0]["message"];
    assert_eq!((&message["content"], &message["reasoning_content"]), (&json!("<a>"), &json!("<b>")));
    assert_eq!(
        (&changed["choices"][0]["logprobs"], &message["provider_specific_fields"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(changed["usage"], chat["usage"]);
    let texts = |operation, answer: Value| read(operation, &answer).unwrap().content().texts;
    assert_eq!(texts(Operation::Completion, json!({"choices": [{"text": "a"}, {"text": "b"}]})), ["a", "b"]);
    assert_eq!(texts(Operation::Messages, json!({"content": [{"type": "text", "text": "a"}]})), ["a"]);
    let message = json!({"type": "message", "content": [{"type": "output_text", "text": "b"}]});
    let output = json!([{"type": "reasoning", "summary": [{"type": "summary_text", "text": "a"}]}, message]);
    assert_eq!(texts(Operation::Responses, json!({"output": output})), ["a", "b"]);
    assert_eq!(texts(Operation::Embedding, json!({"data": [{"embedding": [0.5]}]})), [] as [&str; 0]);
    assert!(AnswerWords::read(Operation::Chat, &Bytes::from_static(b"<html>")).is_err());
    assert!(read(Operation::Speech, &json!({})).is_err());
}

/// A stream of these events; those of kinds are named.
fn stream(events: &[Value]) -> Bytes {
    let event = |event: &Value| match event["type"].as_str() {
        Some(kind) => format!("event: {kind}\ndata: {event}\n\n"),
        None => format!("data: {event}\n\n"),
    };
    (events.iter().map(event).collect::<String>() + "data: [DONE]\n\n").into()
}

/// The texts of a stream, and all of it with each of them masked.
fn streamed(events: &[Value]) -> (Vec<String>, String) {
    let whole = stream(events);
    let mut words = StreamWords::read(&whole).unwrap();
    let texts = words.content().texts;
    assert_eq!(words.bytes(), whole, "nothing is changed yet");
    words.replace(masked(&texts));
    assert_eq!(words.content().texts, masked(&texts));
    let bytes = words.bytes();
    assert_eq!(StreamWords::read(&bytes).unwrap().content().texts, masked(&texts));
    (texts, String::from_utf8(bytes.to_vec()).unwrap())
}

#[test]
fn a_text_that_came_in_pieces_is_one() {
    let delta =
        |index: u64, delta: Value| json!({"choices": [{"index": index, "delta": delta, "finish_reason": null}]});
    let call = |arguments: &str| json!({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": arguments}}]});
    let events = [
        delta(0, json!({"role": "assistant", "content": ""})),
        delta(0, json!({"reasoning_content": "hm"})),
        delta(0, json!({"content": "se"})),
        delta(1, json!({"content": "other"})),
        delta(0, json!({"content": "cret"})),
        delta(0, call("{\"a\"")),
        delta(0, call(":1}")),
        json!({"choices": [], "usage": {"total_tokens": 3}}),
    ];
    let (texts, changed) = streamed(&events);
    assert_eq!(texts, ["hm", "secret", "other"]);
    assert!(changed.contains("<secret>") && !changed.contains("\"cret\"") && changed.ends_with("data: [DONE]\n\n"));
    assert!(changed.contains("\"usage\":{\"total_tokens\":3}"));
    let content = StreamWords::read(&stream(&events)).unwrap().content();
    assert_eq!(content.tool_calls[0]["function"], json!({"name": "f", "arguments": "{\"a\":1}"}));
}

#[test]
fn a_text_that_is_told_again_as_a_whole_is_changed_there_too() {
    let piece = |text: &str| {
        json!({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": text,
        "logprobs": [{"token": text}]})
    };
    let part = json!({"type": "output_text", "text": "secret"});
    let item = json!({"type": "message", "content": [part]});
    let (texts, changed) = streamed(&[
        piece("sec"),
        piece("ret"),
        json!({"type": "response.output_text.done", "text": "secret"}),
        json!({"type": "response.content_part.done", "part": part}),
        json!({"type": "response.output_item.done", "item": item}),
        json!({"type": "response.completed", "response": {"output": [item], "usage": {"total_tokens": 3}}}),
    ]);
    assert_eq!(texts, ["secret"]);
    assert_eq!((changed.matches("<secret>").count(), changed.matches("secret").count()), (5, 5), "{changed}");
    assert!(!changed.contains("token\":\"sec") && changed.contains("event: response.completed\n"));
}

#[test]
fn the_blocks_of_a_message_are_told_apart() {
    let text = |index: u64, text: &str| json!({"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}});
    let (texts, changed) = streamed(&[
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}),
        text(1, "se"),
        text(1, "cret"),
        json!({"type": "message_stop"}),
    ]);
    assert_eq!(texts, ["hm", "secret"]);
    assert!(
        changed.contains("\"type\":\"text_delta\",\"text\":\"<secret>\"") && !changed.contains("\"cret\""),
        "{changed}"
    );
    assert!(StreamWords::read(&Bytes::from_static(b"data: {broken\n\n")).is_err());
}
