//! A streamed answer, told as Google tells one: each event looks like a whole answer. Calls are told whole, once they are;
//! why the answers ended, and what was used, stand in the last event.

use super::told;
use crate::api::completion::{Choice, Completion, Function};
use crate::api::google::answer::{Answer, Candidate, Content, Part};
use crate::api::google::finish::{self, REFUSED};
use crate::api::google::usage::UsageMetadata;
use crate::providers::bridge::dialect::ClientEvents;
use crate::providers::failure::ProviderFailure;
use crate::usage::Usage;
use bytes::Bytes;
use std::collections::BTreeMap;

/// Most calls that are open at a time: more than any model makes.
const CALLS_MAX: usize = 1024;

/// Tells one answer.
#[derive(Debug, Default)]
pub(super) struct ContentTeller {
    calls: Vec<OpenCall>,
    /// How the answers ended, by choice.
    ends: BTreeMap<u32, End>,
}

/// A call whose arguments are still coming.
#[derive(Debug)]
struct OpenCall {
    choice: u32,
    /// Where the upstream says it stands.
    place: u32,
    id: Option<String>,
    name: String,
    arguments: String,
}

/// How one of the answers ended.
#[derive(Debug)]
struct End {
    reason: &'static str,
    is_refused: bool,
}

impl ContentTeller {
    /// What is new of one choice.
    fn choice(&mut self, choice: &Choice<'_>, out: &mut Vec<u8>) -> Result<(), ProviderFailure> {
        let index = choice.index.unwrap_or(0);
        let message = choice.message.as_ref();
        let thoughts = message.map(told::thoughts).unwrap_or_default();
        let images = message.map(|message| message.images()).unwrap_or_default();
        let annotations = message.map(told::annotations).unwrap_or_default();
        let chances = told::chances(choice.logprobs);
        let mut content = Content::default();
        if let Some(message) = message {
            told::say(message, &thoughts, &mut content.parts);
            content.parts.extend(images.iter().map(told::image));
            self.refused(index, message.refusal.as_deref());
            for call in message.calls() {
                let id = call.id.as_deref().filter(|id| !id.is_empty());
                self.call((index, call.index.unwrap_or(0)), id, call.function.as_ref())?;
            }
            self.call((index, 0), None, message.function_call.as_ref())?;
        }
        let whole = match &choice.finish_reason {
            Some(reason) => self.ended(index, reason),
            None => Vec::new(),
        };
        for call in &whole {
            content.parts.push(call.told()?);
        }
        let (citation_metadata, logprobs_result) = (told::citations(&annotations), chances.told());
        if !content.parts.is_empty() || citation_metadata.is_some() || logprobs_result.is_some() {
            let candidate = Candidate { content, index, citation_metadata, logprobs_result, ..Candidate::default() };
            write(&Answer { candidates: vec![candidate], usage_metadata: None }, out)?;
        }
        Ok(())
    }

    /// A call begins, or goes on. Some upstreams number all calls alike, and some tell the id again with each piece.
    fn call(
        &mut self,
        (choice, place): (u32, u32),
        id: Option<&str>,
        function: Option<&Function<'_>>,
    ) -> Result<(), ProviderFailure> {
        let Some(function) = function else { return Ok(()) };
        let arguments = function.arguments.as_deref().unwrap_or_default();
        let same = |open: &&mut OpenCall| {
            open.choice == choice && open.place == place && (id.is_none() || open.id.as_deref() == id)
        };
        if let Some(open) = self.calls.iter_mut().rev().find(same) {
            open.arguments.push_str(arguments);
            return Ok(());
        }
        let Some(name) = function.name.as_deref().filter(|name| !name.is_empty()) else {
            return Err(ProviderFailure::malformed("the upstream's stream holds a piece of a call that has not begun"));
        };
        if self.calls.len() >= CALLS_MAX {
            return Err(ProviderFailure::malformed("the upstream's stream calls more tools than it can"));
        }
        let (id, name, arguments) = (id.map(str::to_owned), name.to_owned(), arguments.to_owned());
        self.calls.push(OpenCall { choice, place, id, name, arguments });
        Ok(())
    }

    fn refused(&mut self, choice: u32, refusal: Option<&str>) {
        if refusal.is_some_and(|refusal| !refusal.is_empty()) {
            self.end_of(choice).is_refused = true;
        }
    }

    /// A choice has ended: its calls are whole.
    fn ended(&mut self, choice: u32, reason: &str) -> Vec<OpenCall> {
        self.end_of(choice).reason = finish::of_chat(reason);
        let (whole, open) = std::mem::take(&mut self.calls).into_iter().partition(|call| call.choice == choice);
        self.calls = open;
        whole
    }

    fn end_of(&mut self, choice: u32) -> &mut End {
        self.ends.entry(choice).or_insert(End { reason: "STOP", is_refused: false })
    }
}

impl OpenCall {
    fn told(&self) -> Result<Part<'_>, ProviderFailure> {
        let unreadable = |error: serde_json::Error| {
            ProviderFailure::malformed(format!("the arguments of a call in the upstream's stream: {error}"))
        };
        told::call(self.id.as_deref(), &self.name, &self.arguments).map_err(unreadable)
    }
}

impl ClientEvents for ContentTeller {
    fn chunk(&mut self, chunk: &Completion<'_>, out: &mut Vec<u8>) -> Result<(), ProviderFailure> {
        chunk.choices().iter().try_for_each(|choice| self.choice(choice, out))
    }

    fn end(&mut self, _: &mut Vec<u8>) {}

    fn terminal(&self, usage: &Usage) -> Bytes {
        let ends = self.ends.iter().map(|(choice, end)| (*choice, if end.is_refused { REFUSED } else { end.reason }));
        let candidate = |(index, reason)| Candidate { index, finish_reason: Some(reason), ..Candidate::default() };
        let mut candidates: Vec<_> = ends.map(candidate).collect();
        if candidates.is_empty() {
            candidates.push(candidate((0, "STOP")));
        }
        let mut out = Vec::with_capacity(256);
        let written = write(&Answer { candidates, usage_metadata: Some(UsageMetadata::from(usage)) }, &mut out);
        written.map_or_else(|_| Bytes::new(), |()| out.into())
    }
}

fn write(answer: &Answer<'_>, out: &mut Vec<u8>) -> Result<(), ProviderFailure> {
    out.extend_from_slice(b"data: ");
    serde_json::to_writer(&mut *out, answer).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
    out.extend_from_slice(b"\n\n");
    Ok(())
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
