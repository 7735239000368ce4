//! When the waits of one call end. Plain data.

use super::transport::{Bounds, TransportError, Wait};
use std::time::Duration;
use tokio::time::Instant;

/// Longest wait for a connection, TLS included.
pub(super) const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// The waits of a call that began at `started`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) started: Instant,
    pub(super) total: Instant,
    pub(super) between_chunks: Duration,
    /// By when the answer's head must be there, were the whole call not bounded.
    first_byte: Instant,
}

impl Limits {
    /// The limits of a call that begins now.
    pub(super) fn of(bounds: Bounds) -> Self {
        let started = Instant::now();
        Self {
            started,
            total: started + bounds.total,
            between_chunks: bounds.between_chunks,
            first_byte: started + bounds.first_byte,
        }
    }

    /// By when the answer's head must be there.
    pub(super) fn head(&self) -> Instant {
        self.first_byte.min(self.total)
    }

    /// What a head that is not there by then is.
    pub(super) fn head_missed(&self) -> TransportError {
        TransportError::TimedOut(if self.total < self.first_byte { Wait::Total } else { Wait::FirstByte })
    }

    /// By when the next piece of the body must be there, from now on.
    pub(super) fn next_chunk(&self) -> Instant {
        self.total.min(Instant::now() + self.between_chunks)
    }

    /// What a piece that is not there by then is.
    pub(super) fn chunk_missed(&self) -> TransportError {
        TransportError::TimedOut(if Instant::now() >= self.total { Wait::Total } else { Wait::BetweenChunks })
    }
}
