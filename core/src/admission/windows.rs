//! Which windows this process opened last, so that it guesses right when one is over and the call that opens the next
//! needs one step. A guess decides nothing: the condition of the write does, and a wrong guess costs a second step.
//!
//! Only who opened a window remembers it. Where many processes share a limit, nearly all of them find the next window
//! open, which is what they guess without a memory.

use super::limits::{ScopeLimits, WINDOW_MILLIS};
use crate::clock::Timestamp;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Windows remembered at once, some 500 KB of them. All are forgotten when there are more.
const WINDOWS_MAX: usize = 16_384;

/// When windows began, by the hash of their scope. Two that share one give each other wrong guesses.
#[derive(Debug, Default)]
pub(super) struct Windows {
    began: Mutex<HashMap<u64, i64>>,
    hasher: RandomState,
}

impl Windows {
    /// When the scope's window began that was opened here and is over at `now`.
    pub(super) fn over(&self, scope: &ScopeLimits, now: Timestamp) -> Option<i64> {
        let began = self.lock().get(&self.hash(scope)).copied();
        began.filter(|began| *began <= now.millis() - WINDOW_MILLIS)
    }

    /// The scope's window was opened here.
    pub(super) fn opened(&self, scope: &ScopeLimits, at: Timestamp) {
        let hash = self.hash(scope);
        let mut began = self.lock();
        if began.len() >= WINDOWS_MAX && !began.contains_key(&hash) {
            began.clear();
        }
        began.insert(hash, at.millis());
    }

    /// Another window of the scope was found than the one that is remembered.
    pub(super) fn forget(&self, scope: &ScopeLimits) {
        self.lock().remove(&self.hash(scope));
    }

    fn hash(&self, scope: &ScopeLimits) -> u64 {
        self.hasher.hash_one((scope.kind, &scope.id))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, i64>> {
        self.began.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_763_700_000);

    fn scope(number: usize) -> ScopeLimits {
        ScopeLimits::new("api_key", number.to_string())
    }

    #[test]
    fn a_window_that_was_opened_here_is_known_when_it_is_over() {
        let windows = Windows::default();
        windows.opened(&scope(1), START);
        assert_eq!(windows.over(&scope(1), START.plus_millis(WINDOW_MILLIS - 1)), None);
        let over = START.plus_millis(WINDOW_MILLIS);
        assert_eq!((windows.over(&scope(1), over), windows.over(&scope(2), over)), (Some(START.millis()), None));
        windows.forget(&scope(1));
        assert_eq!(windows.over(&scope(1), over), None);
    }

    #[test]
    fn memory_is_bounded() {
        let windows = Windows::default();
        (0..=WINDOWS_MAX).for_each(|number| windows.opened(&scope(number), START));
        assert!(windows.lock().len() <= WINDOWS_MAX);
        assert!(windows.over(&scope(WINDOWS_MAX), START.plus_millis(WINDOW_MILLIS)).is_some());
    }
}
