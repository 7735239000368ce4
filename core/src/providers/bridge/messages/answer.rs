//! A whole answer, told as a message: thoughts, text, images and calls of each choice, in this order.

use super::image;
use crate::api::answer::arguments;
use crate::api::completion::{Completion, Function, Image, Message};
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
    let own_id = format!("chatcmpl-{}", reply.id);
    let mut content = Vec::new();
    let messages = answer.choices().iter().filter_map(|choice| choice.message.as_ref());
    let messages: Vec<_> = messages.map(|message| (message, message.images())).collect();
    for (message, images) in &messages {
        add(message, images, &mut content)?;
    }
    let first = answer.choices().first();
    let finish = first.and_then(|choice| choice.finish_reason.as_deref()).unwrap_or("stop");
    let refusal = first.and_then(|choice| choice.message.as_ref()?.refusal.as_deref()).filter(|text| !text.is_empty());
    let stop_reason = if refusal.is_some() { StopReason::Refusal } else { StopReason::of_finish(finish) };
    let is_refusal = stop_reason == StopReason::Refusal;
    serde_json::to_vec(&Answer {
        id: answer.id.as_deref().filter(|id| !id.is_empty()).unwrap_or(&own_id),
        kind: Kind::Message,
        role: "assistant",
        model: reply.model,
        content,
        stop_reason,
        stop_sequence: None,
        stop_details: is_refusal.then_some(StopDetails::Refusal { category: None, explanation: refusal }),
        usage: usage.map(MessageUsage::from).unwrap_or_default(),
    })
}

fn add<'a>(
    message: &'a Message<'_>,
    images: &'a [Image<'_>],
    content: &mut Vec<AnswerBlock<'a>>,
) -> Result<(), serde_json::Error> {
    match message.thinking_blocks.as_deref() {
        Some(blocks) if !blocks.is_empty() => content.extend(blocks.iter().map(|block| AnswerBlock::Whole(block))),
        _ => {
            if let Some(thinking) = message.reasoning_content.as_deref().filter(|thoughts| !thoughts.is_empty()) {
                content.push(AnswerBlock::Thinking { thinking, signature: None });
            }
        }
    }
    let has_more = !message.calls().is_empty() || message.function_call.is_some() || !images.is_empty();
    let text = message.content.as_deref().filter(|text| !has_more || !text.is_empty());
    let refusal = message.refusal.as_deref().filter(|refusal| !refusal.is_empty());
    content.extend([text, refusal].into_iter().flatten().map(|text| AnswerBlock::Text { text }));
    content.extend(images.iter().map(|drawn| AnswerBlock::Image { source: image::source(drawn) }));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::id::RequestId;
    use crate::providers::operation::Operation;
    use serde_json::{Value, json};

    fn told(message: &Value, finish: &str) -> Value {
        let answer = json!({"id": "up", "choices": [{"message": message, "finish_reason": finish}]}).to_string();
        let id = RequestId::at(Timestamp::from_seconds(1), &[0; 10]);
        let reply =
            Reply { operation: Operation::Messages, id, model: "mine", deployment: "d", asked: &[], show_usage: false };
        let usage = Usage { prompt_tokens: 12, completion_tokens: 5, ..Usage::default() };
        let written = write(reply, &Completion::read(answer.as_bytes()).unwrap(), Some(&usage)).unwrap();
        serde_json::from_slice(&written).unwrap()
    }

    #[test]
    fn thoughts_text_and_calls_are_blocks_in_this_order() {
        let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1}"}});
        let message = json!({"content": "Hi", "reasoning_content": "hm", "tool_calls": [call]});
        assert_eq!(
            told(&message, "tool_calls"),
            json!({"id": "up", "type": "message", "role": "assistant", "model": "mine",
                "content": [{"type": "thinking", "thinking": "hm", "signature": null}, {"type": "text", "text": "Hi"},
                    {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}],
                "stop_reason": "tool_use", "stop_sequence": null, "stop_details": null,
                "usage": {"input_tokens": 12, "output_tokens": 5}})
        );
    }

    #[test]
    fn signed_thoughts_stay_what_they_are_and_a_refusal_is_told_as_one() {
        let block = json!({"type": "thinking", "thinking": "hm", "signature": "s"});
        let message = json!({"content": null, "refusal": "No", "reasoning_content": "hm", "thinking_blocks": [block]});
        let told = told(&message, "stop");
        assert_eq!(told["content"], json!([block, {"type": "text", "text": "No"}]));
        assert_eq!((&told["stop_reason"], &told["stop_details"]["explanation"]), (&json!("refusal"), &json!("No")));
    }

    #[test]
    fn an_image_is_a_block_and_an_empty_text_beside_it_is_none() {
        let held = json!({"type": "image_url", "index": 0, "image_url": {"url": "data:image/png;base64,AA=="}});
        let referred = json!({"type": "image_url", "index": 1, "image_url": {"url": "https://images.test/1"}});
        let told = told(&json!({"content": "", "images": [held, referred]}), "stop");
        let held = json!({"type": "base64", "media_type": "image/png", "data": "AA=="});
        let referred = json!({"type": "url", "url": "https://images.test/1"});
        let blocks = json!([{"type": "image", "source": held}, {"type": "image", "source": referred}]);
        assert_eq!(told["content"], blocks);
    }

    #[test]
    fn arguments_that_are_no_object_are_not_made_one() {
        let answer =
            json!({"choices": [{"message": {"tool_calls": [{"function": {"name": "f", "arguments": "[1"}}]}}]});
        let id = RequestId::at(Timestamp::from_seconds(1), &[0; 10]);
        let reply =
            Reply { operation: Operation::Messages, id, model: "mine", deployment: "d", asked: &[], show_usage: false };
        let text = answer.to_string();
        assert!(write(reply, &Completion::read(text.as_bytes()).unwrap(), None).is_err());
    }
}
