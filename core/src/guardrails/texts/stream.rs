//! The words of an answer that came in events: each text in one piece, whichever events its pieces came in. Where texts are
//! changed, the first event of each says all of it and the others nothing.

use super::tool_calls::{told, tool_calls_of};
use super::walk::{drop_echoes, each_text, images_of};
use super::words::{Unreadable, Words};
use crate::guardrails::question::Content;
use crate::wire::sse;
use bytes::{Bytes, BytesMut};
use serde_json::Value;

/// What tells the texts of an answer apart whose pieces come in several events: places in it, and a kind.
type Channel = (u64, u64, String);

/// Kinds of events of OpenAI's responses that bring a piece of a text:
/// <https://platform.openai.com/docs/api-reference/responses-streaming>.
const RESPONSE_DELTAS: [&str; 5] = [
    "response.output_text.delta",
    "response.reasoning_summary_text.delta",
    "response.reasoning_text.delta",
    "response.refusal.delta",
    "response.audio.transcript.delta",
];

/// Members of such events' kinds that tell of a text in one piece, once it is whole.
const WHOLES: [&str; 5] = ["item", "part", "refusal", "response", "text"];

/// The words of a stream.
pub struct StreamWords {
    events: Vec<Event>,
    /// Texts that come in pieces, in the order of their first.
    texts: Vec<(Channel, String)>,
    /// Texts in one piece that no pieces have told.
    wholes: Vec<String>,
    is_changed: bool,
}

struct Event {
    raw: Bytes,
    /// `None`: it has no data, or its data is no JSON: `[DONE]`.
    data: Option<Value>,
}

/// What is found in an event.
enum Found<'a> {
    /// A piece of a text.
    Piece(Channel, &'a mut String),
    /// A text in one piece.
    Whole(&'a mut String),
}

impl StreamWords {
    /// Reads a whole stream.
    ///
    /// # Errors
    /// [`Unreadable`]: an event cannot be looked at.
    pub fn read(stream: &Bytes) -> Result<Self, Unreadable> {
        let mut events = Vec::new();
        for raw in sse::events(stream) {
            let data = match sse::data(raw) {
                Some(data) if data.trim_ascii() != b"[DONE]" && !data.trim_ascii().is_empty() => {
                    let unreadable = |_| Unreadable("an event of this stream is no JSON".to_owned());
                    Some(serde_json::from_slice::<Value>(&data).map_err(unreadable)?)
                }
                _ => None,
            };
            events.push(Event { raw: stream.slice_ref(raw), data });
        }
        let mut words = Self { events, texts: Vec::new(), wholes: Vec::new(), is_changed: false };
        words.collect();
        Ok(words)
    }

    /// The stream.
    pub fn bytes(&self) -> Bytes {
        let mut all = BytesMut::new();
        for event in &self.events {
            match event.data.as_ref().filter(|_| self.is_changed) {
                Some(data) => {
                    // What names the event stands before its data.
                    let lines = event.raw.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
                    for line in lines.filter(|line| !line.is_empty() && !line.starts_with(b"data:")) {
                        all.extend_from_slice(line);
                        all.extend_from_slice(b"\n");
                    }
                    all.extend_from_slice(format!("data: {data}\n\n").as_bytes());
                }
                None => all.extend_from_slice(&event.raw),
            }
        }
        all.freeze()
    }

    fn collect(&mut self) {
        let (texts, mut wholes) = (&mut self.texts, Vec::new());
        for data in self.events.iter_mut().filter_map(|event| event.data.as_mut()) {
            each_found(data, &mut |found| match found {
                Found::Piece(_, piece) if piece.is_empty() => {}
                Found::Piece(channel, piece) => match texts.iter_mut().find(|(known, _)| *known == channel) {
                    Some((_, text)) => text.push_str(piece),
                    None => texts.push((channel, piece.clone())),
                },
                Found::Whole(text) => wholes.push(text.clone()),
            });
        }
        for whole in wholes {
            let is_told = self.texts.iter().any(|(_, text)| *text == whole) || self.wholes.contains(&whole);
            if !whole.is_empty() && !is_told {
                self.wholes.push(whole);
            }
        }
    }
}

impl Words for StreamWords {
    fn content(&self) -> Content {
        let texts = self.texts.iter().map(|(_, text)| text).chain(&self.wholes).cloned().collect();
        let events = || self.events.iter().filter_map(|event| event.data.as_ref());
        let mut images = Vec::new();
        let choices = events().filter_map(|event| event.get("choices")?.as_array()).flatten();
        choices.filter_map(|choice| choice.get("delta")).for_each(|delta| images_of(delta, &mut images));
        Content { texts, images, tool_calls: tool_calls(events()), ..Content::default() }
    }

    fn replace(&mut self, texts: Vec<String>) {
        let before: Vec<String> = self.texts.iter().map(|(_, text)| text).chain(&self.wholes).cloned().collect();
        // What is to be said in each channel, until it has been.
        let channels = self.texts.iter().map(|(channel, _)| channel.clone());
        let mut to_say: Vec<(Channel, String)> = channels.zip(texts.iter().cloned()).collect();
        for data in self.events.iter_mut().filter_map(|event| event.data.as_mut()) {
            each_found(data, &mut |found| match found {
                // An empty one opens a text, and clients may not read it.
                Found::Piece(_, piece) if piece.is_empty() => {}
                Found::Piece(channel, piece) => {
                    let said = to_say.iter_mut().find(|(other, _)| *other == channel);
                    *piece = said.map(|(_, text)| std::mem::take(text)).unwrap_or_default();
                }
                Found::Whole(text) => {
                    let new = before.iter().position(|known| known == text).and_then(|at| texts.get(at));
                    if let Some(new) = new {
                        text.clone_from(new);
                    }
                }
            });
            drop_echoes(data);
        }
        let mut texts = texts.into_iter();
        for place in self.texts.iter_mut().map(|(_, text)| text).chain(&mut self.wholes) {
            *place = texts.next().unwrap_or_default();
        }
        self.is_changed = true;
    }
}

fn number(event: &Value, name: &str) -> u64 {
    event.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn each_found(event: &mut Value, visit: &mut dyn FnMut(Found<'_>)) {
    let kind = event.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(choices) = event.get_mut("choices").and_then(Value::as_array_mut) {
        choices.iter_mut().for_each(|choice| each_in_choice(choice, visit));
    } else if RESPONSE_DELTAS.contains(&kind.as_str()) {
        let channel =
            (number(event, "output_index"), number(event, "content_index") + number(event, "summary_index"), kind);
        if let Some(Value::String(piece)) = event.get_mut("delta") {
            visit(Found::Piece(channel, piece));
        }
    } else if kind == "content_block_delta" {
        let index = number(event, "index");
        each_in_delta((index, 0), event.get_mut("delta"), visit);
    } else if kind == "content_block_start" {
        let index = number(event, "index");
        each_in_delta((index, 0), event.get_mut("content_block"), visit);
    } else {
        for name in WHOLES {
            let Some(value) = event.get_mut(name) else { continue };
            let value = if name == "response" { value.get_mut("output") } else { Some(value) };
            value.into_iter().for_each(|value| each_text(value, &mut |text| visit(Found::Whole(text))));
        }
    }
}

/// What a choice of OpenAI's dialect says.
fn each_in_choice(choice: &mut Value, visit: &mut dyn FnMut(Found<'_>)) {
    let index = number(choice, "index");
    if let Some(Value::String(piece)) = choice.get_mut("text") {
        visit(Found::Piece((index, 0, "text".to_owned()), piece));
    }
    each_in_delta((index, 1), choice.get_mut("delta"), visit);
    if let Some(message) = choice.get_mut("message") {
        each_text(message, &mut |text| visit(Found::Whole(text)));
    }
}

/// What a delta says: its own texts are pieces of one, those of what it holds of others.
fn each_in_delta((first, second): (u64, u64), delta: Option<&mut Value>, visit: &mut dyn FnMut(Found<'_>)) {
    let Some(Value::Object(members)) = delta else { return };
    for (name, value) in members.iter_mut() {
        if name == "type" {
            continue;
        }
        // As the walk tells texts from what is none, by their names.
        let mut alone = Value::Object([(name.clone(), value.take())].into_iter().collect());
        let mut at = 0;
        each_text(&mut alone, &mut |piece| {
            visit(Found::Piece((first, second, format!("{name}{at}")), piece));
            at += 1;
        });
        if let Some(said) = alone.get_mut(name.as_str()) {
            *value = said.take();
        }
    }
}

/// The calls of tools that a stream tells of.
fn tool_calls<'a>(events: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    #[derive(Default)]
    struct Told {
        place: (u64, u64),
        id: Option<String>,
        name: Option<String>,
        arguments: String,
    }
    let (mut calls, mut whole): (Vec<Told>, Vec<Value>) = (Vec::new(), Vec::new());
    let mut note = |place: (u64, u64), id: Option<&Value>, name: Option<&Value>, arguments: Option<&Value>| {
        let at = calls.iter().position(|call| call.place == place).unwrap_or_else(|| {
            calls.push(Told { place, ..Told::default() });
            calls.len() - 1
        });
        let Some(call) = calls.get_mut(at) else { return };
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        call.id = call.id.take().or(text(id));
        call.name = call.name.take().or(text(name));
        call.arguments.push_str(&text(arguments).unwrap_or_default());
    };
    for event in events {
        for choice in event.get("choices").and_then(Value::as_array).into_iter().flatten() {
            let delta = choice.get("delta").and_then(|delta| delta.get("tool_calls")).and_then(Value::as_array);
            for call in delta.into_iter().flatten() {
                let function = |name: &str| call.get("function")?.get(name);
                note(
                    (number(choice, "index"), number(call, "index")),
                    call.get("id"),
                    function("name"),
                    function("arguments"),
                );
            }
        }
        let block = event.get("content_block");
        let member = |name: &str| block?.get(name);
        match event.get("type").and_then(Value::as_str) {
            Some("content_block_start") if member("type").is_some_and(|kind| kind == "tool_use") => {
                note((number(event, "index"), 0), member("id"), member("name"), None);
            }
            Some("content_block_delta") => {
                if let Some(piece) = event.get("delta").and_then(|delta| delta.get("partial_json")) {
                    note((number(event, "index"), 0), None, None, Some(piece));
                }
            }
            Some("response.output_item.done") => tool_calls_of(event.get("item").unwrap_or(&Value::Null), &mut whole),
            _ => {}
        }
    }
    let calls = calls.iter().map(|call| told(call.id.as_deref(), call.name.as_deref(), &call.arguments));
    calls.chain(whole).collect()
}
