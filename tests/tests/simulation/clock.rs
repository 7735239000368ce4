//! The virtual time: it stands still while anybody works, and jumps to whatever is due next when nobody does. Each
//! container has a clock of its own, a little wrong.

use postern_core::clock::{Clock, Timestamp};
use tokio::time::Instant;

/// A clock over the runtime's paused time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VirtualClock {
    began: Instant,
    shows: Timestamp,
}

impl VirtualClock {
    /// A clock that shows `shows` now.
    pub(crate) fn showing(shows: Timestamp) -> Self {
        Self { began: Instant::now(), shows }
    }

    /// A clock that is ahead of this one by so many milliseconds (negative: behind).
    pub(crate) fn wrong_by(self, millis: i64) -> Self {
        Self { shows: self.shows.plus_millis(millis), ..self }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        let passed = Instant::now().duration_since(self.began).as_millis();
        self.shows.plus_millis(i64::try_from(passed).unwrap_or(i64::MAX))
    }
}
