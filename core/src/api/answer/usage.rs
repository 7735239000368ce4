//! What an answer used, as clients read it: OpenAI's members, and LiteLLM's for what the prompt cache did.

use crate::usage::{ServiceTier, Usage};
use serde::Serialize;

/// The `usage` member of an answer.
#[derive(Debug, Serialize)]
pub struct UsageMember {
    completion_tokens: u64,
    prompt_tokens: u64,
    total_tokens: u64,
    completion_tokens_details: CompletionDetails,
    prompt_tokens_details: PromptDetails,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_creation_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_read_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_tool_use: Option<ServerTools>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
    text_tokens: u64,
    #[serde(skip_serializing_if = "is_zero")]
    audio_tokens: u64,
    #[serde(skip_serializing_if = "is_zero")]
    image_tokens: u64,
}

#[derive(Debug, Serialize)]
struct PromptDetails {
    cached_tokens: u64,
    text_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_creation_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_creation_token_details: Option<Lifetimes>,
    #[serde(skip_serializing_if = "is_zero")]
    audio_tokens: u64,
    #[serde(skip_serializing_if = "is_zero")]
    image_tokens: u64,
}

#[derive(Debug, Serialize)]
struct Lifetimes {
    ephemeral_5m_input_tokens: u64,
    ephemeral_1h_input_tokens: u64,
}

#[derive(Debug, Serialize)]
struct ServerTools {
    web_search_requests: u64,
}

impl From<&Usage> for UsageMember {
    fn from(usage: &Usage) -> Self {
        let output_parts = [usage.reasoning_tokens, usage.audio_completion_tokens, usage.image_completion_tokens];
        let input_parts =
            [usage.cache_read_tokens, usage.cache_write_tokens, usage.audio_prompt_tokens, usage.image_prompt_tokens];
        let counted = |count: u64| Some(count).filter(|count| usage.counts_cache_writes || *count > 0);
        let five_minutes = usage.cache_write_tokens.saturating_sub(usage.cache_write_1h_tokens);
        Self {
            completion_tokens: usage.completion_tokens,
            prompt_tokens: usage.prompt_tokens,
            total_tokens: usage.total(),
            completion_tokens_details: CompletionDetails {
                reasoning_tokens: usage.reasoning_tokens,
                text_tokens: rest(usage.completion_tokens, &output_parts),
                audio_tokens: usage.audio_completion_tokens,
                image_tokens: usage.image_completion_tokens,
            },
            prompt_tokens_details: PromptDetails {
                cached_tokens: usage.cache_read_tokens,
                text_tokens: rest(usage.prompt_tokens, &input_parts),
                cache_creation_tokens: counted(usage.cache_write_tokens),
                cache_write_tokens: counted(usage.cache_write_tokens),
                cache_creation_token_details: (usage.cache_write_1h_tokens > 0).then_some(Lifetimes {
                    ephemeral_5m_input_tokens: five_minutes,
                    ephemeral_1h_input_tokens: usage.cache_write_1h_tokens,
                }),
                audio_tokens: usage.audio_prompt_tokens,
                image_tokens: usage.image_prompt_tokens,
            },
            cache_creation_input_tokens: counted(usage.cache_write_tokens),
            cache_read_input_tokens: counted(usage.cache_read_tokens),
            server_tool_use: (usage.web_searches > 0)
                .then_some(ServerTools { web_search_requests: usage.web_searches }),
            service_tier: usage.service_tier.filter(|tier| *tier != ServiceTier::Standard).map(ServiceTier::name),
        }
    }
}

fn rest(whole: u64, parts: &[u64]) -> u64 {
    parts.iter().fold(whole, |rest, part| rest.saturating_sub(*part))
}

// The signature is serde's.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_cache_did_is_told_and_what_is_left_is_text() {
        let usage = Usage {
            prompt_tokens: 150,
            completion_tokens: 9,
            cache_read_tokens: 100,
            cache_write_tokens: 30,
            cache_write_1h_tokens: 20,
            ..Usage::default()
        };
        let told = serde_json::to_value(UsageMember::from(&usage)).unwrap();
        assert_eq!(told["total_tokens"], json!(159));
        assert_eq!(
            told["prompt_tokens_details"],
            json!({
                "cached_tokens": 100, "text_tokens": 20, "cache_creation_tokens": 30, "cache_write_tokens": 30,
                "cache_creation_token_details": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
            })
        );
        assert_eq!((&told["cache_read_input_tokens"], &told["server_tool_use"]), (&json!(100), &json!(null)));
    }

    #[test]
    fn that_nothing_was_written_to_the_cache_is_told_of_providers_that_count_it() {
        let told = |counts_cache_writes| {
            let usage = Usage { prompt_tokens: 3, counts_cache_writes, ..Usage::default() };
            let told = serde_json::to_value(UsageMember::from(&usage)).unwrap();
            let parts = &told["prompt_tokens_details"];
            [told.get("cache_creation_input_tokens").cloned(), parts.get("cache_write_tokens").cloned()]
        };
        assert_eq!((told(true), told(false)), ([Some(json!(0)), Some(json!(0))], [None, None]));
    }
}
