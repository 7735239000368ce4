//! A whole answer, told as a message: thoughts, text and calls of each choice, in this order.

use crate::api::answer::arguments;
use crate::api::completion::{Completion, Function, Message};
use crate::api::messages::answer::{Answer, AnswerBlock, Kind, StopDetails};
use crate::api::messages::stop::StopReason;
use crate::api::messages::usage::MessageUsage;
use crate::providers::provider::Reply;
use crate::usage::Usage;
use serde_json::value::RawValue;

/// Writes the message.
pub(super) fn write(
    reply: Reply<'_>,
    answer: &Completion<'_>,
    usage: Option<&Usage>,
) -> Result<Vec<u8>, serde_json::Error> {
    let own_id = format!("msg_{}", reply.id);
    let mut content = Vec::new();
    for message in answer.choices().iter().filter_map(|choice| choice.message.as_ref()) {
        add(message, &mut content)?;
    }
    let first = answer.choices().first();
    let finish = first.and_then(|choice| choice.finish_reason.as_deref()).unwrap_or("stop");
    let refusal = first.and_then(|choice| choice.message.as_ref()?.refusal.as_deref()).filter(|text| !text.is_empty());
    serde_json::to_vec(&Answer {
        id: answer.id.as_deref().filter(|id| !id.is_empty()).unwrap_or(&own_id),
        kind: Kind::Message,
        role: "assistant",
        model: reply.model,
        content,
        stop_reason: if refusal.is_some() { StopReason::Refusal } else { StopReason::of_finish(finish) },
        stop_sequence: None,
        stop_details: refusal.map(|explanation| StopDetails::Refusal { category: None, explanation }),
        usage: usage.map(MessageUsage::from).unwrap_or_default(),
    })
}

fn add<'a>(message: &'a Message<'_>, content: &mut Vec<AnswerBlock<'a>>) -> Result<(), serde_json::Error> {
    match message.thinking_blocks.as_deref() {
        Some(blocks) if !blocks.is_empty() => content.extend(blocks.iter().map(|block| AnswerBlock::Whole(block))),
        _ => {
            if let Some(thinking) = message.reasoning_content.as_deref().filter(|thoughts| !thoughts.is_empty()) {
                content.push(AnswerBlock::Thinking { thinking, signature: None });
            }
        }
    }
    let has_calls = !message.calls().is_empty() || message.function_call.is_some();
    let text = message.content.as_deref().filter(|text| !has_calls || !text.is_empty());
    let refusal = message.refusal.as_deref().filter(|refusal| !refusal.is_empty());
    content.extend([text, refusal].into_iter().flatten().map(|text| AnswerBlock::Text { text }));
    for call in message.calls() {
        let Some(function) = &call.function else { continue };
        content.push(tool_use(call.id.as_deref().unwrap_or_default(), function)?);
    }
    if let Some(function) = &message.function_call {
        content.push(tool_use("function_call", function)?);
    }
    Ok(())
}

/// Arguments that are no JSON object cannot be told as one: a client would be given something that the model did not say.
fn tool_use<'a>(id: &'a str, function: &'a Function<'_>) -> Result<AnswerBlock<'a>, serde_json::Error> {
    let input: Box<RawValue> = arguments::object_of(function.arguments.as_deref().unwrap_or_default())?;
    Ok(AnswerBlock::ToolUse { id, name: function.name.as_deref().unwrap_or_default(), input })
}
