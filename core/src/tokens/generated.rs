//! Tokens of what a model wrote: whole answers and chunks of streams, in OpenAI's dialects, in Anthropic's or in Google's.

use super::encoding::count_text;
use super::google;
use serde_json::Value;

/// The number of tokens that an answer's choices hold: texts, reasoning, refusals, tool calls. Takes a whole answer or
/// one chunk; 0 for anything else. Chunks cut words, so a stream's text is better gathered and counted once.
pub fn count_answer(answer: &[u8]) -> u64 {
    let Ok(answer) = serde_json::from_slice::<Value>(answer) else { return 0 };
    let choices = answer.get("choices").and_then(Value::as_array).into_iter().flatten();
    let blocks = answer.get("content").and_then(Value::as_array).into_iter().flatten();
    let items = answer.get("output").and_then(Value::as_array).into_iter().flatten();
    choices.map(choice).sum::<u64>()
        + blocks.map(block).sum::<u64>()
        + items.map(item).sum::<u64>()
        + google::count_answer(&answer)
}

/// Adds the texts that a chunk of a stream holds: content, reasoning, refusals, arguments of tools.
pub fn gather(chunk: &[u8], text: &mut String) {
    let Ok(chunk) = serde_json::from_slice::<Value>(chunk) else { return };
    google::gather(&chunk, text);
    for choice in chunk.get("choices").and_then(Value::as_array).into_iter().flatten() {
        let message = message_of(choice);
        TEXTS.into_iter().filter_map(|name| message.get(name)?.as_str()).for_each(|part| text.push_str(part));
        let calls = message.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
        let parts = calls.filter_map(|call| call.get("function"));
        let parts = parts.flat_map(|function| FUNCTION.into_iter().filter_map(|name| function.get(name)?.as_str()));
        parts.for_each(|part| text.push_str(part));
    }
    let begun = chunk.get("content_block").and_then(|block| block.get("name"));
    let more = chunk.get("delta").into_iter().flat_map(|delta| PIECES.into_iter().filter_map(|name| delta.get(name)));
    // In a response, what is new is a text; what begins is named.
    let text_of_response = chunk.get("delta").filter(|delta| delta.is_string());
    let called = chunk.get("item").and_then(|item| item.get("name")).filter(|_| is_begun(&chunk));
    begun
        .into_iter()
        .chain(more)
        .chain(text_of_response)
        .chain(called)
        .filter_map(Value::as_str)
        .for_each(|part| text.push_str(part));
}

const TEXTS: [&str; 5] = ["content", "text", "reasoning_content", "reasoning", "refusal"];
const FUNCTION: [&str; 2] = ["name", "arguments"];
/// What is new of a block, in Anthropic's dialect.
const PIECES: [&str; 3] = ["text", "thinking", "partial_json"];

fn message_of(choice: &Value) -> &Value {
    choice.get("message").or_else(|| choice.get("delta")).unwrap_or(choice)
}

fn choice(choice: &Value) -> u64 {
    let message = message_of(choice);
    let written: u64 = TEXTS.into_iter().filter_map(|name| message.get(name)?.as_str()).map(count_text).sum();
    let calls = message.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
    written + calls.filter_map(|call| call.get("function")).map(function).sum::<u64>()
}

/// A block of an answer in Anthropic's dialect.
fn block(block: &Value) -> u64 {
    let texts = ["text", "thinking", "name"].into_iter().filter_map(|name| block.get(name)?.as_str());
    texts.map(count_text).sum::<u64>() + block.get("input").map_or(0, |input| count_text(&input.to_string()))
}

/// An item of a response.
fn item(item: &Value) -> u64 {
    let texts = FUNCTION.into_iter().filter_map(|name| item.get(name)?.as_str()).map(count_text).sum::<u64>();
    let lists = ["content", "summary"].into_iter().filter_map(|name| item.get(name)?.as_array()).flatten();
    let parts = lists.flat_map(|part| ["text", "refusal"].into_iter().filter_map(|name| part.get(name)?.as_str()));
    texts + parts.map(count_text).sum::<u64>()
}

/// Whether an event of a response tells that an item begins.
fn is_begun(event: &Value) -> bool {
    event.get("type").is_some_and(|kind| kind == "response.output_item.added")
}

fn function(function: &Value) -> u64 {
    FUNCTION.into_iter().filter_map(|name| function.get(name)?.as_str()).map(count_text).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_a_stream_are_gathered_in_either_dialect() {
        let mut text = String::new();
        gather(br#"{"choices": [{"delta": {"content": "a"}}]}"#, &mut text);
        gather(br#"{"type": "content_block_start", "content_block": {"type": "tool_use", "name": "b"}}"#, &mut text);
        gather(br#"{"delta": {"type": "input_json_delta", "partial_json": "c"}}"#, &mut text);
        gather(br#"{"delta": {"stop_reason": "end_turn"}}"#, &mut text);
        assert_eq!(text, "abc");
    }

    #[test]
    fn the_items_and_events_of_a_response_count() {
        let answer = br#"{"output": [{"type": "message", "content": [{"text": "Hello"}, {"refusal": "Hello"}]},
            {"type": "reasoning", "summary": [{"text": "Hello"}]}, {"type": "function_call", "name": "Hello", "arguments": "Hello"}]}"#;
        assert_eq!(count_answer(answer), 5);
        let mut text = String::new();
        for event in [
            r#"{"type": "response.output_item.added", "item": {"name": "f"}}"#,
            r#"{"type": "response.function_call_arguments.delta", "delta": "{}"}"#,
            r#"{"type": "response.output_item.done", "item": {"name": "f", "arguments": "{}"}}"#,
            r#"{"type": "response.output_text.done", "text": "again"}"#,
        ] {
            gather(event.as_bytes(), &mut text);
        }
        assert_eq!(text, "f{}");
    }

    #[test]
    fn texts_reasoning_and_tool_calls_count_of_every_choice() {
        let answer =
            br#"{"choices": [{"message": {"content": "Hello", "reasoning_content": "Hello"}}, {"text": "Hello"},
            {"delta": {"tool_calls": [{"function": {"name": "Hello", "arguments": "Hello"}}], "content": null}}]}"#;
        assert_eq!(count_answer(answer), 5);
        let message = br#"{"content": [{"text": "Hello"}, {"type": "tool_use", "name": "Hello", "input": {}}]}"#;
        assert_eq!(count_answer(message), 3);
        assert_eq!(count_answer(b"{}"), 0);
        assert_eq!(count_answer(b"<html>"), 0);
    }
}
