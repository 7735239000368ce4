//! Tokens of requests and answers in Google's dialect: turns with their frames, what is declared, what is said.

use super::encoding::count_text;
use serde_json::{Map, Value};

/// Tokens around each turn.
const TURN_TOKENS: u64 = 3;
/// Tokens that open the answer.
const REPLY_TOKENS: u64 = 3;
/// An image.
const IMAGE_TOKENS: u64 = 258;
/// A document, a recording or a film: nobody can know from here.
const MEDIA_TOKENS: u64 = 1500;

/// A request's input; `None` where it is in another dialect. A request to count may hold a whole other one.
pub(super) fn count_request(request: &Map<String, Value>) -> Option<u64> {
    let inner = either(request, "generateContentRequest", "generate_content_request").and_then(Value::as_object);
    let request = inner.unwrap_or(request);
    let contents = request.get("contents")?;
    let system = either(request, "systemInstruction", "system_instruction");
    let turns = each(contents).chain(system).map(turn).sum::<u64>();
    // Names, descriptions and schemas, as they are written.
    Some(REPLY_TOKENS + turns + request.get("tools").map_or(0, |tools| count_text(&tools.to_string())))
}

/// What an answer's candidates say.
pub(super) fn count_answer(answer: &Value) -> u64 {
    let mut text = String::new();
    gather(answer, &mut text);
    count_text(&text)
}

/// Adds what the candidates of a piece say.
pub(super) fn gather(piece: &Value, text: &mut String) {
    let candidates = piece.get("candidates").and_then(Value::as_array).into_iter().flatten();
    for part in candidates.filter_map(|candidate| candidate.get("content")?.get("parts")?.as_array()).flatten() {
        if let Some(said) = part.get("text").and_then(Value::as_str) {
            text.push_str(said);
        }
        if let Some(call) = part.get("functionCall") {
            text.push_str(call.get("name").and_then(Value::as_str).unwrap_or_default());
            text.push_str(&call.get("args").map(Value::to_string).unwrap_or_default());
        }
    }
}

fn turn(turn: &Value) -> u64 {
    match turn {
        Value::String(text) => TURN_TOKENS + count_text(text),
        _ => TURN_TOKENS + 1 + turn.get("parts").into_iter().flat_map(each).map(part).sum::<u64>(),
    }
}

fn part(part: &Value) -> u64 {
    let Some(part) = part.as_object() else { return 0 };
    if let Some(text) = part.get("text").and_then(Value::as_str) {
        return count_text(text);
    }
    let media = either(part, "inlineData", "inline_data").or_else(|| either(part, "fileData", "file_data"));
    if let Some(media) = media.and_then(Value::as_object) {
        let kind = either(media, "mimeType", "mime_type").and_then(Value::as_str).unwrap_or_default();
        return if kind.starts_with("image/") { IMAGE_TOKENS } else { MEDIA_TOKENS };
    }
    part.values().map(|value| count_text(&value.to_string())).sum()
}

fn either<'v>(object: &'v Map<String, Value>, camel: &str, snake: &str) -> Option<&'v Value> {
    object.get(camel).or_else(|| object.get(snake))
}

/// The elements of a list; one that stands for such a list.
fn each(value: &Value) -> impl Iterator<Item = &Value> {
    let (list, one) = match value {
        Value::Array(list) => (list.as_slice(), None),
        one => (&[][..], Some(one)),
    };
    list.iter().chain(one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn count(request: &Value) -> u64 {
        count_request(request.as_object().unwrap()).unwrap()
    }

    #[test]
    fn a_request_counts_its_turns_and_what_it_declares() {
        let hi = json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]});
        assert_eq!(count(&hi), 8);
        assert_eq!(count(&json!({"contents": {"parts": {"text": "Hi"}}})), 8);
        assert_eq!(count(&json!({"generateContentRequest": hi})), 8);
        let more = json!({
            "contents": [{"parts": [{"text": "Hi"}, {"inlineData": {"mimeType": "image/png", "data": "A"}}]}],
            "systemInstruction": {"parts": [{"text": "Terse"}]}, "tools": [{"functionDeclarations": [{"name": "f"}]}]
        });
        assert!(count(&more) > 8 + IMAGE_TOKENS + 5);
        assert_eq!(count_request(json!({"messages": []}).as_object().unwrap()), None);
    }

    #[test]
    fn an_answer_counts_what_it_says() {
        let call = json!({"functionCall": {"name": "Hello", "args": {}}});
        let answer = json!({"candidates": [{"content": {"parts": [{"text": "Hello"}, call]}}]});
        assert!((2..5).contains(&count_answer(&answer)));
    }
}
