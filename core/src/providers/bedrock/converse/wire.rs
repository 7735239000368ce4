//! What an answer is made of, as Converse writes it: what it used, and why it stopped.

use crate::api::answer::finish::Finish;
use crate::usage::{ServiceTier, Usage};
use serde::Deserialize;

/// Token counts.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Counts {
    input_tokens: u64,
    output_tokens: u64,
    total_tokens: u64,
    cache_read_input_tokens: Option<u64>,
    cache_write_input_tokens: Option<u64>,
    cache_details: Vec<CacheDetail>,
}

/// What was written to the cache, by how long it is kept.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CacheDetail {
    input_tokens: u64,
    ttl: String,
}

/// The member `serviceTier` of an answer.
#[derive(Debug, Deserialize)]
pub(super) struct Tier {
    r#type: String,
}

/// What the model's maker tells beside the answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Fields {
    usage: FieldsUsage,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FieldsUsage {
    output_tokens_details: OutputDetails,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    thinking_tokens: u64,
}

impl Counts {
    /// The counts as the OpenAI dialect means them: what the cache did is part of the input.
    pub(super) fn usage(&self, tier: Option<&Tier>, fields: Option<&Fields>) -> Usage {
        let cache_read_tokens = self.cache_read_input_tokens.unwrap_or(0);
        let cache_write_tokens = self.cache_write_input_tokens.unwrap_or(0);
        let kept_an_hour = self.cache_details.iter().filter(|detail| detail.ttl == "1h");
        Usage {
            prompt_tokens: self.input_tokens.saturating_add(cache_read_tokens).saturating_add(cache_write_tokens),
            completion_tokens: self.output_tokens,
            total_tokens: self.total_tokens,
            cache_read_tokens,
            cache_write_tokens,
            counts_cache_writes: true,
            cache_write_1h_tokens: kept_an_hour.map(|detail| detail.input_tokens).sum(),
            reasoning_tokens: fields.map_or(0, |fields| fields.usage.output_tokens_details.thinking_tokens),
            service_tier: tier.map(|tier| ServiceTier::from_name(&tier.r#type)),
            ..Usage::default()
        }
        .checked()
    }
}

/// Why an answer stopped, in OpenAI's words. A context that is full cuts the answer off as a cap does.
pub(super) fn finish(stop_reason: &str) -> Finish {
    match stop_reason {
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "tool_use" => Finish::ToolCalls,
        "guardrail_intervened" | "content_filtered" => Finish::ContentFilter,
        _ => Finish::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_cache_did_is_part_of_the_input() {
        let json = r#"{"inputTokens":20,"outputTokens":9,"totalTokens":159,"cacheReadInputTokens":100,
            "cacheWriteInputTokens":30,"cacheDetails":[{"inputTokens":10,"ttl":"5m"},{"inputTokens":20,"ttl":"1h"}]}"#;
        let counts: Counts = serde_json::from_str(json).unwrap();
        let fields = serde_json::from_str(r#"{"usage":{"output_tokens_details":{"thinking_tokens":4}}}"#).unwrap();
        let usage = counts.usage(None, Some(&fields));
        assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.total()), (150, 9, 159));
        assert_eq!((usage.cache_read_tokens, usage.cache_write_tokens, usage.cache_write_1h_tokens), (100, 30, 20));
        assert_eq!(usage.reasoning_tokens, 4);
    }
}
