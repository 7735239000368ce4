//! A whole answer, block by block.

use super::failure::{self, ErrorMember};
use super::tools::ANSWER_TOOL;
use super::wire::{self, Counts};
use crate::api::answer::arguments;
use crate::api::answer::finish::Finish;
use crate::api::answer::message::{AnswerMessage, AnswerToolCall, ChatAnswer, Choice, ProviderFields};
use crate::api::chat::text::Text;
use crate::api::members::{Members, raw};
use crate::providers::failure::ProviderFailure;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    content: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    stop_reason: Option<Text<'a>>,
    #[serde(default)]
    usage: Option<Counts>,
    #[serde(default)]
    error: Option<ErrorMember>,
}

/// A block of the answer, as far as it is looked into.
#[derive(Deserialize)]
pub(super) struct AnswerBlock<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) citations: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    pub(super) thinking: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) input: Option<&'a RawValue>,
}

/// Reads an answer of status 200.
///
/// # Errors
/// It is no message, or tells of an error.
pub fn read(body: &[u8]) -> Result<ChatAnswer<'_>, ProviderFailure> {
    let malformed = |what: &str| ProviderFailure::malformed(format!("{what}: {}", failure::excerpt(body)));
    let answer: Body<'_> =
        serde_json::from_slice(body).map_err(|_| malformed("the upstream's answer is not a message"))?;
    if let Some(error) = answer.error {
        return Err(failure::in_band(error));
    }
    let blocks = answer.content.ok_or_else(|| malformed("the upstream's answer has no content"))?;
    let mut reading = Reading::default();
    for whole in blocks {
        let block: AnswerBlock<'_> =
            serde_json::from_str(whole.get()).map_err(|_| malformed("a block of the upstream's answer is none"))?;
        reading.take(block, whole);
    }
    let choice = reading.into_choice(wire::finish(answer.stop_reason.as_ref()));
    Ok(ChatAnswer { choices: vec![choice], usage: answer.usage.map(|counts| counts.usage()) })
}

/// What has been read so far.
#[derive(Default)]
struct Reading<'a> {
    text: Option<Cow<'a, str>>,
    thoughts: Option<Cow<'a, str>>,
    thinking_blocks: Vec<Cow<'a, RawValue>>,
    tool_calls: Vec<AnswerToolCall<'a>>,
    citations: Vec<Vec<Box<RawValue>>>,
    search_results: Vec<&'a RawValue>,
    tool_results: Vec<&'a RawValue>,
    /// The answer in the form that was asked for.
    form: Option<String>,
}

impl<'a> Reading<'a> {
    fn take(&mut self, block: AnswerBlock<'a>, whole: &'a RawValue) {
        match &*block.kind {
            "text" => self.take_text(block),
            "thinking" => {
                append(&mut self.thoughts, block.thinking);
                self.thinking_blocks.push(Cow::Borrowed(whole));
            }
            "redacted_thinking" => self.thinking_blocks.push(Cow::Borrowed(whole)),
            "tool_use" | "server_tool_use" => self.take_call(block),
            "web_search_tool_result" | "web_fetch_tool_result" => self.search_results.push(whole),
            kind if kind.ends_with("_tool_result") => self.tool_results.push(whole),
            // Kinds to come: what is not known is not text either.
            _ => {}
        }
    }

    fn take_text(&mut self, block: AnswerBlock<'a>) {
        let text = block.text.unwrap_or_default();
        let cited = block.citations.unwrap_or_default();
        if !cited.is_empty() {
            self.citations.push(cited.into_iter().filter_map(|citation| supporting(citation, &text)).collect());
        }
        append(&mut self.text, Some(text));
    }

    fn take_call(&mut self, block: AnswerBlock<'a>) {
        let (id, name) = (block.id.unwrap_or_default().0, block.name.unwrap_or_default().0);
        let arguments = arguments::text_of(block.input.map_or("{}", RawValue::get));
        if name == ANSWER_TOOL {
            self.form = Some(arguments);
        } else {
            self.tool_calls.push(AnswerToolCall { id, name, arguments: arguments.into() });
        }
    }

    fn into_choice(self, finish: Finish) -> Choice<'a> {
        let provider_specific_fields = self.fields();
        let is_form_alone = self.form.is_some() && self.tool_calls.is_empty();
        let finish = if is_form_alone && finish == Finish::ToolCalls { Finish::Stop } else { finish };
        let message = AnswerMessage {
            content: self.form.map(Cow::Owned).or(self.text.filter(|text| !text.is_empty())),
            reasoning_content: self.thoughts,
            thinking_blocks: self.thinking_blocks,
            tool_calls: self.tool_calls,
            provider_specific_fields,
            ..AnswerMessage::default()
        };
        Choice { message, finish, logprobs: None }
    }

    fn fields(&self) -> ProviderFields {
        let mut fields = ProviderFields::default();
        fields.add("citations", &(!self.citations.is_empty()).then_some(&self.citations));
        fields.add("thinking_blocks", &(!self.thinking_blocks.is_empty()).then_some(&self.thinking_blocks));
        if !self.search_results.is_empty() {
            fields.add("web_search_results", &self.search_results);
        }
        if !self.tool_results.is_empty() {
            fields.add("tool_results", &self.tool_results);
        }
        fields
    }
}

/// Adds to a text. The first piece is not copied.
fn append<'a>(text: &mut Option<Cow<'a, str>>, more: Option<Text<'a>>) {
    let Some(Text(more)) = more else { return };
    match text {
        Some(text) => text.to_mut().push_str(&more),
        None => *text = Some(more),
    }
}

/// A citation with the text that it supports, as LiteLLM's clients read it.
fn supporting(citation: &RawValue, text: &str) -> Option<Box<RawValue>> {
    let mut members = Members::parse(citation.get().as_bytes()).ok()?;
    members.set("supported_text", raw(&text).ok()?);
    RawValue::from_string(String::from_utf8(members.to_json()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::failure::FailureClass;

    fn message(content: &str, stop_reason: &str) -> String {
        format!(
            r#"{{"type":"message","content":[{content}],"stop_reason":"{stop_reason}",
                "usage":{{"input_tokens":12,"output_tokens":5}}}}"#
        )
    }

    #[test]
    fn thoughts_text_and_calls_each_have_their_place() {
        let body = message(
            r#"{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"Let me "},
               {"type":"text","text":"see."},{"type":"tool_use","id":"t1","name":"f","input":{"a":1}},{"type":"new"}"#,
            "tool_use",
        );
        let answer = read(body.as_bytes()).unwrap();
        let Choice { message, finish, .. } = &answer.choices[0];
        assert_eq!(
            (message.content.as_deref(), message.reasoning_content.as_deref()),
            (Some("Let me see."), Some("hm"))
        );
        assert_eq!((message.tool_calls[0].arguments.as_ref(), *finish), (r#"{"a": 1}"#, Finish::ToolCalls));
        assert_eq!(message.thinking_blocks.len(), 1);
        assert_eq!(answer.usage.unwrap().prompt_tokens, 12);
    }

    #[test]
    fn an_answer_by_the_form_tool_is_text() {
        let body = message(r#"{"type":"tool_use","id":"t","name":"json_tool_call","input":{"a":1}}"#, "tool_use");
        let answer = read(body.as_bytes()).unwrap();
        let choice = &answer.choices[0];
        assert_eq!((choice.message.content.as_deref(), choice.finish), (Some(r#"{"a": 1}"#), Finish::Stop));
        assert!(choice.message.tool_calls.is_empty());
    }

    #[test]
    fn a_citation_tells_the_text_that_it_supports() {
        let body = message(r#"{"type":"text","text":"Green","citations":[{"cited_text":"grass"}]}"#, "end_turn");
        let answer = read(body.as_bytes()).unwrap();
        let fields = serde_json::to_value(&answer.choices[0].message.provider_specific_fields).unwrap();
        assert_eq!(fields["citations"][0][0]["supported_text"], "Green");
    }

    #[test]
    fn errors_html_and_cut_answers_are_the_upstreams_fault() {
        for body in ["<html>", "{\"content\":[", "", "{}", r#"{"content":[1]}"#] {
            assert_eq!(read(body.as_bytes()).unwrap_err().class, FailureClass::Malformed, "{body}");
        }
        let error = br#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        assert_eq!(read(error).unwrap_err().class, FailureClass::Overloaded);
    }
}
