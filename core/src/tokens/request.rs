//! Tokens of a request in the OpenAI dialect: messages with their frames, tools, images by rule, prompts, inputs.

use super::encoding::count_text;
use super::google;
use super::tools::count_tools;
use crate::wire::input_weight::InputWeight;
use serde_json::{Map, Value};

/// Tokens around each message.
const MESSAGE_TOKENS: u64 = 3;
/// Tokens that open the answer.
const REPLY_TOKENS: u64 = 3;
/// An image of low detail, or of no stated one.
const IMAGE_TOKENS: u64 = 85;
/// An image of high detail, 1024 by 1024.
const IMAGE_TOKENS_HIGH: u64 = 765;
/// A file, audio or video: nobody can know from here.
const MEDIA_TOKENS: u64 = 1500;

/// The number of tokens of a request's input. What cannot be read (nested too deep) is weighed instead.
pub fn count_request(body: &[u8]) -> u64 {
    let Ok(Value::Object(request)) = serde_json::from_slice(body) else { return InputWeight::of(body).estimate() };
    if let Some(tokens) = google::count_request(&request) {
        return tokens;
    }
    let messages = request.get("messages").and_then(Value::as_array);
    let chat = messages.map_or(0, |messages| REPLY_TOKENS + messages.iter().map(message).sum::<u64>());
    let texts = ["prompt", "instructions", "input", "suffix", "query", "documents"]
        .into_iter()
        .filter_map(|name| request.get(name))
        .map(inputs)
        .sum::<u64>();
    chat + texts + system(&request) + tools(&request)
}

/// The prompt that stands beside the messages in Anthropic's dialect: a message of its own.
fn system(request: &Map<String, Value>) -> u64 {
    request.get("system").map_or(0, |system| MESSAGE_TOKENS + count_text("system") + member("system", system))
}

fn tools(request: &Map<String, Value>) -> u64 {
    let tokens = request.get("tools").map_or(0, count_tools);
    let choice = match request.get("tool_choice") {
        Some(Value::String(choice)) if choice == "none" => 1,
        Some(Value::Object(choice)) => {
            let name = choice.get("function").and_then(|function| function.get("name")).and_then(Value::as_str);
            7 + count_text(name.unwrap_or_default())
        }
        _ => 0,
    };
    let messages = request.get("messages").and_then(Value::as_array);
    let has_system =
        messages.into_iter().flatten().any(|message| message.get("role").is_some_and(|role| role == "system"));
    // The declarations share the system message's frame.
    let shared = if tokens > 0 && has_system { 4 } else { 0 };
    (tokens + choice).saturating_sub(shared)
}

fn message(message: &Value) -> u64 {
    let members = message.as_object().into_iter().flatten();
    let name = u64::from(message.get("name").is_some());
    MESSAGE_TOKENS + name + members.map(|(key, value)| member(key, value)).sum::<u64>()
}

fn member(key: &str, value: &Value) -> u64 {
    match (key, value) {
        (_, Value::String(text)) => count_text(text),
        ("tool_calls", Value::Array(calls)) => calls.iter().map(call).sum(),
        ("function_call", call) => arguments(call),
        (_, Value::Array(parts)) => parts.iter().map(part).sum(),
        _ => 0,
    }
}

fn call(call: &Value) -> u64 {
    call.get("function").map_or(0, arguments)
}

fn arguments(function: &Value) -> u64 {
    function.get("arguments").and_then(Value::as_str).map_or(0, count_text)
}

fn part(part: &Value) -> u64 {
    let text = |name| part.get(name).and_then(Value::as_str).map_or(0, count_text);
    match part.get("type").and_then(Value::as_str) {
        None | Some("message") if part.get("content").is_some() => {
            MESSAGE_TOKENS + part.get("content").map_or(0, |content| member("content", content))
        }
        None => part.as_str().map_or(0, count_text),
        Some("function_call") => text("name") + text("arguments"),
        Some("function_call_output") => part.get("output").map_or(0, |output| member("output", output)),
        Some("reasoning") => part.get("summary").map_or(0, |summary| member("summary", summary)),
        Some("image_url" | "input_image" | "image") => {
            let detail = part.get("image_url").and_then(|image| image.get("detail")).or_else(|| part.get("detail"));
            if detail.is_some_and(|detail| detail == "high") { IMAGE_TOKENS_HIGH } else { IMAGE_TOKENS }
        }
        Some("input_audio" | "audio" | "file" | "input_file" | "document" | "video_url" | "video") => MEDIA_TOKENS,
        Some("tool_use") => text("name") + part.get("input").map_or(0, |input| count_text(&input.to_string())),
        Some("tool_result") => part.get("content").map_or(0, |content| member("content", content)),
        Some(_) => text("text") + text("refusal") + text("thinking"),
    }
}

/// A prompt, an embedding's input, or what is ranked: a text, tokens, or a list of either.
fn inputs(value: &Value) -> u64 {
    match value {
        // A picture in the place of a text.
        Value::String(text) if text.starts_with("data:") => 0,
        Value::String(text) => count_text(text),
        Value::Number(_) => 1,
        Value::Array(list) => list.iter().map(inputs).sum(),
        Value::Object(_) => part(value),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn count(request: &Value) -> u64 {
        count_request(request.to_string().as_bytes())
    }

    /// Models whose recorded counts are of another encoding.
    const OTHER_ENCODINGS: [&str; 4] = ["gpt-4o", "gpt-5", "o1", "claude-sonnet-4-5"];

    #[test]
    fn counts_are_those_that_the_corpus_records_for_this_encoding() {
        let (mut checked, mut others) = (0, 0);
        for line in include_str!("../../data/corpus/token_counts.jsonl").lines() {
            let vector: Value = serde_json::from_str(line).unwrap();
            let wanted = vector["tokens"].as_u64().unwrap();
            let counted = match &vector["text"] {
                Value::String(text) => count_text(text),
                _ => count(&vector),
            };
            // An image of high detail is recorded by its real size, a long text without its end.
            if vector["case"] == "image_high" || vector["case"] == "long" {
                continue;
            }
            if OTHER_ENCODINGS.contains(&vector["model"].as_str().unwrap()) {
                assert!(counted <= 2 * wanted + 1 && wanted <= counted + 10, "{counted} for {line}");
                others += 1;
            } else {
                assert_eq!(counted, wanted, "{line}");
                checked += 1;
            }
        }
        assert_eq!((checked, others), (101, 50));
    }

    #[test]
    fn prompts_and_inputs_count_as_text_or_tokens() {
        assert_eq!(count(&json!({"input": ["Hello", "Hello"]})), 2);
        assert_eq!(count(&json!({"prompt": [[1, 2], [3]]})), 3);
        assert_eq!(count(&json!({"prompt": "Hello", "suffix": "Hello"})), 2);
        assert_eq!(count_request(b"no json."), 2);
    }

    #[test]
    fn the_items_of_a_response_count() {
        assert_eq!(count(&json!({"instructions": "Hello", "input": "Hello"})), 2);
        let said = json!({"role": "user", "content": "Hello"});
        let parts = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]});
        assert_eq!(count(&json!({"input": [said, parts]})), 8);
        let call = json!({"type": "function_call", "name": "Hello", "arguments": "Hello"});
        let output = json!({"type": "function_call_output", "output": [{"type": "input_text", "text": "Hello"}]});
        let thoughts = json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hello"}]});
        assert_eq!(count(&json!({"input": [call, output, thoughts]})), 4);
    }

    #[test]
    fn anthropics_system_prompt_and_blocks_count() {
        let hello = json!([{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]);
        assert_eq!(count(&json!({"messages": hello})), 8);
        assert_eq!(count(&json!({"system": "Hello", "messages": hello})), 13);
        let result = json!([{"role": "user", "content": [{"type": "tool_result", "content": "Hello"}]}]);
        assert_eq!(count(&json!({"messages": result})), 8);
    }

    #[test]
    fn schemas_nested_without_end_are_counted_to_a_depth() {
        let schema =
            (0..40).fold(json!({"type": "string"}), |inner, _| json!({"type": "object", "properties": {"a": inner}}));
        let tools = json!([{"type": "function", "function": {"name": "f", "parameters": schema}}]);
        assert!((20..200).contains(&count(&json!({"tools": tools}))));
    }
}
