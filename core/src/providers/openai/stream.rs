//! A streamed answer in the OpenAI dialect. Whole events pass on as the bytes they came in; only those that tell of
//! usage, an end or an error are looked into, and a byte search decides which those are.

use super::choices::{self, Part};
use super::failure;
use super::json_tool;
use crate::api::members::{Members, raw};
use crate::providers::decoder::{Seen, StreamDecoder};
use crate::providers::failure::ProviderFailure;
use crate::wire::openai_usage::usage_and_tier;
use crate::wire::sse::{self, EventSplitter};
use bytes::{Bytes, BytesMut};
use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

const DONE: &[u8] = b"[DONE]";
const DONE_EVENT: &[u8] = b"data: [DONE]\n\n";

/// Reads one stream.
pub(super) struct EventReader {
    splitter: EventSplitter,
    show_usage: bool,
    seen: Seen,
    /// A choice has told why it ended.
    finished: bool,
    /// A call of the tool that answers by a schema is under way.
    by_tool: bool,
    /// The last events that passed as they were.
    last: Bytes,
    /// The upstream has sent its terminal event.
    done: bool,
}

/// The members of a chunk that matter here.
#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    service_tier: Option<&'a RawValue>,
    #[serde(default)]
    choices: Option<Vec<Choice>>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    x_groq: Option<VendorUsage<'a>>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    finish_reason: Option<IgnoredAny>,
}

/// Groq tells the usage in a member of its own: <https://console.groq.com/docs/api-reference#chat-create>
#[derive(Deserialize)]
struct VendorUsage<'a> {
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

/// What an event is to the client.
enum Verdict {
    Pass,
    Hide,
    Replace(Vec<u8>),
    End,
}

impl EventReader {
    pub(super) fn new(show_usage: bool) -> Self {
        Self {
            splitter: EventSplitter::default(),
            show_usage,
            seen: Seen::default(),
            finished: false,
            by_tool: false,
            last: Bytes::new(),
            done: false,
        }
    }

    /// Looks through whole events and gives what the client may see of them.
    fn filter(&mut self, whole: Bytes) -> Result<Bytes, ProviderFailure> {
        if self.done {
            return Ok(Bytes::new());
        }
        if !self.by_tool && !must_look_into(&whole) {
            self.seen.content_events += memmem::find_iter(&whole, b"\"delta\"").count().max(1) as u64;
            self.last = whole.clone();
            return Ok(whole);
        }
        let mut kept = BytesMut::new();
        let mut is_unchanged = true;
        for event in sse::events(&whole) {
            match self.judge(event)? {
                Verdict::Pass => {
                    kept.extend_from_slice(event);
                    self.last = whole.slice_ref(event);
                }
                Verdict::Hide => is_unchanged = false,
                Verdict::Replace(event) => {
                    kept.extend_from_slice(&event);
                    is_unchanged = false;
                }
                Verdict::End => {
                    self.done = true;
                    if let Some(ending) = ending(&self.last).filter(|_| !self.finished) {
                        kept.extend_from_slice(&ending);
                    }
                    return Ok(kept.freeze());
                }
            }
        }
        Ok(if is_unchanged { whole } else { kept.freeze() })
    }

    /// The event with its choices put right, and without its `usage` for a client that did not ask for it.
    fn rewritten(&mut self, data: &[u8], show_usage: bool) -> Verdict {
        let differs = choices::may_differ(data, Part::Delta);
        let by_tool = self.by_tool || json_tool::may_be_called(data);
        if show_usage && !differs && !by_tool {
            return Verdict::Pass;
        }
        let Ok(mut members) = Members::parse(data) else { return Verdict::Pass };
        if !show_usage {
            members.take("usage");
        }
        if differs {
            choices::put_right(&mut members, Part::Delta);
        }
        if by_tool {
            self.by_tool = choices::answer_by_tool(&mut members, self.by_tool);
        }
        Verdict::Replace(event(&members))
    }

    fn judge(&mut self, event: &[u8]) -> Result<Verdict, ProviderFailure> {
        let Some(data) = sse::data(event) else { return Ok(Verdict::Pass) };
        if data.trim_ascii() == DONE {
            return Ok(Verdict::End);
        }
        let Ok(chunk) = serde_json::from_slice::<Chunk<'_>>(&data) else {
            let excerpt = failure::excerpt(&data);
            return Err(ProviderFailure::malformed(format!(
                "an event of the upstream's stream is not JSON: {excerpt}"
            )));
        };
        if let Some(error) = chunk.error.filter(|error| error.get() != "null") {
            return Err(failure::in_band(error.get().as_bytes()));
        }
        let choices = chunk.choices.as_deref().unwrap_or_default();
        self.finished |= choices.iter().any(|choice| choice.finish_reason.is_some());
        self.seen.content_events += u64::from(!choices.is_empty());
        let vendor_usage = chunk.x_groq.and_then(|vendor| vendor.usage);
        if let Some(usage) = usage_and_tier(vendor_usage, chunk.service_tier) {
            self.seen.usage = Some(usage);
        }
        let Some(usage) = chunk.usage.filter(|usage| usage.get() != "null") else {
            return Ok(self.rewritten(&data, true));
        };
        self.seen.usage = usage_and_tier(Some(usage), chunk.service_tier).or(self.seen.usage);
        Ok(match (self.show_usage, choices.is_empty()) {
            (false, true) => Verdict::Hide,
            (show, _) => self.rewritten(&data, show),
        })
    }
}

fn event(members: &Members<'_>) -> Vec<u8> {
    let mut event = b"data: ".to_vec();
    event.extend_from_slice(&members.to_json());
    event.extend_from_slice(b"\n\n");
    event
}

/// The chunk that says why an answer ended, where the upstream says that it has ended and not why. It continues the
/// last chunk.
fn ending(last: &[u8]) -> Option<Vec<u8>> {
    let data = sse::data(sse::events(last).last()?)?;
    let mut members = Members::parse(&data).ok().filter(|chunk| chunk.has("choices"))?;
    members.retain(|name, _| matches!(name, "id" | "object" | "created" | "model"));
    let choices = serde_json::json!([{"index": 0, "delta": {}, "finish_reason": "stop"}]);
    members.set("choices", raw(&choices).ok()?);
    Some(event(&members))
}

/// Whether any of these events may tell of usage, an end or an error. May say yes in vain (a text can hold the same
/// words), never no in vain.
fn must_look_into(whole: &[u8]) -> bool {
    memmem::find(whole, DONE).is_some()
        || memmem::find(whole, b"\"error\"").is_some()
        || tells(whole, b"\"usage\"")
        || tells(whole, b"\"finish_reason\"")
        || ends_oddly(whole)
        || choices::may_differ(whole, Part::Delta)
        || json_tool::may_be_called(whole)
}

/// Whether a member of this name has another value than `null`.
fn tells(whole: &[u8], name: &[u8]) -> bool {
    memmem::find_iter(whole, name).any(|at| {
        let rest = whole.get(at + name.len()..).unwrap_or_default();
        let value = rest.iter().find(|byte| !byte.is_ascii_whitespace() && **byte != b':');
        value != Some(&b'n')
    })
}

/// Whether the last event is not an object in one line: then its JSON is checked.
fn ends_oddly(whole: &[u8]) -> bool {
    whole.trim_ascii_end().last() != Some(&b'}')
}

impl StreamDecoder for EventReader {
    fn push(&mut self, chunk: Bytes) -> Result<Bytes, ProviderFailure> {
        let whole = self.splitter.push(chunk).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        if whole.is_empty() { Ok(whole) } else { self.filter(whole) }
    }

    fn finish(&mut self) -> Result<Bytes, ProviderFailure> {
        let rest = self.splitter.finish();
        let shown = if rest.trim_ascii().is_empty() { Bytes::new() } else { self.filter(closed(&rest))? };
        if self.done || self.finished {
            return Ok(shown);
        }
        let message = "the upstream ended its stream before the answer was complete";
        Err(ProviderFailure::malformed(message))
    }

    fn is_complete(&self) -> bool {
        self.done
    }

    fn terminal(&self) -> Bytes {
        Bytes::from_static(DONE_EVENT)
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}

/// A last event that lacks its blank line, with one.
fn closed(rest: &[u8]) -> Bytes {
    let mut event = rest.trim_ascii_end().to_vec();
    event.extend_from_slice(b"\n\n");
    Bytes::from(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::failure::FailureClass;
    use proptest::prelude::*;

    const ROLE: &str = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"},\"finish_reason\":null}]}\n\n";
    const TEXT: &str =
        "data: {\"choices\":[{\"delta\":{\"content\":\"usage [DONE] \u{2028}\"},\"finish_reason\":null}]}\n\n";
    const STOP: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}\n\n";
    const END: &str = "data: [DONE]\n\n";

    fn read(stream: &str, show_usage: bool, cut: usize) -> (Result<String, ProviderFailure>, EventReader) {
        let mut reader = EventReader::new(show_usage);
        let mut out = Vec::new();
        for chunk in stream.as_bytes().chunks(cut) {
            match reader.push(Bytes::copy_from_slice(chunk)) {
                Ok(bytes) => out.extend_from_slice(&bytes),
                Err(failure) => return (Err(failure), reader),
            }
        }
        let end = reader.finish().map(|rest| {
            out.extend_from_slice(&rest);
            String::from_utf8(out).unwrap()
        });
        (end, reader)
    }

    #[test]
    fn chunks_pass_as_they_are_and_the_terminal_event_is_held_back() {
        let (shown, reader) = read(&[ROLE, TEXT, STOP, USAGE, END].concat(), true, usize::MAX);
        assert_eq!(shown.unwrap(), [ROLE, TEXT, STOP, USAGE].concat());
        assert_eq!(reader.seen().usage.unwrap().completion_tokens, 5);
        assert!(reader.is_complete());
    }

    #[test]
    fn usage_is_counted_but_hidden_from_a_client_that_did_not_ask() {
        let (shown, reader) = read(&[ROLE, TEXT, STOP, USAGE, END].concat(), false, usize::MAX);
        assert_eq!(shown.unwrap(), [ROLE, TEXT, STOP].concat());
        assert_eq!(reader.seen().usage.unwrap().prompt_tokens, 12);
    }

    #[test]
    fn usage_inside_a_content_chunk_is_cut_out_alone() {
        let chunk =
            "data: {\"id\":\"a\",\"choices\":[{\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1}}\n\n";
        let (shown, _) = read(&[chunk, END].concat(), false, usize::MAX);
        assert_eq!(shown.unwrap(), "data: {\"id\":\"a\",\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n");
    }

    #[test]
    fn a_stream_cut_short_is_never_a_clean_end() {
        let (end, _) = read(&[ROLE, TEXT].concat(), false, usize::MAX);
        assert_eq!(end.unwrap_err().class, FailureClass::Malformed);
        let (end, _) = read("", false, 1);
        assert!(end.is_err());
    }

    #[test]
    fn a_stream_that_told_its_finish_reason_may_lack_the_terminal_event() {
        let (shown, reader) = read(&[ROLE, TEXT, STOP].concat(), false, usize::MAX);
        assert_eq!(shown.unwrap(), [ROLE, TEXT, STOP].concat());
        assert_eq!(reader.terminal(), END);
    }

    #[test]
    fn errors_and_broken_events_inside_a_stream_are_failures() {
        let (end, _) = read(&[ROLE, "data: {\"error\":{\"message\":\"no\",\"code\":502}}\n\n"].concat(), false, 7);
        assert_eq!(end.unwrap_err().status, 502);
        let (end, _) = read(&[ROLE, "data: {\"id\": \"x\", \"cho\n\n", STOP, END].concat(), false, usize::MAX);
        assert_eq!(end.unwrap_err().class, FailureClass::Malformed);
    }

    #[test]
    fn usage_in_groqs_own_member_counts() {
        let chunk =
            "data: {\"choices\":[{\"finish_reason\":\"stop\"}],\"x_groq\":{\"usage\":{\"prompt_tokens\":9}}}\n\n";
        let (_, reader) = read(&[chunk, END].concat(), false, usize::MAX);
        assert_eq!(reader.seen().usage.unwrap().prompt_tokens, 9);
    }

    #[test]
    fn a_stream_that_is_over_without_saying_why_gets_a_reason() {
        let chunk = "data: {\"id\":\"a\",\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":null}]}\n\n";
        let (shown, _) = read(&[chunk, END].concat(), false, usize::MAX);
        let ending = "data: {\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
        assert_eq!(shown.unwrap(), [chunk, ending].concat());
    }

    #[test]
    fn a_call_that_answers_by_a_schema_streams_as_text() {
        let call = |name: &str, arguments: &str| {
            let function = serde_json::json!({"name": name, "arguments": arguments});
            let delta = serde_json::json!({"tool_calls": [{"index": 0, "function": function}]});
            format!("data: {}\n\n", serde_json::json!({"choices": [{"delta": delta, "finish_reason": null}]}))
        };
        let end = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n";
        let stream = [call("json_tool_call", "{\"a\""), call("", ":1}"), end.to_owned(), END.to_owned()].concat();
        for cut in [1, 7, usize::MAX] {
            let shown = read(&stream, false, cut).0.unwrap();
            assert!(!shown.contains("tool_call"), "{shown}");
            assert!(shown.contains(r#""content":"{\"a\"""#) && shown.contains(r#""finish_reason":"stop""#), "{shown}");
        }
    }

    proptest! {
        #[test]
        fn what_the_client_sees_does_not_depend_on_how_the_bytes_are_cut(cut in 1_usize..200, show_usage: bool) {
            let stream = [ROLE, ": keep-alive\n\n", TEXT, TEXT, STOP, USAGE, END].concat();
            let whole = read(&stream, show_usage, usize::MAX).0.unwrap();
            let (pieces, reader) = read(&stream, show_usage, cut);
            prop_assert_eq!(pieces.unwrap(), whole);
            prop_assert_eq!(reader.seen().usage.unwrap().prompt_tokens, 12);
        }
    }
}
