//! Writes the events of a streamed response.
//!
//! Wire format: <https://platform.openai.com/docs/api-reference/responses-streaming>

use super::answer::{Answer, OutputItem, OutputPart, SummaryPart};
use serde::Serialize;

/// Ends a stream, as LiteLLM ends it.
pub const DONE_EVENT: &[u8] = b"data: [DONE]\n\n";

/// Writes events, numbered in order.
#[derive(Debug, Default)]
pub struct EventWriter {
    /// The number of the next event.
    next: u64,
}

/// Tells of the response.
#[derive(Debug, Serialize)]
pub struct OfResponse<'e> {
    /// As far as it has come.
    pub response: &'e Answer<'e>,
}

/// Tells of an item that begins or ends.
#[derive(Debug, Serialize)]
pub struct OfItem<'e> {
    /// Its place.
    pub output_index: usize,
    /// The item.
    pub item: OutputItem<'e>,
}

/// Tells of something in an item.
#[derive(Debug, Serialize)]
pub struct InItem<'e, T> {
    /// The item's id.
    pub item_id: &'e str,
    /// The item's place.
    pub output_index: usize,
    /// What.
    #[serde(flatten)]
    pub what: T,
}

/// No more than that it happened.
#[derive(Debug, Serialize)]
pub struct Nothing {}

/// A part that begins or ends.
#[derive(Debug, Serialize)]
pub struct OfPart<'e> {
    /// Its place in the item.
    pub content_index: usize,
    /// The part.
    pub part: OutputPart<'e>,
}

/// A piece of text, or of a refusal.
#[derive(Debug, Serialize)]
pub struct PartDelta<'e> {
    /// The part's place in the item.
    pub content_index: usize,
    /// What is new.
    pub delta: &'e str,
}

/// All of a text.
#[derive(Debug, Serialize)]
pub struct TextDone<'e> {
    /// The part's place in the item.
    pub content_index: usize,
    /// The text.
    pub text: &'e str,
}

/// All of a refusal.
#[derive(Debug, Serialize)]
pub struct RefusalDone<'e> {
    /// The part's place in the item.
    pub content_index: usize,
    /// The words.
    pub refusal: &'e str,
}

/// A source.
#[derive(Debug, Serialize)]
pub struct AnnotationAdded<'e> {
    /// The part's place in the item.
    pub content_index: usize,
    /// The source's place in the part.
    pub annotation_index: usize,
    /// The source.
    pub annotation: &'e serde_json::value::RawValue,
}

/// A piece of a call's arguments.
#[derive(Debug, Serialize)]
pub struct ArgumentsDelta<'e> {
    /// What is new.
    pub delta: &'e str,
}

/// All of a call's arguments.
#[derive(Debug, Serialize)]
pub struct ArgumentsDone<'e> {
    /// The function.
    pub name: &'e str,
    /// The arguments.
    pub arguments: &'e str,
}

/// A piece of the model's thoughts.
#[derive(Debug, Serialize)]
pub struct SummaryDelta<'e> {
    /// The part's place in the summary.
    pub summary_index: usize,
    /// What is new.
    pub delta: &'e str,
}

/// All of the model's thoughts.
#[derive(Debug, Serialize)]
pub struct SummaryDone<'e> {
    /// The part's place in the summary.
    pub summary_index: usize,
    /// The thoughts.
    pub text: &'e str,
}

/// A part of the model's thoughts that begins or ends.
#[derive(Debug, Serialize)]
pub struct OfSummary<'e> {
    /// The part's place in the summary.
    pub summary_index: usize,
    /// The part.
    pub part: SummaryPart<'e>,
}

impl EventWriter {
    /// A writer that goes on after so many events.
    pub fn after(events: u64) -> Self {
        Self { next: events }
    }

    /// Writes an event.
    pub fn write(&mut self, kind: &'static str, event: &impl Serialize, out: &mut Vec<u8>) {
        self.write_last(kind, event, out);
        self.next += 1;
    }

    /// Writes an event after which none comes.
    pub fn write_last(&self, kind: &'static str, event: &impl Serialize, out: &mut Vec<u8>) {
        #[derive(Serialize)]
        struct Numbered<'e, T> {
            r#type: &'static str,
            #[serde(flatten)]
            event: &'e T,
            sequence_number: u64,
        }
        let begin = out.len();
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        let numbered = Numbered { r#type: kind, event, sequence_number: self.next };
        if serde_json::to_writer(&mut *out, &numbered).is_err() {
            // Nothing here can fail to be written; half an event must not go out.
            out.truncate(begin);
            return;
        }
        out.extend_from_slice(b"\n\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_named_twice_and_numbered() {
        let (mut writer, mut out) = (EventWriter::default(), Vec::new());
        let event = InItem { item_id: "i", output_index: 2, what: ArgumentsDelta { delta: "{" } };
        for _ in 0..2 {
            writer.write("response.function_call_arguments.delta", &event, &mut out);
        }
        let text = String::from_utf8(out).unwrap();
        let second = "event: response.function_call_arguments.delta\n\
            data: {\"type\":\"response.function_call_arguments.delta\",\"item_id\":\"i\",\"output_index\":2,\
            \"delta\":\"{\",\"sequence_number\":1}\n\n";
        assert!(text.ends_with(second), "{text}");
    }
}
