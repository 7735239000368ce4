//! A whole answer, told as a response: thoughts, words, images and calls, in this order.

use super::written::{Call, Item, Names, Part, Thoughts, What, annotation, found, item_of_call, thinks};
use crate::api::completion::{Completion, Function, Image, Message};
use crate::api::members::{Members, raw};
use crate::api::responses::answer::{Answer, Status, cut_short};
use crate::api::responses::echo::Echo;
use crate::api::responses::id::ResponseId;
use crate::api::responses::usage::ResponseUsage;
use crate::providers::provider::Reply;
use crate::usage::Usage;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Writes the response.
pub(super) fn write(
    reply: Reply<'_>,
    answer: &Completion<'_>,
    usage: Option<&Usage>,
) -> Result<Vec<u8>, serde_json::Error> {
    let first = answer.choices().first();
    let incomplete_details = first.and_then(|choice| choice.finish_reason.as_deref()).and_then(cut_short);
    // An answer without any choice is none.
    let is_whole = incomplete_details.is_none() && first.is_some();
    let status = if is_whole { Status::Completed } else { Status::Incomplete };
    let (mut names, mut items) = (Names::of(reply.id), Vec::new());
    for message in answer.choices().iter().filter_map(|choice| choice.message.as_ref()) {
        take_in(message, status, &mut names, &mut items);
    }
    let output: Vec<_> = items.iter().map(Item::told).collect();
    let echo = Echo::of(reply.asked);
    let fields = first.and_then(|choice| choice.message.as_ref()?.provider_specific_fields);
    let fields = fields.filter(|fields| are_anthropics(fields)).map(|fields| with_searches(fields, &items));
    serde_json::to_vec(&Answer {
        id: &ResponseId::name(reply.deployment, reply.model, &format!("resp_{}", reply.id)),
        created_at: answer.created_at().unwrap_or_else(|| reply.id.arrived().seconds()),
        error: None,
        incomplete_details,
        model: reply.model,
        object: "response",
        output: &output,
        status,
        usage: usage.map(|usage| ResponseUsage::told(usage, answer.usage)),
        echo: &echo,
        provider_specific_fields: fields.as_deref(),
    })
}

/// Whether these are what Anthropic tells beside an answer: LiteLLM's clients find it here, and nobody else's.
fn are_anthropics(fields: &RawValue) -> bool {
    Members::parse(fields.get().as_bytes()).is_ok_and(|fields| fields.get("thinking_blocks").is_some())
}

/// The fields, with the searches where there are any.
fn with_searches<'f>(fields: &'f RawValue, items: &[Item]) -> Cow<'f, RawValue> {
    let searches: Vec<_> = items.iter().filter(|item| matches!(item.what, What::Search(..))).map(Item::told).collect();
    let written = || {
        let mut members = Members::parse(fields.get().as_bytes()).ok()?;
        members.set("web_search_calls", raw(&searches).ok()?);
        RawValue::from_string(String::from_utf8(members.to_json()).ok()?).ok()
    };
    let written = if searches.is_empty() { None } else { written() };
    written.map_or(Cow::Borrowed(fields), Cow::Owned)
}

/// Adds what one message says.
fn take_in(message: &Message<'_>, status: Status, names: &mut Names, items: &mut Vec<Item>) {
    let mut add = |id: String, status, what| items.push(Item { status, ..Item::begun(id, what) });
    if thinks(message) {
        let mut thoughts = Thoughts::default();
        thoughts.add(message);
        add(names.next("rs"), Status::Completed, What::Thoughts(thoughts));
    }
    let images = message.images();
    let parts = parts(message, &images);
    if !parts.is_empty() {
        add(names.next("msg"), status, What::Message(parts));
    }
    for (_, drawn) in images.iter().filter_map(Image::data) {
        add(names.next("ig"), Status::Completed, What::Image(drawn.to_owned()));
    }
    for call in message.calls() {
        let Some(function) = &call.function else { continue };
        let call_id = call.id.as_deref().filter(|id| !id.is_empty());
        let call_id = call_id.map_or_else(|| names.next("call"), str::to_owned);
        let (id, call) = (item_of_call(&call_id), called(call_id, function));
        let what = match (call.is_providers(), call.is_search()) {
            (false, _) => What::Call(call),
            (true, true) => {
                let found = found(&call.call_id, message.provider_specific_fields);
                What::Search(call, found)
            }
            // What the provider's other tools did is told in its fields: nobody is asked to do it.
            (true, false) => continue,
        };
        add(id, Status::Completed, what);
    }
    if let Some(function) = &message.function_call {
        let call_id = names.next("call");
        add(item_of_call(&call_id), Status::Completed, What::Call(called(call_id, function)));
    }
}

/// What a message says in words. An empty text beside calls or images says nothing.
fn parts(message: &Message<'_>, images: &[Image<'_>]) -> Vec<Part> {
    let has_more = !message.calls().is_empty() || message.function_call.is_some() || !images.is_empty();
    let text = message.content.as_deref().filter(|text| !has_more || !text.is_empty());
    let sources = message.annotations.as_deref().unwrap_or_default();
    let annotations = sources.iter().filter_map(|source| annotation(source)).collect();
    let text = text.map(|text| Part::Text { text: text.to_owned(), annotations });
    let refusal = message.refusal.as_deref().filter(|refusal| !refusal.is_empty());
    let refusal = refusal.map(|refusal| Part::Refusal(refusal.to_owned()));
    // The dialect has a place for an image, and none for the address of one: that is said.
    let addresses = images.iter().filter(|image| image.data().is_none());
    let addresses =
        addresses.map(|image| Part::Text { text: image.url().to_owned(), annotations: Vec::new() }).collect::<Vec<_>>();
    // Where the model refused, an empty text is no part of it.
    let text = text.filter(|text| refusal.is_none() || !matches!(text, Part::Text { text, .. } if text.is_empty()));
    text.into_iter().chain(refusal).chain(addresses).collect()
}

fn called(call_id: String, function: &Function<'_>) -> Call {
    let name = function.name.as_deref().unwrap_or_default().to_owned();
    let arguments = function.arguments.as_deref().unwrap_or_default().to_owned();
    Call { place: (0, 0), call_id, name, arguments }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
