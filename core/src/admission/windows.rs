//! What this process knows of windows and of calls in flight, in memory. It decides nothing: the conditions of the
//! writes do. It is known for two things:
//!
//! - Whoever opened a scope's last window that is known here guesses that the next is to be opened too, so that this
//!   needs one step; a wrong guess costs a second step. So does whoever meets a scope: where calls are rare, a process
//!   is often new, and the last window over. Where many calls share a limit, nearly all processes find the next window
//!   open, and guess that from then on; where calls are rare, all find it over, and guess that.
//! - What is left of a limit is told with every answer. A process that serves a limit alone tells what is left; one of
//!   several tells what is left at most.

use super::limits::{ScopeLimits, WINDOW_MILLIS};
use crate::clock::Timestamp;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Scopes remembered at once, about a megabyte of them. All are forgotten when there are more.
const SCOPES_MAX: usize = 16_384;

/// What is known, by the hash of the scope. Two that share one give each other wrong guesses.
#[derive(Debug, Default)]
pub(super) struct Windows {
    known: Mutex<HashMap<u64, Known>>,
    hasher: RandomState,
}

/// What is thought of a scope's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guess {
    /// One is open that began at most a minute ago, or there is none that anybody remembers: then this is the first.
    Open,
    /// The last is over, or there was none.
    Ended,
    /// The same, as no window of the scope was ever met here.
    Unmet,
}

/// What is known of one scope.
#[derive(Clone, Debug, Default)]
struct Known {
    window: Option<Window>,
    /// Whether a window of the scope was met before.
    is_met: bool,
    in_flight: Arc<AtomicI64>,
}

/// The window that was last counted in.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// When it began; where it was not opened here, when it was first met.
    began: i64,
    was_opened_here: bool,
    requests: i64,
    tokens: i64,
}

/// A call in flight, until it is dropped.
#[derive(Debug)]
pub struct InFlight(Arc<AtomicI64>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Windows {
    /// What is thought of the scope's window at `now`.
    pub(super) fn guess(&self, scope: &ScopeLimits, now: Timestamp) -> Guess {
        match self.lock().get(&self.hash(scope)) {
            Some(Known { window: Some(window), .. }) if window.was_opened_here && !window.is_open(now) => Guess::Ended,
            Some(Known { is_met: true, .. }) => Guess::Open,
            Some(_) | None => Guess::Unmet,
        }
    }

    /// A call was counted with `tokens` in the scope's window. `opened`: it opened it.
    pub(super) fn counted(&self, scope: &ScopeLimits, tokens: i64, opened: bool, now: Timestamp) {
        let hash = self.hash(scope);
        let mut known = self.room_for(hash);
        let Known { window, is_met, .. } = known.entry(hash).or_default();
        *is_met = true;
        match window.as_mut().filter(|window| !opened && window.is_open(now)) {
            Some(window) => {
                window.requests += 1;
                window.tokens = window.tokens.saturating_add(tokens);
            }
            None => *window = Some(Window { began: now.millis(), was_opened_here: opened, requests: 1, tokens }),
        }
    }

    /// Another window of the scope was found at `now` than one that is over. One that is remembered and open then stays:
    /// another call of this process opened it meanwhile.
    pub(super) fn forget(&self, scope: &ScopeLimits, now: Timestamp) {
        let hash = self.hash(scope);
        let mut known = self.room_for(hash);
        let known = known.entry(hash).or_default();
        known.is_met = true;
        known.window = known.window.filter(|window| window.is_open(now));
    }

    /// Requests and tokens that are known to be counted in the scope's window.
    pub(super) fn count(&self, scope: &ScopeLimits, now: Timestamp) -> (i64, i64) {
        let known = self.lock();
        let window = known.get(&self.hash(scope)).and_then(|known| known.window).filter(|window| window.is_open(now));
        window.map_or((0, 0), |window| (window.requests, window.tokens))
    }

    /// Requests of the scope in flight here.
    pub(super) fn in_flight(&self, scope: &ScopeLimits) -> i64 {
        self.lock().get(&self.hash(scope)).map_or(0, |known| known.in_flight.load(Ordering::Relaxed))
    }

    /// One more request of the scope is in flight here.
    pub(super) fn enter(&self, scope: &ScopeLimits) -> InFlight {
        let hash = self.hash(scope);
        let count = Arc::clone(&self.room_for(hash).entry(hash).or_default().in_flight);
        count.fetch_add(1, Ordering::Relaxed);
        InFlight(count)
    }

    fn room_for(&self, hash: u64) -> MutexGuard<'_, HashMap<u64, Known>> {
        let mut known = self.lock();
        if known.len() >= SCOPES_MAX && !known.contains_key(&hash) {
            known.clear();
        }
        known
    }

    fn hash(&self, scope: &ScopeLimits) -> u64 {
        self.hasher.hash_one((scope.kind, &scope.id))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    fn is_open(&self, now: Timestamp) -> bool {
        self.began > now.millis() - WINDOW_MILLIS
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
        windows.counted(&scope(1), 0, true, START);
        assert_eq!(windows.guess(&scope(1), START.plus_millis(WINDOW_MILLIS - 1)), Guess::Open);
        let over = START.plus_millis(WINDOW_MILLIS);
        assert_eq!(windows.guess(&scope(1), over), Guess::Ended);
        windows.forget(&scope(1), over);
        assert_eq!(windows.guess(&scope(1), over), Guess::Open);
        windows.counted(&scope(1), 0, false, over);
        let next = over.plus_millis(WINDOW_MILLIS);
        assert_eq!(windows.guess(&scope(1), next), Guess::Open, "another process opened the last");
    }

    #[test]
    fn a_scope_that_is_met_is_taken_for_one_without_an_open_window_until_one_is_found() {
        let windows = Windows::default();
        let _in_flight = windows.enter(&scope(1));
        assert_eq!(windows.guess(&scope(1), START), Guess::Unmet);
        windows.forget(&scope(1), START);
        assert_eq!(windows.guess(&scope(1), START), Guess::Open);
        windows.counted(&scope(1), 0, false, START);
        let next = START.plus_millis(WINDOW_MILLIS);
        assert_eq!(windows.guess(&scope(1), next), Guess::Open, "another process opened the last");
    }

    #[test]
    fn what_was_counted_here_is_known_until_its_window_is_over() {
        let windows = Windows::default();
        windows.counted(&scope(1), 5, true, START);
        windows.counted(&scope(1), 6, false, START.plus_millis(1));
        assert_eq!(windows.count(&scope(1), START.plus_millis(2)), (2, 11));
        let later = START.plus_millis(WINDOW_MILLIS);
        assert_eq!(windows.count(&scope(1), later), (0, 0));
        windows.counted(&scope(1), 7, false, later);
        assert_eq!(windows.count(&scope(1), later), (1, 7));
    }

    #[test]
    fn what_was_counted_stays_known_where_calls_lose_the_race_to_open_its_window() {
        let windows = Windows::default();
        windows.counted(&scope(1), 5, true, START);
        windows.counted(&scope(1), 6, false, START.plus_millis(1));
        windows.forget(&scope(1), START.plus_millis(1));
        assert_eq!(windows.count(&scope(1), START.plus_millis(2)), (2, 11));
        windows.counted(&scope(1), 7, false, START.plus_millis(2));
        assert_eq!(windows.count(&scope(1), START.plus_millis(2)), (3, 18));
        let over = START.plus_millis(WINDOW_MILLIS);
        windows.forget(&scope(1), over);
        assert_eq!(windows.guess(&scope(1), over), Guess::Open, "another process has opened the next");
    }

    #[test]
    fn a_call_is_in_flight_until_it_is_dropped() {
        let windows = Windows::default();
        let calls = [windows.enter(&scope(1)), windows.enter(&scope(1))];
        assert_eq!(windows.in_flight(&scope(1)), 2);
        drop(calls);
        assert_eq!(windows.in_flight(&scope(1)), 0);
    }

    #[test]
    fn memory_is_bounded() {
        let windows = Windows::default();
        (0..=SCOPES_MAX).for_each(|number| windows.forget(&scope(number), START));
        assert!(windows.lock().len() <= SCOPES_MAX);
        assert_eq!(windows.guess(&scope(SCOPES_MAX), START), Guess::Open);
    }
}
