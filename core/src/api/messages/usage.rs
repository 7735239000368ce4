//! What an answer used, as Anthropic counts: what came from the cache or went into it is told beside the rest.

use crate::usage::Usage;
use serde::Serialize;

/// The member `usage`.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct MessageUsage {
    input_tokens: u64,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_creation_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_read_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_tool_use: Option<ServerToolUse>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct ServerToolUse {
    web_search_requests: u64,
}

impl MessageUsage {
    /// What a stream begins with: nothing is known yet.
    pub fn unknown() -> Self {
        Self { cache_creation_input_tokens: Some(0), cache_read_input_tokens: Some(0), ..Self::default() }
    }
}

impl From<&Usage> for MessageUsage {
    fn from(usage: &Usage) -> Self {
        let told = |count: u64| (count > 0).then_some(count);
        let cached = usage.cache_read_tokens.saturating_add(usage.cache_write_tokens);
        Self {
            input_tokens: usage.prompt_tokens.saturating_sub(cached),
            output_tokens: usage.completion_tokens,
            cache_creation_input_tokens: told(usage.cache_write_tokens),
            cache_read_input_tokens: told(usage.cache_read_tokens),
            server_tool_use: told(usage.web_searches).map(|web_search_requests| ServerToolUse { web_search_requests }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_cache_did_is_no_part_of_the_input() {
        let usage = Usage {
            prompt_tokens: 150,
            completion_tokens: 9,
            cache_read_tokens: 100,
            cache_write_tokens: 30,
            ..Usage::default()
        };
        let told = serde_json::to_value(MessageUsage::from(&usage)).unwrap();
        let wanted = json!({
            "input_tokens": 20, "output_tokens": 9, "cache_creation_input_tokens": 30, "cache_read_input_tokens": 100,
        });
        assert_eq!(told, wanted);
    }
}
