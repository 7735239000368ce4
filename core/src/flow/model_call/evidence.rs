//! What tells how much a call has used, where its upstream does not say it.

use super::asked_input::AskedInput;
use super::error::CallError;
use super::lost::Lost;
use super::sample::Sample;
use crate::providers::decoder::Seen;
use crate::tokens;
use crate::usage::{Doubt, Usage};
use bytes::Bytes;

/// What tells how much a call has used.
pub(super) struct Evidence {
    pub(super) asked: AskedInput,
    /// What the upstream has told so far.
    pub(super) seen: Seen,
    sample: Sample,
    /// The output that is charged where the answer promises one without telling of it.
    promised_output: Option<u64>,
    /// What is charged where no answer arrives.
    pub(super) lost: Lost,
}

impl Evidence {
    /// Of a call that asks this.
    pub(super) fn of(body: Bytes) -> Self {
        Self {
            asked: AskedInput::Body(body),
            seen: Seen::default(),
            sample: Sample::default(),
            promised_output: None,
            lost: Lost::default(),
        }
    }

    /// The upstream works on by itself, whatever becomes of the answer: up to so many tokens of output.
    pub(super) fn promises(&mut self, output: u64) {
        self.promised_output = Some(output);
        self.lost.counts(output);
    }

    /// All that was seen, and the piece that it ended with.
    pub(super) fn saw(&mut self, seen: &Seen, piece: &Bytes) {
        self.seen.clone_from(seen);
        self.sample.take(piece, seen.content_events);
    }

    /// About what an answer in one piece has used.
    pub(super) fn of_whole(&self, answer: &[u8]) -> Usage {
        self.estimate(self.promised_output.unwrap_or_else(|| tokens::count_answer(answer)))
    }

    /// About what a stream has used that came to its end: what its upstream has told so far at least.
    pub(super) fn of_stream(&self) -> Usage {
        self.at_least(self.sample.tokens(self.seen.content_events))
    }

    /// As [`Evidence::of_stream`], for one that nobody reads to its end. One whose upstream works on by itself is charged
    /// all that it may become.
    pub(super) fn of_rest(&self) -> Usage {
        let passed = self.sample.tokens(self.seen.content_events);
        self.at_least(self.promised_output.map_or(passed, |promised| promised.max(passed)))
    }

    /// What an attempt may have used that failed so; `None`: nothing.
    pub(super) fn of_failed(&self, error: &CallError) -> Option<Usage> {
        Some(self.at_least(self.lost.output(error)?))
    }

    fn at_least(&self, output: u64) -> Usage {
        let estimate = self.estimate(output);
        self.seen.so_far.map_or(estimate, |told| told.at_least(&estimate))
    }

    fn estimate(&self, completion_tokens: u64) -> Usage {
        let mut usage = Usage { prompt_tokens: self.asked.tokens(), completion_tokens, ..Usage::default() };
        usage.doubts.note(Doubt::Estimated);
        usage
    }
}
