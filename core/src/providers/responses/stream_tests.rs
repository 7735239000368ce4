//! What passes of a stream, however it is cut.

use super::*;
use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::providers::failure::FailureClass;
use crate::providers::operation::Operation;

const EVENTS: [&str; 6] = [
    "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_u\",\"model\":\"gpt-x\",\
     \"usage\":null},\"sequence_number\":0}\n\n",
    "event: response.output_item.added\ndata: {\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":{}}\n\n",
    "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"a \\\"response\\\": b\"}\n\n",
    "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"c\"}\n\n",
    "event: keepalive\ndata: {\"type\":\"keepalive\"}\n\n",
    "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_u\",\"model\":\"gpt-x\",\
     \"output\":[],\"usage\":{\"input_tokens\":12,\"output_tokens\":5}},\"sequence_number\":9}\n\n",
];

fn reader() -> EventReader {
    let (operation, id) = (Operation::Responses, RequestId::at(Timestamp::from_seconds(1), &[0; 10]));
    EventReader::new(Reply { operation, id, model: "mine", deployment: "d", asked: &[], show_usage: false })
}

/// What the client gets of pieces, and whether the stream ended whole.
fn told(pieces: &[&[u8]]) -> (String, EventReader, Result<(), ProviderFailure>) {
    let mut reader = reader();
    let mut all = Vec::new();
    for piece in pieces {
        match reader.push(Bytes::copy_from_slice(piece)) {
            Ok(bytes) => all.extend_from_slice(&bytes),
            Err(failure) => return (String::from_utf8(all).unwrap(), reader, Err(failure)),
        }
    }
    let end = reader.finish();
    all.extend_from_slice(end.as_deref().unwrap_or_default());
    (String::from_utf8(all).unwrap(), reader, end.map(drop))
}

#[test]
fn events_pass_but_for_the_responses_names_and_the_last_waits() {
    let (text, reader, end) = told(&EVENTS.map(str::as_bytes));
    end.unwrap();
    assert!(text.ends_with(&EVENTS[1..5].concat()) && text.contains("\"model\":\"mine\""), "{text}");
    let name = ResponseId::name("d", "mine", "resp_u");
    assert!(text.contains(&name) && !text.contains("completed"));
    let last = String::from_utf8(reader.terminal().to_vec()).unwrap();
    assert!(last.contains("response.completed") && last.contains(&name) && last.ends_with("data: [DONE]\n\n"));
    let usage = reader.seen().usage.unwrap();
    assert_eq!((usage.prompt_tokens, usage.completion_tokens, reader.seen().content_events), (12, 5, 2));
}

#[test]
fn it_does_not_matter_how_the_bytes_are_cut() {
    let all = EVENTS.concat();
    let bytes: Vec<&[u8]> = all.as_bytes().chunks(1).collect();
    let (whole, cut) = (told(&[all.as_bytes()]), told(&bytes));
    assert_eq!((cut.0, cut.1.terminal()), (whole.0, whole.1.terminal()));
}

#[test]
fn a_stream_that_is_cut_short_is_an_error_until_the_response_has_ended() {
    for cut in 0..=EVENTS.len() {
        let (_, reader, end) = told(&EVENTS.map(str::as_bytes)[..cut]);
        assert_eq!(end.is_ok(), cut == EVENTS.len(), "{cut}");
        let told = String::from_utf8(reader.broken("server_error", "cut").unwrap().to_vec()).unwrap();
        assert!(
            told.contains("\"code\":\"server_error\"") && told.contains(&format!("\"sequence_number\":{}", cut.min(5)))
        );
    }
}

#[test]
fn a_response_that_failed_is_an_error_and_tells_it_in_its_own_words() {
    let failed = "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"id\":\"resp_u\",\"model\":\"gpt-x\",\
        \"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"slow down\"},\"usage\":{\"input_tokens\":7,\
        \"output_tokens\":1}}}\n\n";
    let (text, reader, end) = told(&[EVENTS[0].as_bytes(), failed.as_bytes()]);
    let failure = end.unwrap_err();
    assert_eq!((failure.class, failure.message.as_str()), (FailureClass::RateLimited, "slow down"));
    assert_eq!(reader.seen().usage.unwrap().prompt_tokens, 7);
    let told = String::from_utf8(reader.broken("x", "y").unwrap().to_vec()).unwrap();
    assert!(!text.contains("failed") && told.contains("slow down") && told.contains("\"model\":\"mine\""));
}

#[test]
fn an_error_event_is_an_error() {
    for error in [
        "event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"boom\",\"response\":null,\"error\":null}\n\n",
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"server_error\",\"message\":\"boom\"}}\n\n",
    ] {
        let failure = told(&[EVENTS[0].as_bytes(), error.as_bytes()]).2.unwrap_err();
        assert_eq!(failure.message, "boom", "{error}");
    }
}
