//! What a response used, as its clients read it: the counts of a chat's `usage` under other names, with the members that
//! LiteLLM's clients find.

use crate::usage::Usage;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The `usage` member of a response.
#[derive(Debug, Default, Serialize)]
pub struct ResponseUsage {
    input_tokens: u64,
    input_tokens_details: Option<InputDetails>,
    output_tokens: u64,
    output_tokens_details: Option<OutputDetails>,
    total_tokens: u64,
    cost: Option<f64>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct InputDetails {
    audio_tokens: Option<u64>,
    cached_tokens: u64,
    cached_tokens_details: Option<()>,
    image_tokens: Option<u64>,
    text_tokens: Option<u64>,
    video_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_search_requests: Option<u64>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct OutputDetails {
    audio_tokens: Option<u64>,
    reasoning_tokens: u64,
    text_tokens: Option<u64>,
}

/// A chat's `usage`, as far as it is told in parts.
#[derive(Debug, Default, Deserialize)]
struct ChatUsage {
    #[serde(default)]
    prompt_tokens_details: Option<InputDetails>,
    #[serde(default)]
    completion_tokens_details: Option<OutputDetails>,
}

impl ResponseUsage {
    /// The counts of `usage`, in the parts that a chat's answer told them in.
    pub fn told(usage: &Usage, chat: Option<&RawValue>) -> Self {
        let parts: ChatUsage = chat.and_then(|chat| serde_json::from_str(chat.get()).ok()).unwrap_or_default();
        Self {
            input_tokens_details: parts.prompt_tokens_details,
            output_tokens_details: parts.completion_tokens_details,
            ..Self::counts(usage)
        }
    }

    fn counts(usage: &Usage) -> Self {
        Self {
            input_tokens: usage.prompt_tokens,
            output_tokens: usage.completion_tokens,
            total_tokens: usage.total(),
            ..Self::default()
        }
    }
}

impl From<&Usage> for ResponseUsage {
    fn from(usage: &Usage) -> Self {
        Self {
            input_tokens_details: Some(InputDetails {
                cached_tokens: usage.cache_read_tokens,
                cache_write_tokens: Some(usage.cache_write_tokens).filter(|tokens| *tokens > 0),
                ..InputDetails::default()
            }),
            output_tokens_details: Some(OutputDetails {
                reasoning_tokens: usage.reasoning_tokens,
                ..OutputDetails::default()
            }),
            ..Self::counts(usage)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{json, value::to_raw_value};

    #[test]
    fn the_parts_are_those_that_the_chat_told() {
        let usage = Usage { prompt_tokens: 12, completion_tokens: 5, ..Usage::default() };
        let bare = serde_json::to_value(ResponseUsage::told(&usage, None)).unwrap();
        assert_eq!((&bare["input_tokens"], &bare["input_tokens_details"]), (&json!(12), &json!(null)));
        let chat = to_raw_value(&json!({"prompt_tokens_details": {"cached_tokens": 4, "text_tokens": 8, "x": 1},
            "completion_tokens_details": {"reasoning_tokens": 3}}))
        .unwrap();
        let told = serde_json::to_value(ResponseUsage::told(&usage, Some(&chat))).unwrap();
        assert_eq!(told["input_tokens_details"]["text_tokens"], 8);
        assert_eq!(
            told["output_tokens_details"],
            json!({"audio_tokens": null, "reasoning_tokens": 3, "text_tokens": null})
        );
    }
}
