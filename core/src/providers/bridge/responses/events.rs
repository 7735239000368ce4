//! A streamed answer, told as a response. At most one message, or thoughts, is open at a time; calls stay open until all is
//! said, since some upstreams tell several at once. Each kind of news has its method.

use super::written::{Call, Item, Names, Part, Thoughts, What, annotation, item_of_call, thinks};
use crate::api::completion::{Completion, Image, Message, ToolCall};
use crate::api::responses::answer::{
    Answer, Failure, Incomplete, OutputItem, OutputPart, Status, SummaryPart, cut_short,
};
use crate::api::responses::echo::Echo;
use crate::api::responses::event::{
    AnnotationAdded, ArgumentsDelta, ArgumentsDone, DONE_EVENT, EventWriter, InItem, Nothing, OfItem, OfPart,
    OfResponse, OfSummary, PartDelta, RefusalDone, SummaryDelta, SummaryDone, TextDone,
};
use crate::api::responses::id::ResponseId;
use crate::api::responses::usage::ResponseUsage;
use crate::providers::bridge::dialect::ClientEvents;
use crate::providers::failure::ProviderFailure;
use crate::providers::provider::Reply;
use crate::usage::Usage;
use bytes::Bytes;
use serde_json::value::RawValue;

const NAMELESS: &str = "the upstream's stream calls a function without naming it";
/// Thoughts have one part.
const SUMMARY: usize = 0;

/// Tells one response.
#[derive(Debug)]
pub(super) struct ResponseTeller {
    id: String,
    model: String,
    created_at: i64,
    echo: Echo,
    names: Names,
    events: EventWriter,
    has_begun: bool,
    items: Vec<Item>,
    /// The message or the thoughts that are open.
    open: Option<usize>,
    cut_short: Option<Incomplete>,
}

impl ResponseTeller {
    /// A teller of one response.
    pub(super) fn new(reply: Reply<'_>) -> Self {
        Self {
            id: ResponseId::name(reply.deployment, reply.model, &format!("resp_{}", reply.id)),
            model: reply.model.to_owned(),
            created_at: reply.id.arrived().seconds(),
            echo: Echo::of(reply.asked),
            names: Names::of(reply.id),
            events: EventWriter::default(),
            has_begun: false,
            items: Vec::new(),
            open: None,
            cut_short: None,
        }
    }

    /// The response as far as it has come.
    fn response<'s>(&'s self, status: Status, output: &'s [OutputItem<'s>]) -> Answer<'s> {
        Answer {
            id: &self.id,
            created_at: self.created_at,
            error: None,
            incomplete_details: None,
            model: &self.model,
            object: "response",
            output,
            status,
            usage: None,
            echo: &self.echo,
            provider_specific_fields: None,
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.has_begun {
            return;
        }
        self.has_begun = true;
        let mut events = std::mem::take(&mut self.events);
        let response = self.response(Status::InProgress, &[]);
        for kind in ["response.created", "response.in_progress"] {
            events.write(kind, &OfResponse { response: &response }, out);
        }
        self.events = events;
    }

    /// What is new of one choice.
    fn message(&mut self, choice: u32, message: &Message<'_>, out: &mut Vec<u8>) -> Result<(), ProviderFailure> {
        if thinks(message) {
            self.think(message, out);
        }
        if let Some(text) = message.text() {
            self.say(text, out);
        }
        if let Some(refusal) = message.refusal.as_deref().filter(|refusal| !refusal.is_empty()) {
            self.refuse(refusal, out);
        }
        for source in message.annotations.as_deref().unwrap_or_default() {
            self.cite(source, out);
        }
        message.images().iter().for_each(|drawn| self.draw(drawn, out));
        message.calls().iter().try_for_each(|call| self.call(choice, call, out))
    }

    fn think(&mut self, message: &Message<'_>, out: &mut Vec<u8>) {
        let output_index = self.turn_to("rs", out);
        let Some(Item { id, what: What::Thoughts(thoughts), .. }) = self.items.get_mut(output_index) else { return };
        let is_first = thoughts.text.is_empty();
        let delta = thoughts.add(message);
        if delta.is_empty() {
            return;
        }
        if is_first {
            let part = OfSummary { summary_index: SUMMARY, part: SummaryPart::SummaryText { text: "" } };
            let event = InItem { item_id: id, output_index, what: part };
            self.events.write("response.reasoning_summary_part.added", &event, out);
        }
        let what = SummaryDelta { summary_index: SUMMARY, delta: &delta };
        let event = InItem { item_id: id, output_index, what };
        self.events.write("response.reasoning_summary_text.delta", &event, out);
    }

    fn say(&mut self, text: &str, out: &mut Vec<u8>) {
        let output_index = self.turn_to("msg", out);
        let Some(Item { id, what: What::Message(parts), .. }) = self.items.get_mut(output_index) else { return };
        if !matches!(parts.last(), Some(Part::Text { .. })) {
            let part = OutputPart::OutputText { text: "", annotations: &[] };
            begin_part(&mut self.events, (id, output_index), (parts.len(), part), out);
            parts.push(Part::Text { text: String::new(), annotations: Vec::new() });
        }
        let content_index = parts.len() - 1;
        if let Some(Part::Text { text: whole, .. }) = parts.last_mut() {
            whole.push_str(text);
        }
        let event = InItem { item_id: id, output_index, what: PartDelta { content_index, delta: text } };
        self.events.write("response.output_text.delta", &event, out);
    }

    fn refuse(&mut self, refusal: &str, out: &mut Vec<u8>) {
        let output_index = self.turn_to("msg", out);
        let Some(Item { id, what: What::Message(parts), .. }) = self.items.get_mut(output_index) else { return };
        if !matches!(parts.last(), Some(Part::Refusal(_))) {
            let part = OutputPart::Refusal { refusal: "" };
            begin_part(&mut self.events, (id, output_index), (parts.len(), part), out);
            parts.push(Part::Refusal(String::new()));
        }
        let content_index = parts.len() - 1;
        if let Some(Part::Refusal(whole)) = parts.last_mut() {
            whole.push_str(refusal);
        }
        let event = InItem { item_id: id, output_index, what: PartDelta { content_index, delta: refusal } };
        self.events.write("response.refusal.delta", &event, out);
    }

    /// An image comes in one piece.
    fn draw(&mut self, drawn: &Image<'_>, out: &mut Vec<u8>) {
        let Some((_, data)) = drawn.data() else { return self.say(drawn.url(), out) };
        self.close_open(out);
        let item = Item::begun(self.names.next("ig"), What::Image(data.to_owned()));
        let at = self.begin_item(item, out);
        self.close(at, Status::Completed, out);
    }

    /// A source of what is being said.
    fn cite(&mut self, source: &RawValue, out: &mut Vec<u8>) {
        let Some(output_index) = self.open else { return };
        let Some(Item { id, what: What::Message(parts), .. }) = self.items.get_mut(output_index) else { return };
        let content_index = parts.len().saturating_sub(1);
        let (Some(Part::Text { annotations, .. }), Some(source)) = (parts.last_mut(), annotation(source)) else {
            return;
        };
        let what = AnnotationAdded { content_index, annotation_index: annotations.len(), annotation: &source };
        let event = InItem { item_id: id, output_index, what };
        self.events.write("response.output_text.annotation.added", &event, out);
        annotations.push(source);
    }

    /// A call begins, or goes on. Some upstreams number all calls alike, and some tell the id again with each piece.
    fn call(&mut self, choice: u32, call: &ToolCall<'_>, out: &mut Vec<u8>) -> Result<(), ProviderFailure> {
        let Some(function) = &call.function else { return Ok(()) };
        let place = (choice, call.index.unwrap_or(0));
        let id = call.id.as_deref().filter(|id| !id.is_empty());
        let is_this = |item: &Item| match &item.what {
            What::Call(known) | What::Search(known, _) => {
                known.place == place && id.is_none_or(|id| id == known.call_id)
            }
            _ => false,
        };
        let output_index = match self.items.iter().rposition(is_this) {
            Some(at) => at,
            None => {
                let name = function.name.as_deref().filter(|name| !name.is_empty());
                self.begin_call(place, id, name.ok_or_else(|| ProviderFailure::malformed(NAMELESS))?, out)
            }
        };
        let Some(delta) = function.arguments.as_deref().filter(|arguments| !arguments.is_empty()) else {
            return Ok(());
        };
        let Some(Item { id, what, .. }) = self.items.get_mut(output_index) else { return Ok(()) };
        match what {
            What::Call(call) => call.arguments.push_str(delta),
            What::Search(call, _) => {
                call.arguments.push_str(delta);
                return Ok(());
            }
            What::Message(_) | What::Thoughts(_) | What::Image(_) => return Ok(()),
        }
        let event = InItem { item_id: id, output_index, what: ArgumentsDelta { delta } };
        self.events.write("response.function_call_arguments.delta", &event, out);
        Ok(())
    }

    fn begin_call(&mut self, place: (u32, u32), id: Option<&str>, name: &str, out: &mut Vec<u8>) -> usize {
        self.close_open(out);
        let call_id = id.map_or_else(|| self.names.next("call"), str::to_owned);
        let item_id = item_of_call(&call_id);
        let call = Call { place, call_id, name: name.to_owned(), arguments: String::new() };
        let is_search = call.is_providers() && call.is_search();
        let what = if is_search { What::Search(call, Vec::new()) } else { What::Call(call) };
        self.begin_item(Item::begun(item_id, what), out)
    }

    /// The place of the open item of this kind, which begins where another is open.
    fn turn_to(&mut self, kind: &'static str, out: &mut Vec<u8>) -> usize {
        let open = self.open.and_then(|at| Some((at, self.items.get(at)?)));
        match open {
            Some((at, Item { what: What::Message(_), .. })) if kind == "msg" => return at,
            Some((at, Item { what: What::Thoughts(_), .. })) if kind == "rs" => return at,
            _ => {}
        }
        self.close_open(out);
        let what = if kind == "msg" { What::Message(Vec::new()) } else { What::Thoughts(Thoughts::default()) };
        let item = Item::begun(self.names.next(kind), what);
        let at = self.begin_item(item, out);
        self.open = Some(at);
        at
    }

    fn begin_item(&mut self, item: Item, out: &mut Vec<u8>) -> usize {
        let output_index = self.items.len();
        self.events.write("response.output_item.added", &OfItem { output_index, item: item.told() }, out);
        self.items.push(item);
        output_index
    }

    fn close_open(&mut self, out: &mut Vec<u8>) {
        if let Some(at) = self.open.take() {
            self.close(at, Status::Completed, out);
        }
    }

    /// Ends an item, if it has not ended.
    fn close(&mut self, output_index: usize, status: Status, out: &mut Vec<u8>) {
        let Some(item) = self.items.get_mut(output_index) else { return };
        if item.status != Status::InProgress {
            return;
        }
        let events = &mut self.events;
        item.status = match &item.what {
            What::Message(parts) => {
                let place = (item.id.as_str(), output_index);
                parts.iter().enumerate().for_each(|(at, part)| end_part(events, place, (at, part), out));
                status
            }
            What::Thoughts(thoughts) => {
                end_thoughts(events, (&item.id, output_index), &thoughts.text, out);
                Status::Completed
            }
            What::Call(Call { name, arguments, .. }) => {
                let what = ArgumentsDone { name, arguments };
                let event = InItem { item_id: &item.id, output_index, what };
                events.write("response.function_call_arguments.done", &event, out);
                Status::Completed
            }
            What::Image(_) => {
                let event = InItem { item_id: &item.id, output_index, what: Nothing {} };
                events.write("response.image_generation_call.completed", &event, out);
                Status::Completed
            }
            What::Search(..) => Status::Completed,
        };
        events.write("response.output_item.done", &OfItem { output_index, item: item.told() }, out);
    }

    fn last_status(&self) -> Status {
        if self.cut_short.is_some() { Status::Incomplete } else { Status::Completed }
    }
}

fn begin_part(
    events: &mut EventWriter,
    (item_id, output_index): (&str, usize),
    (content_index, part): (usize, OutputPart<'_>),
    out: &mut Vec<u8>,
) {
    let event = InItem { item_id, output_index, what: OfPart { content_index, part } };
    events.write("response.content_part.added", &event, out);
}

fn end_part(
    events: &mut EventWriter,
    (item_id, output_index): (&str, usize),
    (content_index, part): (usize, &Part),
    out: &mut Vec<u8>,
) {
    match part {
        Part::Text { text, .. } => {
            let event = InItem { item_id, output_index, what: TextDone { content_index, text } };
            events.write("response.output_text.done", &event, out);
        }
        Part::Refusal(refusal) => {
            let event = InItem { item_id, output_index, what: RefusalDone { content_index, refusal } };
            events.write("response.refusal.done", &event, out);
        }
    }
    let event = InItem { item_id, output_index, what: OfPart { content_index, part: part.told() } };
    events.write("response.content_part.done", &event, out);
}

fn end_thoughts(events: &mut EventWriter, (item_id, output_index): (&str, usize), text: &str, out: &mut Vec<u8>) {
    if text.is_empty() {
        return;
    }
    let what = SummaryDone { summary_index: SUMMARY, text };
    events.write("response.reasoning_summary_text.done", &InItem { item_id, output_index, what }, out);
    let what = OfSummary { summary_index: SUMMARY, part: SummaryPart::SummaryText { text } };
    events.write("response.reasoning_summary_part.done", &InItem { item_id, output_index, what }, out);
}

impl ClientEvents for ResponseTeller {
    fn chunk(&mut self, chunk: &Completion<'_>, out: &mut Vec<u8>) -> Result<(), ProviderFailure> {
        self.begin(out);
        for choice in chunk.choices() {
            let index = choice.index.unwrap_or(0);
            if let Some(message) = &choice.message {
                self.message(index, message, out)?;
            }
            // There is one response: it ended as the first of the answers did.
            if let Some(reason) = choice.finish_reason.as_deref().filter(|_| index == 0) {
                self.cut_short = cut_short(reason);
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        let status = self.last_status();
        (0..self.items.len()).for_each(|at| self.close(at, status, out));
    }

    fn terminal(&self, usage: &Usage) -> Bytes {
        let status = self.last_status();
        let output: Vec<_> = self.items.iter().map(Item::told).collect();
        let response = Answer {
            incomplete_details: self.cut_short,
            usage: Some(ResponseUsage::from(usage)),
            ..self.response(status, &output)
        };
        let kind = if status == Status::Completed { "response.completed" } else { "response.incomplete" };
        let mut out = Vec::new();
        self.events.write_last(kind, &OfResponse { response: &response }, &mut out);
        out.extend_from_slice(DONE_EVENT);
        Bytes::from(out)
    }

    fn broken(&self, code: &str, message: &str) -> Option<Bytes> {
        let output: Vec<_> = self.items.iter().map(Item::told).collect();
        let failed = self.response(Status::Failed, &output);
        let response = Answer { error: Some(Failure { code, message }), ..failed };
        let mut out = Vec::new();
        self.events.write_last("response.failed", &OfResponse { response: &response }, &mut out);
        out.extend_from_slice(DONE_EVENT);
        Some(Bytes::from(out))
    }
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
