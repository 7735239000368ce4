//! What counts as words.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn words(operation: Operation, body: &Value) -> Option<Words> {
    of(operation, &Members::parse(body.to_string().as_bytes()).unwrap())
}

fn said(operation: Operation, body: Value) -> Option<String> {
    words(operation, &body).map(|words| words.text)
}

#[test]
fn the_last_message_of_the_user_is_what_is_said() {
    let before = json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": null, "tool_calls": [{"type": "function", "function": {"name": "f"}}]},
        {"role": "tool", "content": "7"}]);
    let with = |last: Value| {
        let mut messages = before.as_array().unwrap().clone();
        messages.push(last);
        json!({"messages": messages})
    };
    assert_eq!(said(Operation::Chat, with(json!({"role": "user", "content": "Why?"}))).as_deref(), Some("Why?"));
    let parts = json!([{"type": "text", "text": "Why"}, {"type": "text", "text": "so?"}]);
    let asked = with(json!({"role": "user", "content": parts}));
    assert_eq!(said(Operation::Messages, asked.clone()).as_deref(), Some("Why\nso?"));
    // All else stays, and nothing of the words does.
    let frame = words(Operation::Chat, &asked).unwrap().frame;
    assert!(!frame.to_string().contains("so?") && frame.to_string().contains("Be brief."));
    for last in [json!({"role": "tool", "content": "7"}), json!({"role": "assistant", "content": "So"})] {
        assert_eq!(said(Operation::Chat, with(last)), None);
    }
}

#[test]
fn prompts_and_inputs_are_words_and_what_is_embedded_or_ranked_is_not() {
    assert_eq!(said(Operation::Completion, json!({"prompt": "Once"})).as_deref(), Some("Once"));
    assert_eq!(said(Operation::Completion, json!({"prompt": ["Once", "Twice"]})), None);
    assert_eq!(said(Operation::Completion, json!({"prompt": [1, 2]})), None);
    assert_eq!(said(Operation::Responses, json!({"input": "Why?"})).as_deref(), Some("Why?"));
    let input = json!([{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Why?"}]}]);
    assert_eq!(said(Operation::Responses, json!({"input": input})).as_deref(), Some("Why?"));
    assert_eq!(said(Operation::Embedding, json!({"input": "Why?"})), None);
    assert_eq!(said(Operation::Rerank, json!({"query": "Why?", "documents": ["a"]})), None);
}

#[test]
fn what_shows_more_than_words_or_says_nothing_or_too_much_has_none() {
    let image = json!({"type": "image_url", "image_url": {"url": "data:,"}});
    let sound = json!({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}});
    for part in [image, sound, json!({"type": "document", "source": {}}), json!({"text": "untyped"})] {
        let now = json!([{"role": "user", "content": [{"type": "text", "text": "See"}, part]}]);
        assert_eq!(said(Operation::Chat, json!({"messages": now})), None);
        if part.get("type").is_some() {
            let before = json!([{"role": "user", "content": [part]}, {"role": "user", "content": "See"}]);
            assert_eq!(said(Operation::Chat, json!({"messages": before})), None);
        }
    }
    for content in [json!(""), json!(" \n"), json!("x".repeat(WORDS_BYTES_MAX + 1)), json!(7), json!([])] {
        assert_eq!(said(Operation::Chat, json!({"messages": [{"role": "user", "content": content}]})), None);
    }
    assert_eq!(said(Operation::Chat, json!({"messages": []})), None);
}

proptest! {
    /// Two requests have one frame just where they are the same but for the words.
    #[test]
    fn the_frame_is_all_but_the_words(
        system in "[ab]{0,2}", other_system in "[ab]{0,2}", words_a in "[a-z]{1,9}", words_b in "[a-z]{1,9}",
    ) {
        let body = |system: &str, text: &str| {
            json!({"messages": [{"role": "system", "content": system}, {"role": "user", "content": text}]})
        };
        let one = words(Operation::Chat, &body(&system, &words_a)).unwrap();
        let other = words(Operation::Chat, &body(&other_system, &words_b)).unwrap();
        prop_assert_eq!(one.frame == other.frame, system == other_system);
        prop_assert_eq!((one.text, other.text), (words_a, words_b));
    }
}
