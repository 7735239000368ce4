//! What a client sees of an endpoint's stream, however its bytes are cut.

use crate::clock::Timestamp;
use crate::id::RequestId;
use crate::providers::failure::{FailureClass, ProviderFailure};
use crate::providers::operation::Operation;
use crate::providers::provider::{Provider, Reply};
use crate::providers::sagemaker::SageMaker;
use crate::wire::event_stream::{encoded, encoded_event};
use bytes::Bytes;

const CHAT: &str = concat!(
    "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"H\u{e9}l\"}}]}\n\n",
    "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"}}]}\n\n",
    "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: [DONE]\n\n",
);
/// As Hugging Face's server writes it.
const GENERATED: &str = concat!(
    "data:{\"index\":1,\"token\":{\"id\":1,\"text\":\"H\u{e9}l\",\"logprob\":-0.1,\"special\":false},\"generated_text\":null,\"details\":null}\n\n",
    "data:{\"index\":2,\"token\":{\"id\":2,\"text\":\"lo\",\"logprob\":-0.1,\"special\":false},\"generated_text\":null,\"details\":null}\n\n",
    "data:{\"index\":3,\"token\":{\"id\":3,\"text\":\"</s>\",\"logprob\":-0.1,\"special\":true},\"generated_text\":\"H\u{e9}llo\",",
    "\"details\":{\"finish_reason\":\"eos_token\",\"generated_tokens\":3,\"input_length\":7,\"seed\":null}}\n\n",
);
/// As AWS's container for large models writes it.
const LINES: &str = concat!(
    "{\"token\":{\"id\":1,\"text\":\"H\u{e9}l\",\"log_prob\":-0.1}}\n",
    "{\"token\":{\"id\":2,\"text\":\"lo\",\"log_prob\":-0.1},\"generated_text\":\"H\u{e9}llo\",",
    "\"details\":{\"finish_reason\":\"length\",\"generated_tokens\":2,\"inputs\":\"Hi\"}}\n",
);

/// AWS's messages with pieces of so many bytes.
fn packed(stream: &str, bytes: usize) -> Vec<Vec<u8>> {
    stream.as_bytes().chunks(bytes).map(|piece| encoded_event("PayloadPart", piece)).collect()
}

fn read(speaker: SageMaker, messages: &[Vec<u8>], cut: usize) -> Result<String, ProviderFailure> {
    let id = RequestId::at(Timestamp::from_seconds(1), &[1; 10]);
    let reply = Reply { operation: Operation::Chat, id, model: "mine", asked: &[], deployment: "", show_usage: true };
    let mut decoder = speaker.decoder(reply);
    let mut out = Vec::new();
    for chunk in messages.concat().chunks(cut) {
        out.extend_from_slice(&decoder.push(Bytes::copy_from_slice(chunk))?);
    }
    out.extend_from_slice(&decoder.finish()?);
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn what_the_client_sees_depends_neither_on_awss_cuts_nor_on_the_networks() {
    for (speaker, stream) in [(SageMaker::Chat, CHAT), (SageMaker::Generate, GENERATED), (SageMaker::Generate, LINES)] {
        let whole = read(speaker, &packed(stream, usize::MAX), usize::MAX).unwrap();
        assert!(whole.contains("\"content\":\"H\u{e9}l\"") && whole.contains("\"content\":\"lo\""), "{whole}");
        assert!(!whole.contains("</s>"), "{whole}");
        for (piece, cut) in [(1, 1), (1, 7), (5, 1), (40, 13), (200, 1000)] {
            assert_eq!(read(speaker, &packed(stream, piece), cut).unwrap(), whole, "{piece} {cut}");
        }
    }
}

#[test]
fn why_a_text_ended_and_what_it_used_are_told() {
    let told = read(SageMaker::Generate, &packed(GENERATED, 50), 50).unwrap();
    assert!(told.contains("\"finish_reason\":\"stop\"") && told.contains("\"prompt_tokens\":7"), "{told}");
    let told = read(SageMaker::Generate, &packed(LINES, 50), 50).unwrap();
    assert!(told.contains("\"finish_reason\":\"length\"") && !told.contains("prompt_tokens"), "{told}");
}

#[test]
fn a_stream_that_is_cut_is_an_error() {
    for (speaker, stream) in [(SageMaker::Chat, CHAT), (SageMaker::Generate, GENERATED), (SageMaker::Generate, LINES)] {
        let whole = packed(stream, 10);
        let end = if speaker == SageMaker::Chat { "finish_reason" } else { "\"details\":{" };
        let told = stream.find(end).unwrap() / 10;
        for cut in 0..told {
            let error = read(speaker, &whole[..cut], 9).unwrap_err();
            assert_eq!(error.class, FailureClass::Malformed, "{cut}");
        }
    }
}

#[test]
fn exceptions_end_a_stream() {
    let exception =
        |kind: &str, payload: &[u8]| encoded(&[(":exception-type", kind), (":message-type", "exception")], payload);
    let mut messages = packed(CHAT, 150);
    messages.truncate(1);
    messages.push(exception("ModelStreamError", br#"{"Message":"slow","ErrorCode":"ModelInvocationTimeExceeded"}"#));
    let failure = read(SageMaker::Chat, &messages, 9).unwrap_err();
    assert_eq!((failure.class, failure.status), (FailureClass::Timeout, 504));
    assert!(failure.message.contains("slow"), "{}", failure.message);
    let broken = [exception("InternalStreamFailure", b"{}")];
    assert_eq!(read(SageMaker::Generate, &broken, 9).unwrap_err().status, 503);
    let refused = "data:{\"error\":\"Model is overloaded\",\"error_type\":\"overloaded\"}\n\n";
    let failure = read(SageMaker::Generate, &packed(refused, 10), 9).unwrap_err();
    assert_eq!((failure.status, failure.message.as_str()), (429, "Model is overloaded"));
}
