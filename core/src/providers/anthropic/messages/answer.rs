//! A whole answer: passed on with the client's name for the model, and read for what was used.

use crate::api::members::{Members, raw};
use crate::providers::anthropic::failure::{self, ErrorMember};
use crate::providers::anthropic::wire::Counts;
use crate::providers::failure::ProviderFailure;
use crate::providers::operation::Operation;
use crate::providers::provider::{Reply, WholeAnswer};
use crate::usage::Usage;
use bytes::Bytes;
use serde::Deserialize;

/// Says who counted. LiteLLM's word.
const COUNT_SOURCE: &str = "litellm_count_source";

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    input_tokens: Option<u64>,
    #[serde(default)]
    usage: Option<Counts>,
    #[serde(default)]
    error: Option<ErrorMember>,
}

/// Reads an answer of status 200.
pub(super) fn read(reply: Reply<'_>, body: &Bytes) -> Result<WholeAnswer, ProviderFailure> {
    let malformed = |what: &str| ProviderFailure::malformed(format!("{what}: {}", failure::excerpt(body)));
    let unreadable = |_| malformed("the upstream's answer is not a message");
    let answer: Answer = serde_json::from_slice(body).map_err(unreadable)?;
    if let Some(error) = answer.error {
        return Err(failure::in_band(error));
    }
    let mut members = Members::parse(body).map_err(unreadable)?;
    let usage = match reply.operation {
        Operation::CountTokens => {
            answer.input_tokens.ok_or_else(|| malformed("the upstream's answer counts nothing"))?;
            if !members.has(COUNT_SOURCE) {
                members.set(COUNT_SOURCE, raw(&"provider").map_err(unreadable)?);
            }
            // Counting is free.
            Some(Usage::default())
        }
        _ => {
            // What else it says is the client's to read: both speak the same dialect.
            members.replace("model", raw(&reply.model).map_err(unreadable)?);
            answer.usage.filter(Counts::are_told).map(|counts| counts.usage())
        }
    };
    Ok(WholeAnswer { usage, body: Bytes::from(members.to_json()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::id::RequestId;
    use crate::providers::failure::FailureClass;

    fn told(operation: Operation, body: &'static str) -> Result<WholeAnswer, ProviderFailure> {
        let id = RequestId::at(Timestamp::from_seconds(1), &[0; 10]);
        read(
            Reply { operation, id, model: "mine", deployment: "d", asked: &[], show_usage: false },
            &Bytes::from_static(body.as_bytes()),
        )
    }

    #[test]
    fn an_answer_passes_with_the_clients_name_for_the_model() {
        let answer = told(
            Operation::Messages,
            r#"{"model":"claude","content":[{"type":"new","x":1.0}],"usage":{"input_tokens":20,"output_tokens":9,"cache_read_input_tokens":100}}"#,
        )
        .unwrap();
        let wanted = r#"{"model":"mine","content":[{"type":"new","x":1.0}],"usage":{"input_tokens":20,"output_tokens":9,"cache_read_input_tokens":100}}"#;
        assert_eq!(answer.body, wanted);
        let usage = answer.usage.unwrap();
        assert_eq!((usage.prompt_tokens, usage.cache_read_tokens, usage.completion_tokens), (120, 100, 9));
    }

    #[test]
    fn a_count_is_told_with_its_source_and_costs_nothing() {
        let answer = told(Operation::CountTokens, r#"{"input_tokens":42}"#).unwrap();
        assert_eq!(answer.body, r#"{"input_tokens":42,"litellm_count_source":"provider"}"#);
        assert_eq!(answer.usage, Some(Usage::default()));
    }

    #[test]
    fn errors_and_what_is_no_message_are_the_upstreams_fault() {
        for body in ["<html>", "{", "[]"] {
            assert_eq!(told(Operation::Messages, body).unwrap_err().class, FailureClass::Malformed, "{body}");
        }
        let error = r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}"#;
        assert_eq!(told(Operation::Messages, error).unwrap_err().class, FailureClass::RateLimited);
        assert!(told(Operation::CountTokens, "{}").is_err());
    }
}
