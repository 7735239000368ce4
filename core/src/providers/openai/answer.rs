//! A whole answer in the OpenAI dialect: passed on as the bytes it came in where nothing is odd about it, and read for its
//! usage.

use super::choices::{self, Part};
use super::{embedding, failure, media_answer};
use crate::api::members::Members;
use crate::providers::failure::ProviderFailure;
use crate::providers::operation::Operation;
use crate::providers::provider::{Reply, WholeAnswer};
use crate::wire::openai_usage::usage_and_tier;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// The members of an answer that matter here.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    service_tier: Option<&'a RawValue>,
    #[serde(default)]
    choices: Option<IgnoredAny>,
    #[serde(default)]
    data: Option<IgnoredAny>,
    #[serde(default)]
    results: Option<IgnoredAny>,
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

fn put_right(body: &[u8]) -> Option<Bytes> {
    let mut members = Members::parse(body).ok()?;
    choices::put_right(&mut members, Part::Message);
    Some(Bytes::from(members.to_json()))
}

/// Reads an answer of status 200.
pub(super) fn read(reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
    match reply.operation {
        Operation::Speech => return Ok(WholeAnswer { body, usage: None }),
        Operation::Transcription | Operation::Translation => return media_answer::transcript(body),
        Operation::ImageGeneration | Operation::ImageEdit => return media_answer::images(&body),
        _ => {}
    }
    let Ok(answer) = serde_json::from_slice::<Answer<'_>>(&body) else {
        return Err(ProviderFailure::malformed(format!(
            "the upstream's answer is not JSON: {}",
            failure::excerpt(&body)
        )));
    };
    if let Some(error) = answer.error.filter(|error| error.get() != "null") {
        return Err(failure::in_band(error.get().as_bytes()));
    }
    let operation = reply.operation;
    let has_content = match operation {
        Operation::Embedding | Operation::Rerank => answer.data.is_some(),
        Operation::Moderation => answer.results.is_some(),
        _ => answer.choices.is_some(),
    };
    if !has_content {
        return Err(ProviderFailure::malformed(format!(
            "the upstream's answer has no content: {}",
            failure::excerpt(&body)
        )));
    }
    let usage = usage_and_tier(answer.usage, answer.service_tier);
    if operation.generates() && choices::may_differ(&body, Part::Message) {
        return Ok(WholeAnswer { usage, body: put_right(&body).unwrap_or(body) });
    }
    let told = match operation {
        Operation::Embedding => embedding::told(&body, reply.model, (answer.model, answer.usage)),
        _ => None,
    };
    Ok(WholeAnswer { usage, body: told.unwrap_or(body) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::id::RequestId;
    use crate::providers::failure::FailureClass;
    use crate::usage::ServiceTier;

    fn read_chat(body: &'static str) -> Result<WholeAnswer, ProviderFailure> {
        let id = RequestId::at(Timestamp::from_seconds(1), &[1; 10]);
        let reply =
            Reply { operation: Operation::Chat, id, model: "m", deployment: "d", asked: &[], show_usage: false };
        read(reply, Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn an_answer_passes_as_it_is_and_its_usage_is_read() {
        let body = r#"{"choices":[],"x":1,"usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17}}"#;
        let answer = read_chat(body).unwrap();
        assert_eq!(answer.body, body);
        assert_eq!(answer.usage.unwrap().prompt_tokens, 12);
        let served = read_chat(r#"{"choices":[],"usage":{"prompt_tokens":1},"service_tier":"flex"}"#).unwrap();
        assert_eq!(served.usage.unwrap().service_tier, Some(ServiceTier::Flex));
    }

    #[test]
    fn html_cut_json_and_empty_answers_are_the_upstreams_fault() {
        for body in ["<html>", "{\"choices\":[", "", "[]", "{}"] {
            assert_eq!(read_chat(body).unwrap_err().class, FailureClass::Malformed, "{body}");
        }
    }

    #[test]
    fn an_error_with_status_200_is_an_error() {
        let failure = read_chat(r#"{"error":{"message":"slow down","code":429}}"#).unwrap_err();
        assert_eq!((failure.status, failure.message.as_str()), (429, "slow down"));
    }
}
