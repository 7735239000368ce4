//! The `usage` object of the OpenAI dialect. Placeholder until prices land.

use crate::usage::Usage;
use serde::Deserialize;

#[derive(Deserialize, Default)]
struct Raw {
    #[serde(default)]
    prompt_tokens: Option<u64>,
    #[serde(default)]
    completion_tokens: Option<u64>,
    #[serde(default)]
    total_tokens: Option<u64>,
}

/// Reads a usage object.
pub fn read(json: &str) -> Option<Usage> {
    let raw: Raw = serde_json::from_str(json).ok()?;
    Some(Usage {
        prompt_tokens: raw.prompt_tokens.unwrap_or(0),
        completion_tokens: raw.completion_tokens.unwrap_or(0),
        total_tokens: raw.total_tokens.unwrap_or(0),
        ..Usage::default()
    })
}
