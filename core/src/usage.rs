//! What a call used, in tokens, whichever provider counted it. Knows only money.

use crate::money::NanoDollars;

/// Token counts of one answer. All inclusive totals follow the OpenAI dialect: cached and audio tokens are part of
/// `prompt_tokens`, reasoning and audio tokens part of `completion_tokens`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All tokens of the input.
    pub prompt_tokens: u64,
    /// All tokens of the output.
    pub completion_tokens: u64,
    /// Tokens in total, as the provider reported them; 0 where it did not.
    pub total_tokens: u64,
    /// Input tokens read from the provider's prompt cache.
    pub cache_read_tokens: u64,
    /// Input tokens written to the provider's prompt cache.
    pub cache_write_tokens: u64,
    /// Input tokens written to the prompt cache for one hour, part of `cache_write_tokens`.
    pub cache_write_1h_tokens: u64,
    /// Input tokens that were audio.
    pub audio_prompt_tokens: u64,
    /// Output tokens that were audio.
    pub audio_completion_tokens: u64,
    /// Output tokens spent on reasoning.
    pub reasoning_tokens: u64,
    /// Input tokens that were images.
    pub image_prompt_tokens: u64,
    /// Output tokens that were images.
    pub image_completion_tokens: u64,
    /// Web searches that the provider ran for the answer.
    pub web_searches: u64,
    /// What the provider itself says that the call cost; zero where it says nothing.
    pub reported_cost: NanoDollars,
}

impl Usage {
    /// Tokens in total: the provider's own count, or input plus output where it gave none.
    pub fn total(&self) -> u64 {
        if self.total_tokens > 0 {
            self.total_tokens
        } else {
            self.prompt_tokens.saturating_add(self.completion_tokens)
        }
    }
}
