//! How many retries a model may cost its upstreams: a fifth of its calls, so that an outage is not answered with a
//! multiple of the traffic. A quiet model can always afford a few.

use crate::clock::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};

/// What a retry costs; a call brings 1.
const RETRY_COST: i64 = 5;
/// Retries that a quiet model can afford. They come back, one a second.
const FLOOR: i64 = 10 * RETRY_COST;
/// Most retries that calls can save up for.
const SAVED_MAX: i64 = 100 * RETRY_COST;
/// Time in which one retry of the floor comes back, in milliseconds.
const REFILL_MILLIS: i64 = 1_000;

/// The retries that one model can afford. The calls of a model that never fails pay one addition until it is full.
#[derive(Debug)]
pub struct RetryBudget {
    /// In fifths of a retry.
    saved: AtomicI64,
    /// When the floor was last refilled, in milliseconds since the epoch.
    refilled: AtomicI64,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self { saved: AtomicI64::new(FLOOR), refilled: AtomicI64::new(0) }
    }
}

impl RetryBudget {
    /// A call was made, retries not counted.
    pub fn called(&self) {
        if self.saved.load(Ordering::Relaxed) < SAVED_MAX {
            self.saved.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes one retry out. `false`: there is none left, and the call must not be repeated.
    pub fn take(&self, now: Timestamp) -> bool {
        self.refill(now);
        let taken = |saved: i64| (saved >= RETRY_COST).then(|| saved - RETRY_COST);
        self.saved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).is_ok()
    }

    /// Gives the floor back what time brings.
    fn refill(&self, now: Timestamp) {
        let last = self.refilled.load(Ordering::Relaxed);
        let came_back = now.millis().saturating_sub(last) / REFILL_MILLIS;
        if came_back <= 0 {
            return;
        }
        let next = if last == 0 { now.millis() } else { last + came_back * REFILL_MILLIS };
        // One of those who see the same moment brings it.
        if self.refilled.compare_exchange(last, next, Ordering::Relaxed, Ordering::Relaxed).is_ok() && last != 0 {
            let more = came_back.saturating_mul(RETRY_COST);
            let refilled = |saved: i64| (saved < FLOOR).then(|| saved.saturating_add(more).min(FLOOR));
            let _ = self.saved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, refilled);
        }
    }
}

#[cfg(test)]
mod tests;
