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

/// Adds the texts that a chunk of a stream holds: content, reasoning, refusals, arguments of tools.
pub fn gather(chunk: &[u8], text: &mut String) {
    let Ok(chunk) = serde_json::from_slice::<Value>(chunk) else { return };
    for choice in chunk.get("choices").and_then(Value::as_array).into_iter().flatten() {
        let message = message_of(choice);
        TEXTS.into_iter().filter_map(|name| message.get(name)?.as_str()).for_each(|part| text.push_str(part));
        let calls = message.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
        let parts = calls.filter_map(|call| call.get("function"));
        let parts = parts.flat_map(|function| FUNCTION.into_iter().filter_map(|name| function.get(name)?.as_str()));
        parts.for_each(|part| text.push_str(part));
    }
}

const TEXTS: [&str; 5] = ["content", "text", "reasoning_content", "reasoning", "refusal"];
const FUNCTION: [&str; 2] = ["name", "arguments"];

fn message_of(choice: &Value) -> &Value {
    choice.get("message").or_else(|| choice.get("delta")).unwrap_or(choice)
}

fn choice(choice: &Value) -> u64 {
    let message = message_of(choice);
    let written: u64 = TEXTS.into_iter().filter_map(|name| message.get(name)?.as_str()).map(count_text).sum();
    let calls = message.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
    written + calls.filter_map(|call| call.get("function")).map(function).sum::<u64>()
}

fn function(function: &Value) -> u64 {
    FUNCTION.into_iter().filter_map(|name| function.get(name)?.as_str()).map(count_text).sum()
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
