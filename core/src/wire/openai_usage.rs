//! Reads the token counts of an answer in the OpenAI dialect, and only those. Counts that vendors write in their own
//! way (null, `12.0`, other names) are understood; everything else is skipped without being built.

use super::vendor_number::{Count, Dollars, Flag, Word};
use crate::money::NanoDollars;
use crate::usage::{Doubt, SearchContext, ServiceTier, Usage};
use serde_json::value::RawValue;

/// xAI's unit of cost.
const TICKS_PER_NANO: u64 = 10;

/// The counts of a usage object: the value of `usage`. `None` where it is null or counts nothing.
pub fn usage_from_openai(object: &[u8]) -> Option<Usage> {
    serde_json::from_slice::<Option<Counts>>(object).ok()??.usage()
}

/// The counts of a usage object that is about images: tokens of the output are theirs where it does not say otherwise.
pub fn usage_of_images(object: &[u8]) -> Option<Usage> {
    let usage = usage_from_openai(object)?;
    let is_split = usage.image_completion_tokens > 0;
    let images = if is_split { usage.image_completion_tokens } else { usage.completion_tokens };
    Some(Usage { image_completion_tokens: images, ..usage })
}

/// The counts of a usage object, and the tier that the answer around it names: the values of `usage` and
/// `service_tier`.
pub fn usage_and_tier(usage: Option<&RawValue>, service_tier: Option<&RawValue>) -> Option<Usage> {
    let usage = usage_from_openai(usage?.get().as_bytes())?;
    let Some(tier) = service_tier else { return Some(usage) };
    let tier = serde_json::from_str::<Word>(tier.get()).unwrap_or_default().0;
    Some(Usage { service_tier: tier.as_deref().map(ServiceTier::from_name).or(usage.service_tier), ..usage })
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Counts {
    prompt_tokens: Count,
    completion_tokens: Count,
    total_tokens: Count,
    input_tokens: Count,
    output_tokens: Count,
    prompt_tokens_details: Option<Details>,
    input_tokens_details: Option<Details>,
    /// As transcripts name it.
    input_token_details: Option<Details>,
    completion_tokens_details: Option<Details>,
    output_tokens_details: Option<Details>,
    cached_tokens: Count,
    num_cached_tokens: Count,
    prompt_cache_hit_tokens: Count,
    cache_read_input_tokens: Count,
    cache_creation_input_tokens: Count,
    cache_creation: Option<Lifetimes>,
    reasoning_tokens: Count,
    num_search_queries: Count,
    search_context_size: Word,
    citation_tokens: Count,
    server_tool_use: Option<ServerTools>,
    /// As xAI names it.
    server_side_tool_usage_details: Option<ServerCalls>,
    service_tier: Word,
    cost: Dollars,
    /// Where a router charges its own fee and the model's maker charges the rest.
    is_byok: Flag,
    cost_details: Option<CostDetails>,
    /// Ten thousand millionths of a dollar.
    cost_in_usd_ticks: Count,
}

#[derive(Clone, Copy, Default, serde::Deserialize)]
#[serde(default)]
struct CostDetails {
    upstream_inference_cost: Dollars,
}

#[derive(Clone, Copy, Default, serde::Deserialize)]
#[serde(default)]
struct Details {
    cached_tokens: Count,
    cache_creation_tokens: Count,
    cache_write_tokens: Count,
    cache_creation_token_details: Option<Lifetimes>,
    audio_tokens: Count,
    image_tokens: Count,
    reasoning_tokens: Count,
}

#[derive(Clone, Copy, Default, serde::Deserialize)]
#[serde(default)]
struct Lifetimes {
    ephemeral_1h_input_tokens: Count,
}

#[derive(Clone, Copy, Default, serde::Deserialize)]
#[serde(default)]
struct ServerTools {
    web_search_requests: Count,
}

#[derive(Clone, Copy, Default, serde::Deserialize)]
#[serde(default)]
struct ServerCalls {
    web_search_calls: Count,
}

impl Counts {
    fn usage(self) -> Option<Usage> {
        let prompt_tokens = self.prompt_tokens.or(self.input_tokens);
        let completion_tokens = self.completion_tokens.or(self.output_tokens);
        if !(prompt_tokens.is_told() || completion_tokens.is_told() || self.total_tokens.is_told()) {
            return None;
        }
        let input = self.prompt_tokens_details.or(self.input_tokens_details).or(self.input_token_details);
        let input = input.unwrap_or_default();
        let output = self.completion_tokens_details.or(self.output_tokens_details).unwrap_or_default();
        let searches = self.server_tool_use.unwrap_or_default().web_search_requests;
        let calls = self.server_side_tool_usage_details.unwrap_or_default().web_search_calls;
        let mut usage = Usage {
            prompt_tokens: prompt_tokens.get(),
            completion_tokens: completion_tokens.get(),
            total_tokens: self.total_tokens.get(),
            cache_read_tokens: self.cache_reads(input).get(),
            cache_write_tokens: self.cache_writes(input).get(),
            cache_write_1h_tokens: self.cache_writes_1h(input).get(),
            audio_prompt_tokens: input.audio_tokens.get(),
            audio_completion_tokens: output.audio_tokens.get(),
            reasoning_tokens: output.reasoning_tokens.or(self.reasoning_tokens).get(),
            image_prompt_tokens: input.image_tokens.get(),
            image_completion_tokens: output.image_tokens.get(),
            web_searches: searches.or(calls).or(self.num_search_queries).get(),
            citation_tokens: self.citation_tokens.get(),
            reported_cost: self.reported_cost(),
            service_tier: self.service_tier.0.as_deref().map(ServiceTier::from_name),
            search_context: self.search_context_size.0.as_deref().map(SearchContext::from_name),
            ..Usage::default()
        };
        if prompt_tokens.is_negative() || completion_tokens.is_negative() || self.total_tokens.is_negative() {
            usage.doubts.note(Doubt::Negative);
        }
        Some(normal(usage).checked())
    }

    fn cache_reads(&self, input: Details) -> Count {
        let named = input.cached_tokens.or(self.cached_tokens).or(self.prompt_cache_hit_tokens);
        named.or(self.cache_read_input_tokens).or(self.num_cached_tokens)
    }

    fn cache_writes(&self, input: Details) -> Count {
        input.cache_creation_tokens.or(input.cache_write_tokens).or(self.cache_creation_input_tokens)
    }

    fn cache_writes_1h(&self, input: Details) -> Count {
        let lifetimes = input.cache_creation_token_details.or(self.cache_creation).unwrap_or_default();
        lifetimes.ephemeral_1h_input_tokens
    }

    fn reported_cost(&self) -> NanoDollars {
        let of_others = self.cost_details.filter(|_| self.is_byok.0).unwrap_or_default().upstream_inference_cost;
        let stated = NanoDollars::from_dollars(self.cost.0.max(0.0) + of_others.0.max(0.0));
        let ticks = i64::try_from(self.cost_in_usd_ticks.get() / TICKS_PER_NANO).unwrap_or(i64::MAX);
        if stated == NanoDollars::ZERO { NanoDollars::new(ticks) } else { stated }
    }
}

/// Counts as the OpenAI dialect means them. Some vendors count reasoning beside the completion instead of in it: their
/// own total gives it away. Some give a total alone, where only an input is counted.
fn normal(mut usage: Usage) -> Usage {
    let apart = usage.prompt_tokens.saturating_add(usage.completion_tokens).saturating_add(usage.reasoning_tokens);
    if usage.reasoning_tokens > 0 && usage.total_tokens == apart {
        usage.completion_tokens = usage.completion_tokens.saturating_add(usage.reasoning_tokens);
    }
    if usage.prompt_tokens == 0 && usage.completion_tokens == 0 {
        usage.prompt_tokens = usage.total_tokens;
    }
    usage
}

#[cfg(test)]
#[path = "openai_usage_tests.rs"]
mod tests;
