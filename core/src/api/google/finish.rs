//! Why an answer ended: <https://ai.google.dev/api/generate-content#FinishReason>

/// The reason for one that a chat gives. Calls are no reason of their own there.
pub fn of_chat(reason: &str) -> &'static str {
    match reason {
        "length" => "MAX_TOKENS",
        "content_filter" | "refusal" => REFUSED,
        "stop" | "tool_calls" | "function_call" => "STOP",
        _ => "OTHER",
    }
}

/// The model, or whoever watches over it, did not want to answer.
pub const REFUSED: &str = "SAFETY";
