//! Errors in the OpenAI dialect, and in the many shapes of those who nearly speak it.

pub(in crate::providers) use crate::providers::failure::excerpt;
use crate::providers::failure::{FailureClass, ProviderFailure};
use serde_json::Value;

/// Reads an answer of an error status.
pub(in crate::providers) fn read(status: u16, body: &[u8]) -> ProviderFailure {
    let error = serde_json::from_slice::<Value>(body).ok();
    let inner = error.as_ref().map(|error| error.get("error").unwrap_or(error));
    let message = inner.and_then(message).unwrap_or_else(|| match excerpt(body) {
        text if text.is_empty() => format!("the upstream answered with status {status} and no body"),
        text => text,
    });
    let code = inner.and_then(|error| text(error, "code"));
    let param = inner.and_then(|error| text(error, "param"));
    ProviderFailure { class: class(status, code.as_deref(), &message), status, message, param }
}

/// Reads the value of an `error` member that came with status 200 or inside a stream.
pub(in crate::providers) fn in_band(error: &[u8]) -> ProviderFailure {
    let value: Value = serde_json::from_slice(error).unwrap_or(Value::Null);
    let message = message(&value).unwrap_or_else(|| excerpt(error));
    let code = text(&value, "code");
    let kind = text(&value, "type");
    let status = [code.as_deref(), kind.as_deref()].into_iter().flatten().find_map(status_of).unwrap_or(500);
    ProviderFailure { class: class(status, code.as_deref(), &message), status, message, param: text(&value, "param") }
}

fn message(error: &Value) -> Option<String> {
    match error {
        Value::String(message) => Some(message.clone()),
        Value::Object(members) => match members.get("message").or_else(|| members.get("detail")) {
            Some(Value::String(message)) => Some(message.clone()),
            Some(Value::Null) | None => None,
            Some(other) => Some(other.to_string()),
        },
        _ => None,
    }
}

fn text(error: &Value, name: &str) -> Option<String> {
    match error.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The status that a code or type of an in-band error stands for.
fn status_of(code: &str) -> Option<u16> {
    if let Ok(status) = code.parse::<u16>() {
        return (400..600).contains(&status).then_some(status);
    }
    match code {
        "rate_limit_exceeded" | "rate_limit_error" | "insufficient_quota" => Some(429),
        "invalid_api_key" | "authentication_error" => Some(401),
        "model_not_found" | "not_found_error" => Some(404),
        "overloaded_error" => Some(529),
        "context_length_exceeded" | "content_filter" | "invalid_request_error" => Some(400),
        _ => None,
    }
}

/// How providers say that the input is longer than the model takes.
const TOO_LONG: [&str; 9] = [
    "context length",
    "context window",
    "context_length_exceeded",
    "reduce the length of the messages",
    "prompt is too long",
    "input is too long",
    "input length and `max_tokens` exceed",
    "exceeds the maximum number of tokens",
    "too large for model",
];

/// How providers say that the input is against their rules.
const AGAINST_POLICY: [&str; 5] = [
    "content management policy",
    "content_filter_policy",
    "responsibleaipolicyviolation",
    "safety system",
    "usage policies",
];

fn class(status: u16, code: Option<&str>, message: &str) -> FailureClass {
    match (status, code) {
        (400..=499, Some("context_length_exceeded")) => FailureClass::ContextWindow,
        (400..=499, Some("content_filter" | "content_policy_violation")) => FailureClass::ContentPolicy,
        (400 | 413 | 422, _) if says(message, &TOO_LONG) => FailureClass::ContextWindow,
        (400 | 422, _) if says(message, &AGAINST_POLICY) => FailureClass::ContentPolicy,
        _ => FailureClass::of_status(status),
    }
}

fn says(message: &str, words: &[&str]) -> bool {
    let message = message.to_ascii_lowercase();
    words.iter().any(|word| message.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upstreams_own_words_and_status_are_kept() {
        let body = br#"{"error":{"message":"must be <= 2.","type":"invalid_request_error","param":"temperature"}}"#;
        let failure = read(400, body);
        assert_eq!((failure.status, failure.message.as_str()), (400, "must be <= 2."));
        assert_eq!(failure.param.as_deref(), Some("temperature"));
        assert_eq!(failure.class, FailureClass::BadRequest);
    }

    #[test]
    fn shapes_that_are_not_openais_still_speak() {
        for (body, message) in [
            (r#"{"message":"bad thing","code":3}"#, "bad thing"),
            (r#"{"error":"plain"}"#, "plain"),
            (r#"{"detail":[{"msg":"too big"}]}"#, r#"[{"msg":"too big"}]"#),
            ("<html>502</html>", "<html>502</html>"),
            ("", "the upstream answered with status 502 and no body"),
        ] {
            assert_eq!(read(502, body.as_bytes()).message, message);
        }
    }

    #[test]
    fn a_context_window_overrun_is_told_apart() {
        let body = br#"{"error":{"message":"x","code":"context_length_exceeded"}}"#;
        assert_eq!(read(400, body).class, FailureClass::ContextWindow);
        let body = br#"{"message":"Input is too long for requested model."}"#;
        assert_eq!(read(400, body).class, FailureClass::ContextWindow);
    }

    #[test]
    fn an_input_against_the_providers_rules_is_told_apart() {
        let body = br#"{"error":{"message":"The response was filtered by Azure's Content Management Policy."}}"#;
        assert_eq!(read(400, body).class, FailureClass::ContentPolicy);
    }

    #[test]
    fn an_error_inside_a_stream_finds_its_status() {
        assert_eq!(in_band(br#"{"message":"m","type":"rate_limit_error"}"#).status, 429);
        assert_eq!(in_band(br#"{"message":"m","code":502}"#).status, 502);
        assert_eq!(in_band(br#"{"message":"m"}"#).status, 500);
    }
}
