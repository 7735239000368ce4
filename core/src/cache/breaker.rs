//! Leaves alone for a while what has failed several times in a row. No lock: a failure counted twice or not at all does no
//! harm.

use crate::clock::Timestamp;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// After so many failures in a row it is left alone.
pub const FAILURES_MAX: u32 = 3;
/// For so long, in milliseconds.
pub const PAUSE_MILLIS: i64 = 5_000;

/// What is known of something that may fail.
#[derive(Debug)]
pub struct Breaker {
    failures: AtomicU32,
    paused_until: AtomicI64,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { failures: AtomicU32::new(0), paused_until: AtomicI64::new(i64::MIN) }
    }
}

impl Breaker {
    /// Whether it is to be left alone.
    pub fn is_open(&self, now: Timestamp) -> bool {
        now.millis() < self.paused_until.load(Ordering::Relaxed)
    }

    /// It did what it was asked.
    pub fn succeeded(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    /// It did not.
    pub fn failed(&self, now: Timestamp) {
        if self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= FAILURES_MAX {
            self.failures.store(0, Ordering::Relaxed);
            self.paused_until.store(now.plus_millis(PAUSE_MILLIS).millis(), Ordering::Relaxed);
        }
    }
}
