//! What one process takes on: so many calls at once, and fewer new ones while it cannot keep up.
//!
//! The number of calls says little about the strain, as most of them wait for a model. What tells is how late the process
//! gets to work that is ready: [`Load::was_late`] is told again and again, and lets go of a share of the new calls that
//! grows while it is late and shrinks when it is not. Refused before anything of them is read, calls that cannot be answered
//! in time take nothing from those that can.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

/// Later than this, the process cannot keep up, where nobody says otherwise. Above what a busy machine shows, below what a
/// caller would call an outage.
const LATE: Duration = Duration::from_millis(250);
/// Measurements in a row until it counts: once is a hiccup.
const LATE_IN_A_ROW: u32 = 4;
/// Calls at once where nobody says otherwise: more than are usual, fewer than a process has memory for.
const IN_FLIGHT_MAX: usize = 10_000;
/// The share that is refused, of so many.
const WHOLE: u32 = 1_000;
/// What is refused more with each measurement that is late, and less with each that is not.
const STEPS: (u32, u32) = (50, 20);
/// Some are always let in, or nobody would see that it is over.
const SHARE_MAX: u32 = 950;

/// What a process takes on.
#[derive(Debug)]
pub struct Load {
    in_flight: AtomicUsize,
    in_flight_max: usize,
    late: Duration,
    late_in_a_row: AtomicU32,
    share_refused: AtomicU32,
    arrivals: AtomicU32,
}

/// A call that was taken on, until it is dropped.
#[derive(Debug)]
pub struct TakenOn(Arc<Load>);

impl Load {
    /// As many calls at once, and as late in seconds, as the configuration says.
    pub fn of(most: Option<u64>, late_seconds: Option<f64>) -> Self {
        let most = most.map_or(IN_FLIGHT_MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
        let late = late_seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Self::new(most, late.unwrap_or(LATE))
    }

    /// At most so many calls at once; later than `late`, the process cannot keep up.
    pub fn new(in_flight_max: usize, late: Duration) -> Self {
        Self {
            in_flight: AtomicUsize::new(0),
            in_flight_max,
            late,
            late_in_a_row: AtomicU32::new(0),
            share_refused: AtomicU32::new(0),
            arrivals: AtomicU32::new(0),
        }
    }

    /// Takes a call on, or not. Waits for nothing.
    pub fn take_on(self: &Arc<Self>) -> Option<TakenOn> {
        let share = self.share_refused.load(Ordering::Relaxed);
        if share > 0 && self.is_refused(share) {
            return None;
        }
        if self.in_flight.fetch_add(1, Ordering::Relaxed) >= self.in_flight_max {
            self.in_flight.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(TakenOn(Arc::clone(self)))
    }

    /// Counts a call that was taken on before and stepped aside meanwhile, also where there are as many as may be.
    pub fn count(self: &Arc<Self>) -> TakenOn {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        TakenOn(Arc::clone(self))
    }

    /// How late the process got to something that was ready.
    pub fn was_late(&self, by: Duration) {
        let share = self.share_refused.load(Ordering::Relaxed);
        let next = if by <= self.late {
            self.late_in_a_row.store(0, Ordering::Relaxed);
            share.saturating_sub(STEPS.1)
        } else if self.late_in_a_row.fetch_add(1, Ordering::Relaxed) + 1 < LATE_IN_A_ROW {
            share
        } else {
            (share + STEPS.0).min(SHARE_MAX)
        };
        if next != share {
            self.share_refused.store(next, Ordering::Relaxed);
        }
    }

    /// Calls in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Spreads the refusals evenly over the arrivals, at any share.
    fn is_refused(&self, share: u32) -> bool {
        let number = u64::from(self.arrivals.fetch_add(1, Ordering::Relaxed));
        let (share, whole) = (u64::from(share), u64::from(WHOLE));
        (number + 1) * share / whole > number * share / whole
    }
}

impl Drop for TakenOn {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(load: &Arc<Load>, of: usize) -> usize {
        (0..of).filter(|_| load.take_on().is_some()).count()
    }

    #[test]
    fn as_many_are_taken_on_as_may_be_at_once() {
        let load = Arc::new(Load::new(2, LATE));
        let (first, second) = (load.take_on(), load.take_on());
        assert!(first.is_some() && second.is_some() && load.take_on().is_none());
        drop(first);
        assert_eq!(load.in_flight(), 1);
        assert!(load.take_on().is_some());
    }

    #[test]
    fn nobody_is_refused_while_the_process_keeps_up() {
        let load = Arc::new(Load::new(10, LATE));
        (0..1_000).for_each(|_| load.was_late(LATE));
        assert_eq!(admitted(&load, 1_000), 1_000);
    }

    #[test]
    fn a_growing_share_is_refused_while_it_does_not_and_some_always_come_in() {
        let load = Arc::new(Load::new(10, LATE));
        let late = LATE + Duration::from_millis(1);
        (1..LATE_IN_A_ROW).for_each(|_| load.was_late(late));
        assert_eq!(admitted(&load, 1_000), 1_000);
        let mut before = 1_000;
        for _ in 0..19 {
            load.was_late(late);
            let now = admitted(&load, 1_000);
            assert!(now < before, "{now}");
            before = now;
        }
        (0..100).for_each(|_| load.was_late(late));
        assert_eq!(admitted(&load, 1_000), 50);
        (0..48).for_each(|_| load.was_late(Duration::ZERO));
        assert_eq!(admitted(&load, 1_000), 1_000);
    }
}
