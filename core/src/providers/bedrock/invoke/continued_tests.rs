//! What continued texts tell, whole and in pieces.

use super::*;
use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::FailureClass;
use crate::providers::operation::Operation;
use crate::providers::provider::Reply;
use crate::providers::translation::Translation;
use crate::wire::event_stream::MessageSplitter;
use bytes::Bytes;

const FAMILIES: [Family; 3] = [Family::Llama, Family::Mistral, Family::Titan];

/// An answer in two pieces.
fn events(family: Family) -> [&'static str; 2] {
    match family {
        Family::Llama | Family::Qwen => [
            r#"{"generation":"He","prompt_token_count":12,"generation_token_count":1,"stop_reason":null}"#,
            r#"{"generation":"y","prompt_token_count":null,"generation_token_count":5,"stop_reason":"length"}"#,
        ],
        Family::Mistral => [
            r#"{"outputs":[{"text":"He","stop_reason":null}]}"#,
            r#"{"outputs":[{"text":"y","stop_reason":"length"}],"amazon-bedrock-invocationMetrics":{"inputTokenCount":12,"outputTokenCount":5}}"#,
        ],
        Family::Titan => [
            r#"{"outputText":"He","index":0,"totalOutputTextTokenCount":null,"completionReason":null,"inputTextTokenCount":12}"#,
            r#"{"outputText":"y","index":0,"totalOutputTextTokenCount":5,"completionReason":"LENGTH","inputTextTokenCount":null}"#,
        ],
    }
}

/// What the client gets of pieces, and whether the stream ended whole.
fn told(family: Family, pieces: &[&[u8]]) -> (String, Result<Usage, ProviderFailure>) {
    let id = RequestId::at(Timestamp::from_seconds(1), &[0; 10]);
    let reply = Reply { operation: Operation::Chat, id, model: "mine", asked: &[], deployment: "d", show_usage: true };
    let mut reader = Translation::<_, MessageSplitter>::framed(reply, ContinuedEvents::new(family));
    let mut all = Vec::new();
    for piece in pieces {
        all.extend_from_slice(&reader.push(Bytes::copy_from_slice(piece)).unwrap());
    }
    let end = reader.finish();
    all.extend_from_slice(end.as_deref().unwrap_or_default());
    (String::from_utf8(all).unwrap(), end.map(|_| reader.seen().usage.unwrap()))
}

#[test]
fn pieces_are_told_with_why_they_end_and_what_was_used() {
    for family in FAMILIES {
        let stream: Vec<u8> = events(family).iter().flat_map(|event| chunk::encoded(event)).collect();
        let (text, end) = told(family, &[&stream]);
        assert!(text.contains(r#""content":"He""#) && text.contains(r#""finish_reason":"length""#), "{text}");
        let usage = end.unwrap();
        assert_eq!((usage.prompt_tokens, usage.completion_tokens), (12, 5), "{family:?}");
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(told(family, &bytes).0, text, "{family:?}");
    }
}

#[test]
fn a_stream_that_is_cut_short_is_an_error() {
    for family in FAMILIES {
        assert!(told(family, &[]).1.is_err());
        assert!(told(family, &[&chunk::encoded(events(family)[0])]).1.is_err(), "{family:?}");
    }
}

#[test]
fn whole_answers_are_read_in_each_familys_form() {
    for (family, body) in [
        (
            Family::Llama,
            r#"{"generation":"Hey","prompt_token_count":12,"generation_token_count":5,"stop_reason":"stop"}"#,
        ),
        (Family::Mistral, r#"{"outputs":[{"text":"Hey","stop_reason":"stop"}]}"#),
        (
            Family::Titan,
            r#"{"inputTextTokenCount":12,"results":[{"tokenCount":5,"outputText":"Hey","completionReason":"FINISH"}]}"#,
        ),
    ] {
        let answer = read(family, body.as_bytes()).unwrap();
        let choice = &answer.choices[0];
        assert_eq!((choice.message.content.as_deref(), choice.finish), (Some("Hey"), Finish::Stop));
        let used = answer.usage.map(|usage| (usage.prompt_tokens, usage.completion_tokens));
        assert_eq!(used, (family != Family::Mistral).then_some((12, 5)));
    }
}

#[test]
fn what_is_no_answer_is_the_upstreams_fault() {
    for body in ["<html>", "{}", r#"{"outputs":[]}"#, r#"{"results":[]}"#] {
        for family in FAMILIES {
            assert_eq!(read(family, body.as_bytes()).unwrap_err().class, FailureClass::Malformed, "{body}");
        }
    }
}
