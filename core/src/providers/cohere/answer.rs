//! A whole answer.

use super::wire::{self, Counts};
use crate::api::answer::message::{AnswerMessage, AnswerToolCall, ChatAnswer, Choice, ProviderFields};
use crate::api::chat::text::Text;
use crate::providers::failure::ProviderFailure;
use crate::providers::openai::failure;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    finish_reason: Option<Text<'a>>,
    #[serde(default)]
    usage: Option<Counts>,
}

/// What was said. Events of a stream tell parts of the same.
#[derive(Default, Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<Vec<Part<'a>>>,
    #[serde(borrow, default)]
    tool_plan: Option<Text<'a>>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<Call<'a>>>,
    #[serde(borrow, default)]
    citations: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
pub(super) struct Part<'a> {
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) thinking: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Call<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) function: Option<Function<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Function<'a> {
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) arguments: Option<Text<'a>>,
}

/// Reads an answer of status 200.
///
/// # Errors
/// It is no answer, or tells of an error.
pub(super) fn read(body: &[u8]) -> Result<ChatAnswer<'_>, ProviderFailure> {
    let malformed = |what: &str| ProviderFailure::malformed(format!("{what}: {}", failure::excerpt(body)));
    let answer: Body<'_> =
        serde_json::from_slice(body).map_err(|_| malformed("the upstream's answer is not a chat"))?;
    // An error's `message` is a text.
    let message = match answer.message.map(RawValue::get) {
        Some(text) if text.starts_with('"') => return Err(failure::in_band(body)),
        Some(object) => serde_json::from_str(object).ok(),
        None => None,
    };
    let message: Message<'_> = message.ok_or_else(|| malformed("the upstream's answer has no message"))?;
    let finish = wire::finish(answer.finish_reason.as_deref())?;
    let usage = answer.usage.as_ref().and_then(Counts::usage);
    Ok(ChatAnswer { choices: vec![Choice { message: message.into_answer(), finish, logprobs: None }], usage })
}

impl<'a> Message<'a> {
    /// What the model plans to do with tools is its reasoning.
    fn into_answer(self) -> AnswerMessage<'a> {
        let (mut text, mut thoughts) = (None, None);
        for part in self.content.unwrap_or_default() {
            append(&mut text, part.text);
            append(&mut thoughts, part.thinking);
        }
        append(&mut thoughts, self.tool_plan);
        let mut fields = ProviderFields::default();
        if let Some(citations) = self.citations.filter(|citations| !citations.is_empty()) {
            fields.add("citations", &citations);
        }
        AnswerMessage {
            content: text,
            reasoning_content: thoughts,
            tool_calls: self.tool_calls.unwrap_or_default().into_iter().map(Call::into_answer).collect(),
            provider_specific_fields: fields,
            ..AnswerMessage::default()
        }
    }
}

impl<'a> Call<'a> {
    fn into_answer(self) -> AnswerToolCall<'a> {
        let (name, arguments) = self.function.map_or((None, None), |function| (function.name, function.arguments));
        let arguments = arguments.filter(|arguments| !arguments.is_empty()).unwrap_or_else(|| Text::from("{}"));
        AnswerToolCall { id: self.id.unwrap_or_default().0, name: name.unwrap_or_default().0, arguments: arguments.0 }
    }
}

/// Adds to a text. The first piece is not copied, and an empty one is none.
fn append<'a>(text: &mut Option<Cow<'a, str>>, more: Option<Text<'a>>) {
    let Some(Text(more)) = more.filter(|more| !more.is_empty()) else { return };
    match text {
        Some(text) => text.to_mut().push_str(&more),
        None => *text = Some(more),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::answer::finish::Finish;
    use crate::providers::failure::FailureClass;

    #[test]
    fn thoughts_plans_text_and_calls_each_have_their_place() {
        let body = r#"{"finish_reason":"TOOL_CALL","message":{"tool_plan":"Look.","content":[
            {"type":"thinking","thinking":"hm "},{"type":"text","text":"a"},{"type":"text","text":"b"}],
            "tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":""}}],
            "citations":[{"text":"a"}]},"usage":{"tokens":{"input_tokens":12,"output_tokens":5}}}"#;
        let answer = read(body.as_bytes()).unwrap();
        let Choice { message, finish, .. } = &answer.choices[0];
        assert_eq!((message.content.as_deref(), message.reasoning_content.as_deref()), (Some("ab"), Some("hm Look.")));
        assert_eq!((message.tool_calls[0].arguments.as_ref(), *finish), ("{}", Finish::ToolCalls));
        assert!(!message.provider_specific_fields.is_empty());
        assert_eq!(answer.usage.unwrap().prompt_tokens, 12);
    }

    #[test]
    fn errors_html_and_cut_answers_are_the_upstreams_fault() {
        for body in ["<html>", "{\"message\":{", "", "{}", r#"{"message":null}"#] {
            assert_eq!(read(body.as_bytes()).unwrap_err().class, FailureClass::Malformed, "{body}");
        }
        assert_eq!(read(br#"{"id":"e","message":"no more"}"#).unwrap_err().message, "no more");
    }
}
