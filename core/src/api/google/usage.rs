//! What an answer used, as Google counts: thoughts are told beside what was said.

use crate::usage::Usage;
use serde::Serialize;

/// The member `usageMetadata`.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageMetadata {
    prompt_token_count: u64,
    candidates_token_count: u64,
    total_token_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_content_token_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thoughts_token_count: Option<u64>,
}

impl From<&Usage> for UsageMetadata {
    fn from(usage: &Usage) -> Self {
        let told = |count: u64| (count > 0).then_some(count);
        Self {
            prompt_token_count: usage.prompt_tokens,
            candidates_token_count: usage.completion_tokens.saturating_sub(usage.reasoning_tokens),
            total_token_count: usage.prompt_tokens.saturating_add(usage.completion_tokens),
            cached_content_token_count: told(usage.cache_read_tokens),
            thoughts_token_count: told(usage.reasoning_tokens),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn thoughts_are_told_beside_what_was_said() {
        let usage = Usage {
            prompt_tokens: 12,
            completion_tokens: 35,
            reasoning_tokens: 30,
            cache_read_tokens: 4,
            ..Usage::default()
        };
        let wanted = json!({
            "promptTokenCount": 12, "candidatesTokenCount": 5, "totalTokenCount": 47, "cachedContentTokenCount": 4,
            "thoughtsTokenCount": 30
        });
        assert_eq!(serde_json::to_value(UsageMetadata::from(&usage)).unwrap(), wanted);
        let plain = Usage { prompt_tokens: 12, completion_tokens: 5, ..Usage::default() };
        let wanted = json!({"promptTokenCount": 12, "candidatesTokenCount": 5, "totalTokenCount": 17});
        assert_eq!(serde_json::to_value(UsageMetadata::from(&plain)).unwrap(), wanted);
    }
}
