//! Streams of Claude's events in AWS's messages: what the client reads, and how they end.

use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::providers::bedrock::invoke::chunk;
use crate::providers::bedrock::messages::BedrockMessages;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::FailureClass;
use crate::providers::failure::ProviderFailure;
use crate::providers::operation::Operation;
use crate::providers::provider::{Provider, Reply};
use crate::wire::event_stream;
use bytes::Bytes;

const EVENTS: [&str; 7] = [
    r#"{"type":"message_start","message":{"id":"m","model":"claude","usage":{"input_tokens":12,"output_tokens":1}}}"#,
    "{\"type\":\"content_block_start\",\n\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
    r#"{"type":"brand_new","x":1.50}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\nb"}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}"#,
    r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":12}}"#,
];

fn messages() -> Vec<Vec<u8>> {
    EVENTS.iter().map(|event| chunk::encoded(event)).collect()
}

/// What the client gets of pieces, and whether the stream ended whole.
fn told(pieces: &[&[u8]]) -> (String, Result<Box<dyn StreamDecoder>, ProviderFailure>) {
    let id = RequestId::at(Timestamp::from_seconds(1), &[0; 10]);
    let operation = Operation::Messages;
    let mut reader =
        BedrockMessages.decoder(Reply { operation, id, model: "mine", asked: &[], deployment: "d", show_usage: false });
    let mut all = Vec::new();
    for piece in pieces {
        match reader.push(Bytes::copy_from_slice(piece)) {
            Ok(bytes) => all.extend_from_slice(&bytes),
            Err(failure) => return (String::from_utf8(all).unwrap(), Err(failure)),
        }
    }
    let end = reader.finish();
    all.extend_from_slice(end.as_deref().unwrap_or_default());
    (String::from_utf8(all).unwrap(), end.map(|_| reader))
}

#[test]
fn claudes_events_pass_under_their_names() {
    let stream = messages().concat();
    let (text, reader) = told(&[&stream]);
    let names = ["message_start", "content_block_start", "brand_new", "content_block_delta", "content_block_stop"];
    let names = names.iter().chain(&["message_delta"]);
    let event = |(name, event): (&&str, &&str)| format!("event: {name}\ndata: {}\n\n", event.replace('\n', " "));
    let wanted: String = names.zip(&EVENTS).map(event).collect();
    assert_eq!(text, wanted.replace("claude", "mine"));
    let reader = reader.unwrap();
    let usage = reader.seen().usage.unwrap();
    assert_eq!((usage.prompt_tokens, usage.completion_tokens, reader.seen().content_events), (12, 5, 1));
    assert!(reader.is_complete() && reader.terminal().starts_with(b"event: message_stop\n"));
}

#[test]
fn it_does_not_matter_how_the_bytes_are_cut() {
    let stream = messages().concat();
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(told(&bytes).0, told(&[&stream]).0);
}

#[test]
fn a_stream_that_is_cut_short_is_an_error_until_it_has_told_why_it_ends() {
    let messages = messages();
    for cut in 0..messages.len() {
        let (_, end) = told(&[&messages[..cut].concat()]);
        assert_eq!(end.is_ok(), cut >= 6, "{cut}");
    }
    let stream = messages[..5].concat();
    assert!(told(&[&stream[..stream.len() - 3]]).1.is_err());
}

#[test]
fn an_exception_ends_the_stream_with_its_own_class() {
    let headers = [(":exception-type", "throttlingException"), (":message-type", "exception")];
    let exception = event_stream::encoded(&headers, b"{\"message\":\"slow\"}");
    let failure = told(&[&messages()[0], &exception]).1.map(drop).unwrap_err();
    assert_eq!((failure.class, failure.status), (FailureClass::RateLimited, 429));
    let broken = chunk::encoded("[1");
    assert_eq!(told(&[&broken]).1.map(drop).unwrap_err().class, FailureClass::Malformed);
}
