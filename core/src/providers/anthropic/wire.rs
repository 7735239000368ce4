//! What an answer is made of, as Anthropic writes it: what it used, and why it stopped.

use crate::api::answer::finish::Finish;
use crate::api::chat::text::Text;
use crate::usage::{ServiceTier, Usage};
use serde::{Deserialize, Deserializer};

/// Token counts. In a stream they come in pieces, and a later count replaces an earlier one.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Counts {
    #[serde(default, deserialize_with = "count")]
    input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    output_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    cache_creation_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    cache_read_input_tokens: Option<u64>,
    #[serde(default)]
    cache_creation: Option<CacheCreation>,
    #[serde(default)]
    server_tool_use: Option<ServerToolUse>,
    #[serde(default)]
    output_tokens_details: Option<OutputDetails>,
    #[serde(default)]
    service_tier: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct CacheCreation {
    #[serde(default)]
    ephemeral_1h_input_tokens: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct ServerToolUse {
    #[serde(default)]
    web_search_requests: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct OutputDetails {
    #[serde(default)]
    thinking_tokens: Option<u64>,
}

impl Counts {
    /// Takes over what the later counts tell.
    pub(super) fn update(&mut self, later: Self) {
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
        self.cache_creation_input_tokens = later.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.cache_read_input_tokens = later.cache_read_input_tokens.or(self.cache_read_input_tokens);
        self.cache_creation = later.cache_creation.or(self.cache_creation);
        self.server_tool_use = later.server_tool_use.or(self.server_tool_use);
        self.output_tokens_details = later.output_tokens_details.or(self.output_tokens_details);
        self.service_tier = later.service_tier.or(self.service_tier.take());
    }

    /// Whether the input or the output is counted.
    pub(super) fn are_told(&self) -> bool {
        self.input_tokens.is_some() || self.output_tokens.is_some()
    }

    /// The counts as the OpenAI dialect means them: what the cache did is part of the input.
    pub(super) fn usage(&self) -> Usage {
        let cache_write_tokens = self.cache_creation_input_tokens.unwrap_or(0);
        let cache_read_tokens = self.cache_read_input_tokens.unwrap_or(0);
        let uncached = self.input_tokens.unwrap_or(0);
        Usage {
            prompt_tokens: uncached.saturating_add(cache_write_tokens).saturating_add(cache_read_tokens),
            completion_tokens: self.output_tokens.unwrap_or(0),
            cache_read_tokens,
            cache_write_tokens,
            counts_cache_writes: true,
            cache_write_1h_tokens: self.cache_creation.and_then(|cache| cache.ephemeral_1h_input_tokens).unwrap_or(0),
            reasoning_tokens: self.output_tokens_details.and_then(|details| details.thinking_tokens).unwrap_or(0),
            web_searches: self.server_tool_use.and_then(|tools| tools.web_search_requests).unwrap_or(0),
            service_tier: self.service_tier.as_deref().map(ServiceTier::from_name),
            ..Usage::default()
        }
        .checked()
    }
}

/// A count, also where someone who only speaks like Anthropic writes it as `12.0` or below zero.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let number = Option::<f64>::deserialize(deserializer)?;
    // A float-to-int cast saturates, and what is below zero counts as nothing.
    Ok(number.map(|number| number as u64))
}

/// Why an answer stopped, in OpenAI's words. A context that is full cuts the answer off as a cap does.
pub(super) fn finish(stop_reason: Option<&Text<'_>>) -> Finish {
    match stop_reason.map(|reason| &**reason) {
        Some("max_tokens" | "model_context_window_exceeded") => Finish::Length,
        Some("tool_use") => Finish::ToolCalls,
        Some("refusal") => Finish::ContentFilter,
        _ => Finish::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_cache_did_is_part_of_the_input_and_later_counts_win() {
        let mut counts: Counts = serde_json::from_str(r#"{"input_tokens":20,"output_tokens":1}"#).unwrap();
        let later = r#"{"output_tokens":9,"cache_creation_input_tokens":30,"cache_read_input_tokens":100,
            "cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20}}"#;
        counts.update(serde_json::from_str(later).unwrap());
        let usage = counts.usage();
        assert_eq!((usage.prompt_tokens, usage.completion_tokens), (150, 9));
        assert_eq!((usage.cache_read_tokens, usage.cache_write_tokens, usage.cache_write_1h_tokens), (100, 30, 20));
    }
}
