//! A whole answer: passed as it came, and read for what was used.

use crate::api::members::{Members, raw};
use crate::providers::failure::ProviderFailure;
use crate::providers::gemini::failure;
use crate::providers::gemini::grounding::Queries;
use crate::providers::gemini::wire::Response;
use crate::providers::provider::WholeAnswer;
use crate::usage::Usage;
use bytes::Bytes;
use serde_json::value::RawValue;

/// Says who counted. LiteLLM's word.
const COUNT_SOURCE: &str = "litellm_count_source";

fn malformed(body: &[u8]) -> ProviderFailure {
    ProviderFailure::malformed(format!("the upstream's answer is none of Gemini's: {}", failure::excerpt(body)))
}

/// Reads an answer of status 200.
///
/// # Errors
/// It is none, or tells of an error.
pub(super) fn read(body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
    let answer: Response<'_> = serde_json::from_slice(&body).map_err(|_| malformed(&body))?;
    if let Some(error) = answer.error {
        return Err(failure::in_band(error));
    }
    if answer.candidates.is_none() && answer.prompt_feedback.is_none() {
        return Err(malformed(&body));
    }
    let mut queries = Queries::default();
    answer.candidates.iter().flatten().for_each(|candidate| queries.add(candidate.grounding_metadata));
    let usage = answer.usage_metadata.map(|counts| counts.usage(&queries));
    Ok(WholeAnswer { body, usage })
}

/// Reads a count, which costs nothing.
///
/// # Errors
/// It counts nothing.
pub(super) fn count(body: &Bytes) -> Result<WholeAnswer, ProviderFailure> {
    let unreadable = |_| malformed(body);
    let mut members = Members::parse(body).map_err(unreadable)?;
    if members.read::<u64>("totalTokens").is_none() {
        return Err(malformed(body));
    }
    let nothing: [&RawValue; 0] = [];
    for (name, value) in [("promptTokensDetails", raw(&nothing)), (COUNT_SOURCE, raw(&"provider"))] {
        if !members.has(name) {
            members.set(name, value.map_err(unreadable)?);
        }
    }
    Ok(WholeAnswer { body: members.to_json().into(), usage: Some(Usage::default()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::failure::FailureClass;

    #[test]
    fn an_answer_passes_as_it_came_and_is_counted() {
        let body = r#"{"candidates":[{"content":{"parts":[{"new":1.50}]},"groundingMetadata":{"webSearchQueries":["a"]}}],
            "usageMetadata":{"promptTokenCount":12,"candidatesTokenCount":5},"responseId":"r"}"#;
        let told = read(Bytes::from_static(body.as_bytes())).unwrap();
        let usage = told.usage.unwrap();
        assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.web_searches), (12, 5, 1));
        assert_eq!(told.body, body);
        assert!(read(Bytes::from_static(br#"{"promptFeedback":{"blockReason":"SAFETY"}}"#)).is_ok());
    }

    #[test]
    fn errors_and_what_is_no_answer_are_the_upstreams_fault() {
        for body in ["<html>", "{", "{}", "[]"] {
            assert_eq!(read(Bytes::from_static(body.as_bytes())).unwrap_err().class, FailureClass::Malformed, "{body}");
        }
        let error = br#"{"error":{"code":503,"message":"overloaded"}}"#;
        assert_eq!(read(Bytes::from_static(error)).unwrap_err().class, FailureClass::Overloaded);
    }

    #[test]
    fn a_count_is_told_with_its_source_and_costs_nothing() {
        let told = count(&Bytes::from_static(br#"{"totalTokens":3}"#)).unwrap();
        assert_eq!(told.body, r#"{"totalTokens":3,"promptTokensDetails":[],"litellm_count_source":"provider"}"#);
        assert_eq!(told.usage, Some(Usage::default()));
        assert!(count(&Bytes::from_static(b"{}")).is_err());
    }
}
