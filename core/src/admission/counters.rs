//! The counters that limits are checked against, and the writes that take a call out of them again.

use crate::clock::Timestamp;
use crate::store::item::Key;
use crate::store::write::{Change, Condition, Write};

/// What is counted against a budget: charged and held. Every writer of a total moves it too.
pub(super) const USED: &str = "used";
/// When a window began, in milliseconds.
pub(super) const START: &str = "start";
/// Requests of a window.
pub(super) const REQUESTS: &str = "requests";
/// Tokens of a window.
pub(super) const TOKENS: &str = "tokens";
/// Requests in flight.
pub(super) const COUNT: &str = "count";

/// The write that corrects what a window counts, where the window that the call was counted in is still the one: none
/// has begun after the call was counted.
pub(super) fn correct_window(key: &Key, tokens: i64, requests: i64, counted_at: Timestamp) -> Write {
    let when = vec![Condition::AtMost(START.to_owned(), counted_at.millis())];
    let more = [(TOKENS, tokens), (REQUESTS, requests)].into_iter().filter(|(_, more)| *more != 0);
    Write::Update {
        key: key.clone(),
        changes: more.map(|(name, more)| Change::Add(name.to_owned(), more)).collect(),
        when,
    }
}

/// The write that adds tokens to whatever window stands there by now. They are lost with one that is over, as the next
/// begins with its own; without any, nothing is added, as nobody would end it. Fails only then.
pub(super) fn add_to_window(key: &Key, tokens: i64) -> Write {
    let when = vec![Condition::Has(START.to_owned())];
    Write::Update { key: key.clone(), changes: vec![Change::Add(TOKENS.to_owned(), tokens)], when }
}

/// The write that counts a request in flight out.
pub(super) fn count_out(key: &Key) -> Write {
    Write::Update { key: key.clone(), changes: vec![Change::Add(COUNT.to_owned(), -1)], when: Vec::new() }
}

/// The write that gives back what was held of a budget.
pub(super) fn give_back(totals: &Key, nanos: i64) -> Write {
    Write::Update { key: totals.clone(), changes: vec![Change::Add(USED.to_owned(), -nanos)], when: Vec::new() }
}
