//! Answers that are lost: the upstream has the request and may have worked on it, and what it made has not arrived. Its
//! provider may bill that, so the attempt is charged what it may have used, and never more than it holds.

use super::body::Said;
use super::bound::{self, Bound};
use super::error::CallError;
use super::proxy_limits::ProxyLimits;
use super::waits;
use crate::limits::BudgetMode;
use crate::price::ModelPrice;
use crate::providers::failure::FailureClass;
use crate::providers::operation::Operation;

/// What an attempt is charged whose answer is lost.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lost {
    /// Tokens of output, beside what has been seen of it.
    output: u64,
    /// Some of its work has been answered.
    is_begun: bool,
}

impl Lost {
    /// Of an answer in one piece: all that was reserved for it, as it is made to its end whether or not anybody waits. Of
    /// a stream: nothing beside what has been seen, as its upstream ends with the connection.
    pub(super) fn of(
        (said, operation): (&Said, Operation),
        price: Option<&ModelPrice>,
        (bound, proxy): (Option<&Bound>, &ProxyLimits),
    ) -> Self {
        if !waits::is_whole(said, operation) || !operation.generates() {
            return Self::default();
        }
        let reserved = bound.map(|bound| bound.demand.output_tokens);
        let likely = || said.asked.output_cap(price, bound::care(BudgetMode::Balanced, proxy));
        let one = reserved.or_else(likely).unwrap_or_default();
        Self { output: one.saturating_mul(said.asked.choices.max(1)), is_begun: false }
    }

    /// It has used so many tokens of output: they were there to be counted, or its work was given up there.
    pub(super) fn counts(&mut self, output: u64) {
        self.output = output;
    }

    /// The upstream is asked again and again, and has answered: it has done some of the work, whatever goes wrong then.
    pub(super) fn has_begun(&mut self) {
        self.is_begun = true;
    }

    /// Tokens of output that a failed attempt is charged, beside what was seen; `None`: it used nothing.
    pub(super) fn output(&self, error: &CallError) -> Option<u64> {
        let is_lost = match error {
            CallError::Transport(error) => error.may_have_arrived(),
            // It answered that all went well, and with what.
            CallError::Upstream { failure, .. } => failure.class == FailureClass::Malformed,
            _ => false,
        };
        (is_lost || self.is_begun).then_some(self.output)
    }
}
