//! How long a call may take: what its upstream is given, and what the client gives the gateway.
//!
//! They are not the same for an answer in one piece. Its provider bills it whether or not anybody waits for it, and what it
//! used is known only once it is there. So a client's shorter time ends its own wait, and not the upstream's work.

use super::body::Said;
use super::error::CallError;
use crate::providers::operation::Operation;
use crate::routing::Deployment;
use crate::upstream::transport::{Bounds, TransportError, Wait};
use std::time::Duration;
use tokio::time::Instant;

/// The waits of one attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits {
    /// What the upstream is given.
    pub(super) bounds: Bounds,
    /// When the client must have its answer.
    pub(super) deadline: Option<Instant>,
    /// When the upstream must have ended, beside its bounds.
    upstream_end: Option<Instant>,
    pub(super) client: ClientWaits,
}

/// Waits that the request itself asks for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ClientWaits {
    /// When its time is over.
    pub(super) end: Option<Instant>,
    /// It says how long a stream may be silent.
    has_gap: bool,
}

impl Waits {
    /// The waits of an attempt: the request's over the deployment's over the defaults, and all within the whole call, which
    /// must have ended by `deadline`, and by `end` for its client.
    pub(super) fn of(
        defaults: Bounds,
        deployment: &Deployment,
        (said, operation): (&Said, Operation),
        (deadline, end): (Option<Instant>, Option<Instant>),
    ) -> Self {
        let ours = deployment.timeouts.total.unwrap_or(defaults.total);
        let is_whole = is_whole(said, operation);
        let total = match said.timeout {
            Some(wait) if is_whole => wait.max(ours),
            Some(wait) => wait,
            None => ours,
        };
        let wished = said.wishes.as_ref().and_then(|wishes| wishes.stream_gap).filter(|_| said.stream);
        let gap = wished.or(deployment.timeouts.stream_gap.filter(|_| said.stream));
        let bounds = Bounds {
            first_byte: gap.unwrap_or(total).min(total),
            between_chunks: gap.unwrap_or(defaults.between_chunks).min(total),
            total,
        };
        let client = ClientWaits { end, has_gap: wished.is_some() };
        let told_by = [deadline, end].into_iter().flatten().min();
        let upstream_end = if is_whole { deadline } else { told_by };
        Self { bounds, deadline: told_by, upstream_end, client }.left()
    }

    /// What is left of them: reserving may have taken a while.
    pub(super) fn left(self) -> Self {
        Self { bounds: self.upstream_end.map_or(self.bounds, |end| self.bounds.ending(end)), ..self }
    }

    /// What connecting is given: the client waits for it.
    pub(super) fn connecting(&self) -> Bounds {
        self.deadline.map_or(self.bounds, |end| self.bounds.ending(end))
    }

    /// How long the client waits at most.
    pub(super) fn patience(&self) -> Duration {
        self.connecting().total
    }
}

impl ClientWaits {
    /// Whether the call ended so because its client wished it to, and nobody is to blame.
    pub(super) fn ended(&self, error: &CallError) -> bool {
        let CallError::Transport(TransportError::TimedOut(wait)) = error else { return false };
        let is_gap = matches!(wait, Wait::FirstByte | Wait::BetweenChunks);
        self.has_gap && is_gap || self.end.is_some_and(|end| Instant::now() >= end)
    }
}

/// Whether the answer comes in one piece.
pub(super) fn is_whole(said: &Said, operation: Operation) -> bool {
    !said.stream && operation != Operation::Speech
}
