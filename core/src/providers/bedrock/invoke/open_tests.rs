//! OpenAI's dialect by `InvokeModel`: what is sent, and what a stream tells.

use super::super::chunk;
use super::*;
use crate::clock::Timestamp;
use crate::config::{DeploymentParams, Environment};
use crate::id::RequestId;
use crate::providers::resolve::target_of;
use serde_json::Value;

const EVENTS: [&str; 3] = [
    r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"He"}}]}"#,
    r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"y"}}]}"#,
    r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"amazon-bedrock-invocationMetrics":{"inputTokenCount":12,"outputTokenCount":5,"invocationLatency":9}}"#,
];

/// What the client gets of pieces, and whether the stream ended whole.
fn told(pieces: &[&[u8]]) -> (String, Result<Box<dyn StreamDecoder>, ProviderFailure>) {
    let id = RequestId::at(Timestamp::from_seconds(1), &[0; 10]);
    let mut reader = BedrockOpen.decoder(Reply {
        operation: Operation::Chat,
        id,
        model: "mine",
        asked: &[],
        deployment: "d",
        show_usage: true,
    });
    let mut all = Vec::new();
    for piece in pieces {
        all.extend_from_slice(&reader.push(Bytes::copy_from_slice(piece)).unwrap());
    }
    let end = reader.finish();
    all.extend_from_slice(end.as_deref().unwrap_or_default());
    (String::from_utf8(all).unwrap(), end.map(|_| reader))
}

#[test]
fn the_dialect_is_openais_with_model_and_stream_in_the_address() {
    let params = json!({"model": "bedrock/invoke/openai.gpt-oss-20b-1:0", "api_base": "http://b.test"});
    let params: DeploymentParams = serde_json::from_value(params).unwrap();
    let target = target_of(&params, &Environment::default()).unwrap();
    let body = r#"{"model":"mine","messages":[{"role":"user","content":"Hi"}],"temperature":0.50,"stream":true}"#;
    let (mut members, mut dropped) = (Members::parse(body.as_bytes()).unwrap(), Vec::new());
    let (policy, operation) = (&target.policy, Operation::Chat);
    let call = Call { operation, members: &mut members, stream: true, policy, dropped: &mut dropped };
    let sent = BedrockOpen.request(call, &target).unwrap();
    assert_eq!(sent.uri(), "http://b.test/model/openai.gpt-oss-20b-1:0/invoke-with-response-stream");
    let wanted = json!({"messages": [{"role": "user", "content": "Hi"}], "temperature": 0.5});
    assert_eq!(serde_json::from_slice::<Value>(sent.body()).unwrap(), wanted);
}

#[test]
fn a_stream_is_the_dialects_own_and_bedrocks_count_is_its_usage() {
    let stream: Vec<u8> = EVENTS.iter().flat_map(|event| chunk::encoded(event)).collect();
    let (text, reader) = told(&[&stream]);
    assert!(!text.contains(metrics::MEMBER) && text.contains(r#""prompt_tokens":12"#), "{text}");
    let usage = reader.unwrap().seen().usage.unwrap();
    assert_eq!((usage.prompt_tokens, usage.completion_tokens), (12, 5));
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(told(&bytes).0, text);
}

#[test]
fn a_stream_that_is_cut_short_is_an_error_until_it_has_told_why_it_ends() {
    let messages: Vec<Vec<u8>> = EVENTS.iter().map(|event| chunk::encoded(event)).collect();
    for cut in 0..=messages.len() {
        assert_eq!(told(&[&messages[..cut].concat()]).1.is_ok(), cut == messages.len(), "{cut}");
    }
}
