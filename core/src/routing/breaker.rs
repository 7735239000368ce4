//! Whether a deployment is left alone for a while, after it has failed: its cooldown. One [`Breaker`] a deployment;
//! [`BreakerRules`] say when it opens. Time comes in as an argument.
//!
//! Failures and successes are counted in windows of a minute that begin with a failure, so that a deployment that does
//! not fail costs nothing. A deadline never moves earlier. What other instances know is merged in with
//! [`Breaker::others_cool`], what they are to know is [`Breaker::take_untold`]; the later deadline wins.

use super::fault::{ByFault, Fault};
use crate::clock::Timestamp;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How long failures count together, in milliseconds.
const WINDOW_MILLIS: i64 = 60_000;
/// Calls in a window from which on their share of failures says something, where nobody names a number.
const CALLS_MIN: u32 = 5;
/// Longest cooldown that an upstream may ask for with `Retry-After`, in milliseconds.
const ASKED_MILLIS_MAX: i64 = 5 * 60_000;
/// The least by which a deadline moves for others to be told of it anew, in milliseconds.
const TOLD_MILLIS: i64 = 1_000;

/// When a deployment cools down, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakerRules {
    /// Whether deployments cool down at all.
    pub is_on: bool,
    /// Failures in a minute that are put up with. `None`: a share of the calls decides.
    pub allowed_fails: Option<u32>,
    /// The same for kinds of errors, each counted by itself.
    pub allowed_fails_by_fault: ByFault,
    /// How long a cooldown lasts, in milliseconds.
    pub cooldown_millis: i64,
}

impl Default for BreakerRules {
    fn default() -> Self {
        let allowed_fails_by_fault = ByFault::default();
        Self { is_on: true, allowed_fails: None, allowed_fails_by_fault, cooldown_millis: 5_000 }
    }
}

/// A failure, as far as it decides about a cooldown.
#[derive(Clone, Copy, Debug)]
pub struct Failed {
    /// What went wrong.
    pub fault: Fault,
    /// When.
    pub at: Timestamp,
    /// How long the upstream asks to be left alone, in milliseconds.
    pub asked_millis: Option<i64>,
    /// The deployment's own cooldown time, in milliseconds.
    pub own_cooldown_millis: Option<i64>,
    /// Whether the model has no other deployment.
    pub is_alone: bool,
}

/// What is known of one deployment's failures.
#[derive(Debug, Default)]
pub struct Breaker {
    /// Milliseconds since the epoch; 0: never.
    cooling_until: AtomicI64,
    /// The deadline that other instances know.
    told_until: AtomicI64,
    /// Whether a window is open. Read before the lock is taken, so that a deployment without failures takes none.
    is_counting: AtomicBool,
    window: Mutex<Window>,
}

/// What happened since a first failure.
#[derive(Debug, Default)]
struct Window {
    began: Timestamp,
    successes: u32,
    failures: u32,
    /// Failures by what went wrong; a handful.
    by_fault: Vec<(Fault, u32)>,
}

impl Breaker {
    /// Until when the deployment is left alone, in milliseconds since the epoch; 0 or past: it is not.
    #[inline]
    pub fn cooldown_until(&self) -> i64 {
        self.cooling_until.load(Ordering::Relaxed)
    }

    /// Whether it is left alone at `now`.
    #[inline]
    pub fn is_cooling(&self, now: Timestamp) -> bool {
        self.cooldown_until() > now.millis()
    }

    /// Another instance leaves it alone until then, at least.
    pub fn others_cool(&self, until_millis: i64) {
        self.told_until.fetch_max(until_millis, Ordering::Relaxed);
        self.extend_cooldown(until_millis);
    }

    /// The deadline that others are to be told, once: `None` where they know it, or nearly.
    pub fn take_untold(&self, now: Timestamp) -> Option<i64> {
        let until = self.cooldown_until();
        if until <= now.millis() || until < self.told_until.load(Ordering::Relaxed).saturating_add(TOLD_MILLIS) {
            return None;
        }
        let told = self.told_until.fetch_max(until, Ordering::Relaxed);
        (until > told).then_some(until)
    }

    /// They could not be told.
    pub fn is_untold(&self) {
        self.told_until.store(0, Ordering::Relaxed);
    }

    /// Leaves it alone until then, at least: a deadline never moves earlier.
    fn extend_cooldown(&self, until_millis: i64) {
        self.cooling_until.fetch_max(until_millis, Ordering::Relaxed);
    }

    /// A call succeeded. The time is asked for where it matters.
    pub fn succeeded(&self, now: impl FnOnce() -> Timestamp) {
        if !self.is_counting.load(Ordering::Relaxed) {
            return;
        }
        let at = now();
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if window.is_over(at) {
            self.is_counting.store(false, Ordering::Relaxed);
        } else {
            window.successes += 1;
        }
    }

    /// A call failed. Whether the deployment cools down for it.
    pub fn failed(&self, failed: Failed, rules: &BreakerRules) -> bool {
        if !rules.is_on || !failed.fault.is_deployments() && rules.allowed_fails_by_fault.get(failed.fault).is_none() {
            return false;
        }
        let opens = {
            let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
            if !self.is_counting.swap(true, Ordering::Relaxed) || window.is_over(failed.at) {
                *window = Window { began: failed.at, ..Window::default() };
            }
            window.count(failed.fault);
            window.opens(&failed, rules)
        };
        if opens {
            let usual = failed.own_cooldown_millis.unwrap_or(rules.cooldown_millis);
            let lasts = usual.max(failed.asked_millis.unwrap_or(0).min(ASKED_MILLIS_MAX));
            self.extend_cooldown(failed.at.plus_millis(lasts).millis());
        }
        opens
    }
}

impl Window {
    fn is_over(&self, now: Timestamp) -> bool {
        now.millis_since(self.began) >= WINDOW_MILLIS
    }

    fn count(&mut self, fault: Fault) {
        self.failures += 1;
        match self.by_fault.iter_mut().find(|(known, _)| *known == fault) {
            Some((_, count)) => *count += 1,
            None => self.by_fault.push((fault, 1)),
        }
    }

    fn opens(&self, failed: &Failed, rules: &BreakerRules) -> bool {
        let of_its_kind = self.by_fault.iter().find(|(known, _)| *known == failed.fault).map_or(0, |(_, count)| *count);
        if let Some(allowed) = rules.allowed_fails_by_fault.get(failed.fault) {
            return of_its_kind > allowed;
        }
        if let Some(allowed) = rules.allowed_fails {
            return self.failures > allowed;
        }
        match failed.fault {
            // Waiting changes nothing there, whether or not there is another way.
            Fault::Authentication | Fault::NotFound => true,
            Fault::RateLimit => !failed.is_alone,
            _ => {
                let calls = self.failures + self.successes;
                !failed.is_alone && calls >= CALLS_MIN && self.failures * 2 > calls
            }
        }
    }
}

#[cfg(test)]
mod tests;
