//! Tokens of what a model wrote: whole answers and chunks of streams, in the OpenAI dialect.

use super::encoding::count_text;
use serde_json::Value;

/// The number of tokens that an answer's choices hold: texts, reasoning, refusals, tool calls. Takes a whole answer or
/// one chunk; 0 for anything else. Chunks cut words, so a stream's text is better gathered and counted once.
pub fn count_answer(answer: &[u8]) -> u64 {
    let Ok(answer) = serde_json::from_slice::<Value>(answer) else { return 0 };
    let choices = answer.get("choices").and_then(Value::as_array).into_iter().flatten();
    choices.map(choice).sum()
}

fn choice(choice: &Value) -> u64 {
    let message = choice.get("message").or_else(|| choice.get("delta")).unwrap_or(choice);
    let texts = ["content", "text", "reasoning_content", "reasoning", "refusal"];
    let written: u64 = texts.into_iter().filter_map(|name| message.get(name)?.as_str()).map(count_text).sum();
    let calls = message.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
    written + calls.filter_map(|call| call.get("function")).map(function).sum::<u64>()
}

fn function(function: &Value) -> u64 {
    ["name", "arguments"].into_iter().filter_map(|name| function.get(name)?.as_str()).map(count_text).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_reasoning_and_tool_calls_count_of_every_choice() {
        let answer =
            br#"{"choices": [{"message": {"content": "Hello", "reasoning_content": "Hello"}}, {"text": "Hello"},
            {"delta": {"tool_calls": [{"function": {"name": "Hello", "arguments": "Hello"}}], "content": null}}]}"#;
        assert_eq!(count_answer(answer), 5);
        assert_eq!(count_answer(b"{}"), 0);
        assert_eq!(count_answer(b"<html>"), 0);
    }
}
