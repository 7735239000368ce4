//! What a client of Google's is told of a stream.

use super::*;
use crate::wire::sse;
use serde_json::{Value, json};

fn told(chunks: &[Value]) -> Result<Vec<Value>, ProviderFailure> {
    let (mut teller, mut out) = (ContentTeller::default(), Vec::new());
    for chunk in chunks {
        let text = chunk.to_string();
        teller.chunk(&Completion::read(text.as_bytes()).unwrap(), &mut out)?;
    }
    teller.end(&mut out);
    let usage = Usage { prompt_tokens: 12, completion_tokens: 5, ..Usage::default() };
    out.extend_from_slice(&teller.terminal(&usage));
    Ok(sse::events(&out).filter_map(sse::data).map(|data| serde_json::from_slice(&data).unwrap()).collect())
}

fn delta(index: u32, delta: &Value) -> Value {
    json!({"choices": [{"index": index, "delta": delta, "finish_reason": null}]})
}

fn finish(index: u32, reason: &str) -> Value {
    json!({"choices": [{"index": index, "delta": {}, "finish_reason": reason}]})
}

fn parts(event: &Value) -> &Value {
    &event["candidates"][0]["content"]["parts"]
}

#[test]
fn text_is_told_as_it_comes_and_the_end_with_the_usage() {
    let events = told(&[
        delta(0, &json!({"role": "assistant", "content": ""})),
        delta(0, &json!({"content": "Hel"})),
        delta(0, &json!({"content": "lo"})),
        finish(0, "stop"),
    ])
    .unwrap();
    assert_eq!(events.len(), 3);
    assert_eq!((parts(&events[0]), parts(&events[1])), (&json!([{"text": "Hel"}]), &json!([{"text": "lo"}])));
    assert_eq!((events[0].get("usageMetadata"), events[0]["candidates"][0].get("finishReason")), (None, None));
    let last = json!({
        "candidates": [{"content": {"parts": [], "role": "model"}, "finishReason": "STOP", "index": 0, "safetyRatings": []}],
        "usageMetadata": {"promptTokenCount": 12, "candidatesTokenCount": 5, "totalTokenCount": 17},
    });
    assert_eq!(events[2], last);
}

#[test]
fn calls_are_told_whole_however_their_pieces_are_mixed() {
    let piece = |place: u32, id: Option<&str>, name: Option<&str>, arguments: &str| {
        let call = json!({"index": place, "id": id, "function": {"name": name, "arguments": arguments}});
        delta(0, &json!({"tool_calls": [call]}))
    };
    let events = told(&[
        piece(0, Some("a"), Some("f"), "{\"x\":"),
        piece(1, Some("b"), Some("g"), ""),
        piece(0, None, None, "1}"),
        finish(0, "tool_calls"),
    ])
    .unwrap();
    let calls = json!([
        {"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}},
        {"functionCall": {"id": "b", "name": "g", "args": {}}},
    ]);
    assert_eq!((events.len(), parts(&events[0])), (2, &calls));
    assert_eq!(events[1]["candidates"][0]["finishReason"], "STOP");
    assert!(told(&[piece(0, Some("a"), Some("f"), "[1"), finish(0, "tool_calls")]).is_err(), "no object");
    assert!(told(&[piece(0, None, None, "1}")]).is_err(), "nothing began");
}

#[test]
fn each_choice_has_its_own_end_and_a_refusal_is_told_as_one() {
    let events = told(&[
        delta(0, &json!({"content": "a"})),
        delta(1, &json!({"refusal": "No"})),
        finish(1, "stop"),
        finish(0, "length"),
    ])
    .unwrap();
    assert_eq!(events[1]["candidates"][0]["index"], 1);
    let last = &events[2]["candidates"];
    let reasons = [&last[0]["finishReason"], &last[1]["finishReason"]];
    assert_eq!(reasons, [&json!("MAX_TOKENS"), &json!("SAFETY")]);
}

#[test]
fn thoughts_come_with_their_proof() {
    let block = |block: Value| delta(0, &json!({"thinking_blocks": [block]}));
    let events = told(&[
        block(json!({"type": "thinking", "thinking": "hm"})),
        block(json!({"type": "thinking", "thinking": "", "signature": "s"})),
        finish(0, "stop"),
    ])
    .unwrap();
    assert_eq!(parts(&events[0]), &json!([{"thought": true, "text": "hm"}]));
    assert_eq!(parts(&events[1]), &json!([{"thought": true, "text": "", "thoughtSignature": "s"}]));
}

#[test]
fn an_image_is_a_part_with_its_bytes_or_its_address() {
    let held = json!({"type": "image_url", "index": 0, "image_url": {"url": "data:image/png;base64,AA=="}});
    let referred = json!({"type": "image_url", "index": 1, "image_url": {"url": "https://images.test/1"}});
    let events = told(&[delta(0, &json!({"images": [held, referred]})), finish(0, "stop")]).unwrap();
    let held = json!({"inlineData": {"mimeType": "image/png", "data": "AA=="}});
    assert_eq!(parts(&events[0]), &json!([held, {"fileData": {"fileUri": "https://images.test/1"}}]));
}
