//! Why an answer ended, in Anthropic's words.

use serde::Serialize;

/// Why an answer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The model had said all.
    #[default]
    EndTurn,
    /// It came to the most tokens that it may say.
    MaxTokens,
    /// It calls tools.
    ToolUse,
    /// It refused, or was kept from saying more.
    Refusal,
}

impl StopReason {
    /// What OpenAI calls `finish_reason`.
    pub fn of_finish(finish_reason: &str) -> Self {
        match finish_reason {
            "length" => Self::MaxTokens,
            "tool_calls" | "function_call" => Self::ToolUse,
            "content_filter" => Self::Refusal,
            _ => Self::EndTurn,
        }
    }
}
