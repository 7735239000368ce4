//! What an answer repeats of its request.

use super::tool::repeated;
use crate::api::members::Members;
use serde::Serialize;
use serde_json::value::RawValue;

/// The members of a response that repeat its request. What was not said has the values that LiteLLM's clients find.
#[derive(Debug, Serialize)]
pub struct Echo {
    instructions: Option<Box<RawValue>>,
    metadata: Box<RawValue>,
    parallel_tool_calls: bool,
    temperature: Option<Box<RawValue>>,
    tool_choice: Box<RawValue>,
    tools: Box<RawValue>,
    top_p: Option<Box<RawValue>>,
    max_output_tokens: Option<Box<RawValue>>,
    previous_response_id: Option<()>,
    reasoning: Option<Box<RawValue>>,
    text: Box<RawValue>,
    truncation: Option<Box<RawValue>>,
    user: Option<Box<RawValue>>,
    /// Never kept, whatever the client asked.
    store: Option<bool>,
}

impl Echo {
    /// Repeats the request of this body.
    pub fn of(body: &[u8]) -> Self {
        let members = Members::parse(body).unwrap_or_default();
        let said = |name: &str| members.get(name).filter(|value| value.get() != "null").map(ToOwned::to_owned);
        let tools = said("tools").and_then(|tools| repeated(&tools));
        Self {
            instructions: said("instructions"),
            metadata: said("metadata").unwrap_or_else(|| json("{}")),
            parallel_tool_calls: members.read("parallel_tool_calls").unwrap_or(false),
            temperature: said("temperature"),
            tool_choice: said("tool_choice").unwrap_or_else(|| json("\"auto\"")),
            tools: tools.unwrap_or_else(|| json("[]")),
            top_p: said("top_p"),
            max_output_tokens: said("max_output_tokens"),
            previous_response_id: None,
            reasoning: said("reasoning"),
            text: said("text").unwrap_or_else(|| json("{}")),
            truncation: said("truncation"),
            user: said("user"),
            store: members.has("store").then_some(false),
        }
    }
}

/// A value that is known to be JSON.
fn json(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_repeated_and_what_it_does_not_say_is_filled_in() {
        let told = |body: &[u8]| serde_json::to_value(Echo::of(body)).unwrap();
        let said = told(br#"{"temperature":0.30,"metadata":{"a":"b"},"tool_choice":"none","store":true,"input":"x"}"#);
        assert_eq!((&said["temperature"], &said["metadata"]["a"]), (&0.3.into(), &"b".into()));
        assert_eq!((&said["tool_choice"], &said["store"]), (&"none".into(), &false.into()));
        assert_eq!(told(b"{}")["tool_choice"], "auto");
        assert_eq!(told(b"no json"), told(b"{}"));
    }
}
