//! How far a job has come, kept beside it so that a failure does not lose the figures; and how long it may go on.

use crate::clock::{Clock, Timestamp};

/// What a job has done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Things looked at: keys, days, items.
    pub(super) examined: u64,
    /// Things done: budgets begun anew, rows removed, items removed.
    pub(super) done: u64,
    /// Things left alone that should have been done; the log says why.
    pub(super) passed_over: u64,
    /// Where the next run goes on.
    pub(super) cursor: Option<String>,
}

/// How a job ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// All there was to do is done.
    Finished,
    /// Its bound or the deadline was reached first.
    Unfinished,
    /// The settings or the store leave it nothing to do.
    Off,
}

/// The end of a run's time.
#[derive(Clone, Copy)]
pub(super) struct Until<'run> {
    pub(super) clock: &'run dyn Clock,
    pub(super) deadline: Timestamp,
}

impl Until<'_> {
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn passed(&self) -> bool {
        self.now() >= self.deadline
    }
}
