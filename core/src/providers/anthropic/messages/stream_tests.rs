//! Streams of the same dialect: what passes, what is looked into, and how they end.

use super::*;
use crate::providers::failure::FailureClass;

const EVENTS: [&str; 7] = [
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"claude\",\
     \"usage\":{\"input_tokens\":12,\"output_tokens\":1}}}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\
     \"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    "event: ping\ndata: {\"type\": \"ping\"}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\
     \"delta\":{\"type\":\"text_delta\",\"text\":\"an \\\"error\\\"\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\
     \"usage\":{\"output_tokens\":5}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
];

/// What the client gets of pieces, and whether the stream ended whole.
fn told(pieces: &[&[u8]]) -> (String, Result<EventReader, ProviderFailure>) {
    let mut reader = EventReader::new("mine");
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
fn events_pass_but_for_the_models_name_and_the_last() {
    let (text, reader) = told(&EVENTS.map(str::as_bytes));
    let wanted = EVENTS[..6].concat().replace("claude", "mine");
    assert_eq!(text, wanted);
    let reader = reader.unwrap();
    let usage = reader.seen().usage.unwrap();
    assert_eq!((usage.prompt_tokens, usage.completion_tokens, reader.seen().content_events), (12, 5, 1));
    assert_eq!(reader.terminal(), EVENTS[6]);
}

#[test]
fn what_the_beginning_counts_is_known_before_the_end_and_so_is_the_text() {
    let mut reader = EventReader::new("mine");
    for event in &EVENTS[..4] {
        reader.push(Bytes::from_static(event.as_bytes())).unwrap();
    }
    let Seen { usage, so_far, content_events, content_bytes } = reader.seen().clone();
    assert_eq!((usage, so_far.unwrap().prompt_tokens), (None, 12));
    assert_eq!((content_events, content_bytes), (1, 12));
}

#[test]
fn it_does_not_matter_how_the_bytes_are_cut() {
    let all = EVENTS.concat();
    let bytes: Vec<&[u8]> = all.as_bytes().chunks(1).collect();
    assert_eq!(told(&bytes).0, told(&[all.as_bytes()]).0);
}

#[test]
fn a_stream_that_is_cut_short_is_an_error_until_it_has_told_why_it_ends() {
    for cut in 0..EVENTS.len() {
        let (_, end) = told(&EVENTS.map(str::as_bytes)[..cut]);
        assert_eq!(end.is_ok(), cut >= 6, "{cut}");
    }
}

#[test]
fn an_error_ends_the_stream_with_its_own_class() {
    let error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    let (text, end) = told(&[EVENTS[0].as_bytes(), error.as_bytes()]);
    let failure = end.map(drop).unwrap_err();
    assert_eq!((failure.class, failure.status), (FailureClass::Overloaded, 529));
    assert!(!text.contains("error"));
}
