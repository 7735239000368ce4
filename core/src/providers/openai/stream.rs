//! A streamed answer in the OpenAI dialect. Whole events pass on as the bytes they came in; only those that tell of
//! usage, an end or an error are looked into, and a byte search decides which those are.

use super::choices::{self, Part};
use super::failure;
use super::json_tool;
use crate::api::members::{Members, raw};
use crate::providers::decoder::{Seen, StreamDecoder};
use crate::providers::failure::ProviderFailure;
use crate::usage::Usage;
use crate::wire::openai_usage::usage_and_tier;
use crate::wire::sse::{self, EventSplitter};
use crate::wire::text_bytes;
use bytes::{Bytes, BytesMut};
use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

const DONE: &[u8] = b"[DONE]";
const DONE_EVENT: &[u8] = b"data: [DONE]\n\n";
/// The members that hold text of the answer: what is said or thought, refused, for a tool, or of a completion.
const TEXTS: [&[u8]; 5] = [b"content\"", b"\"reasoning\"", b"\"refusal\"", b"\"arguments\"", b"\"text\""];

/// Reads one stream.
pub(in crate::providers) struct EventReader {
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
    pub(in crate::providers) fn new(show_usage: bool) -> Self {
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
        self.seen.content_bytes += text_bytes::of_members(&whole, &TEXTS);
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
                Verdict::Replace(rewritten) => {
                    kept.extend_from_slice(&rewritten);
                    self.last = whole.slice_ref(event);
                    is_unchanged = false;
                }
                Verdict::End => {
                    self.done = true;
                    if let Some(ending) = continued(&self.last, ENDED, None).filter(|_| !self.finished) {
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

/// Says that an answer ended, where the upstream says that it has ended and not why.
const ENDED: &str = r#"[{"index":0,"delta":{},"finish_reason":"stop"}]"#;

/// A chunk after the last one, of the same answer.
fn continued(last: &[u8], choices: &str, usage: Option<&serde_json::Value>) -> Option<Vec<u8>> {
    let data = sse::data(sse::events(last).last()?)?;
    let mut members = Members::parse(&data).ok().filter(|chunk| chunk.has("choices"))?;
    members.retain(|name, _| matches!(name, "id" | "object" | "created" | "model"));
    members.set("choices", RawValue::from_string(choices.to_owned()).ok()?);
    if let Some(usage) = usage {
        members.set("usage", raw(usage).ok()?);
    }
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

    fn counted(&self, usage: &dyn Fn() -> Usage) -> Bytes {
        if !self.show_usage {
            return Bytes::new();
        }
        let Usage { prompt_tokens, completion_tokens, .. } = usage();
        let usage = serde_json::json!({
            "prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens.saturating_add(completion_tokens)
        });
        continued(&self.last, "[]", Some(&usage)).map(Bytes::from).unwrap_or_default()
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
mod tests;
