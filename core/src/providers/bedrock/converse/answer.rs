//! A whole answer, block by block.

use super::tools::ANSWER_TOOL;
use super::wire::{self, Counts, Fields, Tier};
use crate::api::answer::arguments;
use crate::api::answer::finish::Finish;
use crate::api::answer::message::{AnswerMessage, AnswerToolCall, ChatAnswer, Choice, ProviderFields};
use crate::api::chat::text::Text;
use crate::api::members::raw;
use crate::providers::bedrock::failure::excerpt;
use crate::providers::failure::ProviderFailure;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    output: Output<'a>,
    #[serde(borrow, default)]
    stop_reason: Option<Text<'a>>,
    #[serde(default)]
    usage: Option<Counts>,
    #[serde(default)]
    service_tier: Option<Tier>,
    #[serde(borrow, default)]
    additional_model_response_fields: Option<&'a RawValue>,
    #[serde(borrow, default)]
    trace: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    message: Message<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Vec<AnswerBlock<'a>>,
}

/// A block of the answer, as far as it is looked into. Kinds to come have none of these members.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerBlock<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    tool_use: Option<Call<'a>>,
    #[serde(borrow, default)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    citations_content: Option<Cited<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call<'a> {
    #[serde(borrow)]
    tool_use_id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
}

/// Text with its sources.
#[derive(Deserialize)]
struct Cited<'a> {
    #[serde(borrow, default)]
    content: Vec<CitedText<'a>>,
    #[serde(borrow, default)]
    citations: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct CitedText<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
}

/// Thoughts of the model, in a whole answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Thought<'a> {
    #[serde(borrow, default)]
    reasoning_text: Option<ThoughtText<'a>>,
    #[serde(borrow, default)]
    redacted_content: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct ThoughtText<'a> {
    #[serde(borrow, default)]
    text: Text<'a>,
    #[serde(borrow, default)]
    signature: Option<Text<'a>>,
}

/// Thoughts in the form of Anthropic's own API, as clients send them back.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ThinkingBlock<'a> {
    Thinking {
        thinking: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        signature: Option<&'a str>,
    },
    RedactedThinking {
        data: &'a str,
    },
}

/// Reads an answer of status 200.
///
/// # Errors
/// It is no message.
pub(crate) fn read(body: &[u8]) -> Result<ChatAnswer<'_>, ProviderFailure> {
    let answer: Body<'_> = serde_json::from_slice(body).map_err(|_| {
        let excerpt = excerpt(body);
        ProviderFailure::malformed(format!("the upstream's answer is not a Converse message: {excerpt}"))
    })?;
    let mut reading = Reading::default();
    for block in answer.output.message.content {
        reading.take(block)?;
    }
    let fields = answer.additional_model_response_fields.and_then(|fields| serde_json::from_str(fields.get()).ok());
    let fields: Option<Fields> = fields;
    let usage = answer.usage.map(|counts| counts.usage(answer.service_tier.as_ref(), fields.as_ref()));
    let choice = reading.into_choice(wire::finish(answer.stop_reason.as_deref().unwrap_or_default()), answer.trace);
    Ok(ChatAnswer { choices: vec![choice], usage })
}

/// What has been read so far.
#[derive(Default)]
struct Reading<'a> {
    text: String,
    thoughts: Option<String>,
    thinking_blocks: Vec<Cow<'a, RawValue>>,
    reasoning_blocks: Vec<&'a RawValue>,
    tool_calls: Vec<AnswerToolCall<'a>>,
    citations: Vec<&'a RawValue>,
    /// The answer in the form that was asked for.
    form: Option<String>,
}

impl<'a> Reading<'a> {
    fn take(&mut self, block: AnswerBlock<'a>) -> Result<(), ProviderFailure> {
        if let Some(text) = block.text {
            self.text.push_str(&text);
        }
        if let Some(call) = block.tool_use {
            self.take_call(call);
        }
        if let Some(whole) = block.reasoning_content {
            self.take_thought(whole)?;
        }
        if let Some(cited) = block.citations_content {
            cited.content.iter().filter_map(|part| part.text.as_deref()).for_each(|text| self.text.push_str(text));
            self.citations.extend(cited.citations);
        }
        Ok(())
    }

    fn take_call(&mut self, call: Call<'a>) {
        let arguments = arguments::text_of(call.input.map_or("{}", RawValue::get));
        if &*call.name == ANSWER_TOOL {
            self.form = Some(arguments);
        } else {
            let (id, name) = (call.tool_use_id.0, call.name.0);
            self.tool_calls.push(AnswerToolCall { id, name, arguments: arguments.into() });
        }
    }

    fn take_thought(&mut self, whole: &'a RawValue) -> Result<(), ProviderFailure> {
        let malformed = || ProviderFailure::malformed("thoughts of the upstream's answer cannot be read");
        let thought: Thought<'_> = serde_json::from_str(whole.get()).map_err(|_| malformed())?;
        self.reasoning_blocks.push(whole);
        let block = match (&thought.reasoning_text, &thought.redacted_content) {
            (Some(text), _) => {
                self.thoughts.get_or_insert_default().push_str(&text.text);
                ThinkingBlock::Thinking { thinking: &text.text, signature: text.signature.as_deref() }
            }
            (None, Some(data)) => {
                self.thoughts.get_or_insert_default();
                ThinkingBlock::RedactedThinking { data }
            }
            (None, None) => return Ok(()),
        };
        self.thinking_blocks.extend(raw(&block).ok().map(Cow::Owned));
        Ok(())
    }

    fn into_choice(self, finish: Finish, trace: Option<&RawValue>) -> Choice<'a> {
        let mut fields = ProviderFields::default();
        if !self.reasoning_blocks.is_empty() {
            fields.add("reasoningContentBlocks", &self.reasoning_blocks);
        }
        if !self.citations.is_empty() {
            fields.add("citations", &self.citations);
        }
        if let Some(trace) = trace {
            fields.add("trace", &trace);
        }
        let is_form_alone = self.form.is_some() && self.tool_calls.is_empty();
        let finish = if is_form_alone && finish == Finish::ToolCalls { Finish::Stop } else { finish };
        let message = AnswerMessage {
            content: Some(Cow::Owned(self.form.unwrap_or(self.text))),
            reasoning_content: self.thoughts.map(Cow::Owned),
            thinking_blocks: self.thinking_blocks,
            tool_calls: self.tool_calls,
            provider_specific_fields: fields,
            ..AnswerMessage::default()
        };
        Choice { message, finish, logprobs: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::failure::FailureClass;

    fn message(content: &str, stop_reason: &str) -> String {
        format!(
            r#"{{"output":{{"message":{{"role":"assistant","content":[{content}]}}}},"stopReason":"{stop_reason}",
                "usage":{{"inputTokens":12,"outputTokens":5,"totalTokens":17}}}}"#
        )
    }

    #[test]
    fn thoughts_text_and_calls_each_have_their_place() {
        let body = message(
            r#"{"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}},{"text":"Let me "},{"text":"see."},
               {"reasoningContent":{"redactedContent":"ZW5j"}},
               {"toolUse":{"toolUseId":"t1","name":"f","input":{"a":1}}},{"new":{}}"#,
            "tool_use",
        );
        let answer = read(body.as_bytes()).unwrap();
        let Choice { message, finish, .. } = &answer.choices[0];
        let told = (message.content.as_deref(), message.reasoning_content.as_deref());
        assert_eq!(told, (Some("Let me see."), Some("hm")));
        assert_eq!((message.tool_calls[0].arguments.as_ref(), *finish), (r#"{"a": 1}"#, Finish::ToolCalls));
        let blocks: Vec<_> = message.thinking_blocks.iter().map(|block| block.get()).collect();
        let redacted = r#"{"type":"redacted_thinking","data":"ZW5j"}"#;
        assert_eq!(blocks, [r#"{"type":"thinking","thinking":"hm","signature":"s"}"#, redacted]);
        assert_eq!(answer.usage.unwrap().prompt_tokens, 12);
    }

    #[test]
    fn an_answer_by_the_form_tool_is_text() {
        let call = r#"{"toolUse":{"toolUseId":"t","name":"json_tool_call","input":{"a":1}}}"#;
        let body = message(call, "tool_use");
        let answer = read(body.as_bytes()).unwrap();
        let choice = &answer.choices[0];
        assert_eq!((choice.message.content.as_deref(), choice.finish), (Some(r#"{"a": 1}"#), Finish::Stop));
        assert!(choice.message.tool_calls.is_empty());
    }

    #[test]
    fn errors_html_and_cut_answers_are_the_upstreams_fault() {
        for body in ["<html>", "{\"output\":{", "", "{}", r#"{"message":"no"}"#] {
            assert_eq!(read(body.as_bytes()).unwrap_err().class, FailureClass::Malformed, "{body}");
        }
    }
}
