//! What is seen of one deployment: calls in flight, use of the minute, latencies, health. Numbers that many calls write at
//! once without waiting for each other; where two collide at the turn of a minute a few counts are lost, which no limit
//! rests on.

use super::latencies::Latencies;
use crate::clock::Timestamp;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// Milliseconds of a minute.
const MINUTE_MILLIS: i64 = 60_000;

/// What is seen of one deployment, by this process and, where it is shared, by others. What a choice reads of each stands
/// first, on one line of the processor's cache: a choice among many waits for nothing else.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Seen {
    unhealthy_until: AtomicI64,
    in_flight: AtomicI64,
    own: Minute,
    others: Minute,
    /// Seconds for each token of an answer.
    pub latency: Latencies,
    /// Seconds until a stream begins.
    pub first_token: Latencies,
    /// What this process has seen and others do not know yet.
    pub untold: Untold,
}

/// What others do not know yet. Only added to, so that it can be given on at any time.
#[derive(Debug, Default)]
pub struct Untold {
    requests: AtomicU64,
    tokens: AtomicU64,
    latency_us: AtomicU64,
    latencies: AtomicU64,
    first_us: AtomicU64,
    firsts: AtomicU64,
}

/// What is to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Calls begun.
    pub requests: u64,
    /// Tokens of calls ended.
    pub tokens: u64,
    /// Microseconds for each token of an answer, one mean a call.
    pub latency_us: u64,
    /// How many of these there are.
    pub latencies: u64,
    /// Microseconds until streams began.
    pub first_us: u64,
    /// How many of these there are.
    pub firsts: u64,
}

/// What a deployment was used for within a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// Calls begun.
    pub requests: u64,
    /// Tokens of calls ended.
    pub tokens: u64,
}

/// Use within the minute that was last touched.
#[derive(Debug, Default)]
struct Minute {
    /// The minute's number in the upper half, requests in the lower.
    requests: AtomicU64,
    tokens: AtomicU64,
}

/// How a call ended, as far as choices ask.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    /// Tokens of the question and the answer.
    pub tokens: u64,
    /// Tokens of the answer.
    pub answer_tokens: u64,
    /// Milliseconds of the whole call.
    pub took_ms: i64,
    /// Milliseconds until the first content, where it was a stream.
    pub first_token_ms: Option<i64>,
}

/// The half of a minute's number that counts requests.
const REQUESTS: u64 = u32::MAX as u64;

/// Seconds that a call counts as which timed out: nobody is slower.
const TIMED_OUT_SECONDS: f32 = 1_000.0;

impl Seen {
    /// Nothing seen yet; so many latencies will be remembered.
    pub fn remembering(latencies: usize) -> Self {
        Self {
            unhealthy_until: AtomicI64::new(i64::MIN),
            in_flight: AtomicI64::new(0),
            own: Minute::default(),
            others: Minute::default(),
            latency: Latencies::of(latencies),
            first_token: Latencies::of(latencies),
            untold: Untold::default(),
        }
    }

    /// A call goes out.
    pub fn begun(&self, now: Timestamp) {
        self.in_flight.fetch_add(1, Relaxed);
        self.own.add(now, Use { requests: 1, tokens: 0 });
        self.untold.requests.fetch_add(1, Relaxed);
    }

    /// A call is over, whatever came of it.
    pub fn over(&self) {
        self.in_flight.fetch_sub(1, Relaxed);
    }

    /// A call was answered.
    pub fn answered(&self, now: Timestamp, measured: Measured) {
        self.own.add(now, Use { requests: 0, tokens: measured.tokens });
        self.untold.tokens.fetch_add(measured.tokens, Relaxed);
        let seconds = |millis: i64| millis.max(0) as f32 / 1_000.0;
        self.took(now, seconds(measured.took_ms) / measured.answer_tokens.max(1) as f32);
        if let Some(millis) = measured.first_token_ms {
            self.began_after(now, seconds(millis));
        }
    }

    /// A call was not answered in time.
    pub fn timed_out(&self, now: Timestamp) {
        self.took(now, TIMED_OUT_SECONDS);
        self.began_after(now, TIMED_OUT_SECONDS);
    }

    fn took(&self, now: Timestamp, seconds: f32) {
        self.latency.record(now, seconds);
        self.untold.latency_us.fetch_add(micros(seconds), Relaxed);
        self.untold.latencies.fetch_add(1, Relaxed);
    }

    fn began_after(&self, now: Timestamp, seconds: f32) {
        self.first_token.record(now, seconds);
        self.untold.first_us.fetch_add(micros(seconds), Relaxed);
        self.untold.firsts.fetch_add(1, Relaxed);
    }

    /// The mean latency in seconds of what was measured in the second `since` or later: for each token of an answer, or
    /// until a stream begins. 0: nothing was.
    #[inline]
    pub fn mean_latency(&self, since: u32, is_stream: bool) -> f32 {
        let first = if is_stream { self.first_token.mean(since) } else { None };
        first.or_else(|| self.latency.mean(since)).unwrap_or(0.0)
    }

    /// Calls of this process in flight.
    #[inline]
    pub fn in_flight(&self) -> i64 {
        self.in_flight.load(Relaxed)
    }

    /// Use within the minute of `now`, others' as far as they told.
    pub fn used(&self, now: Timestamp) -> Use {
        self.used_in(number_of(now))
    }

    /// Use within the minute of this number.
    #[inline]
    pub(super) fn used_in(&self, minute: i64) -> Use {
        let (own, others) = (self.own.get(minute), self.others.get(minute));
        Use { requests: own.requests + others.requests, tokens: own.tokens + others.tokens }
    }

    /// What others have used within the minute of `now`.
    pub fn others_used(&self, now: Timestamp, used: Use) {
        self.others.set(now, used);
    }

    /// It does not answer; until `until` it is asked only where nobody else is left.
    pub fn is_unhealthy_until(&self, until: Timestamp) {
        self.unhealthy_until.store(until.millis(), Relaxed);
    }

    /// It answers.
    pub fn is_healthy_again(&self) {
        self.unhealthy_until.store(i64::MIN, Relaxed);
    }

    /// Whether it answered when it was last probed, as far as that still counts.
    #[inline]
    pub fn is_healthy(&self, now: Timestamp) -> bool {
        self.unhealthy_until.load(Relaxed) <= now.millis()
    }
}

impl Untold {
    /// Takes what is to be told.
    pub fn take(&self) -> Told {
        let take = |count: &AtomicU64| count.swap(0, Relaxed);
        Told {
            requests: take(&self.requests),
            tokens: take(&self.tokens),
            latency_us: take(&self.latency_us),
            latencies: take(&self.latencies),
            first_us: take(&self.first_us),
            firsts: take(&self.firsts),
        }
    }
}

fn micros(seconds: f32) -> u64 {
    (f64::from(seconds) * 1_000_000.0) as u64
}

impl Minute {
    fn add(&self, now: Timestamp, used: Use) {
        self.turn(number_of(now));
        self.requests.fetch_add(used.requests & REQUESTS, Relaxed);
        self.tokens.fetch_add(used.tokens, Relaxed);
    }

    fn set(&self, now: Timestamp, used: Use) {
        self.requests.store(begun(number_of(now)) | used.requests.min(REQUESTS), Relaxed);
        self.tokens.store(used.tokens, Relaxed);
    }

    #[inline]
    fn get(&self, number: i64) -> Use {
        let requests = self.requests.load(Relaxed);
        if requests & !REQUESTS != begun(number) {
            return Use::default();
        }
        Use { requests: requests & REQUESTS, tokens: self.tokens.load(Relaxed) }
    }

    /// Begins anew where another minute has come.
    fn turn(&self, number: i64) {
        let (before, begun) = (self.requests.load(Relaxed), begun(number));
        let is_over = before & !REQUESTS != begun;
        if is_over && self.requests.compare_exchange(before, begun, Relaxed, Relaxed).is_ok() {
            self.tokens.store(0, Relaxed);
        }
    }
}

/// The minute of this number without any request in it.
#[inline]
fn begun(number: i64) -> u64 {
    number.cast_unsigned() << 32
}

/// The number of the minute.
pub fn number_of(now: Timestamp) -> i64 {
    now.millis().div_euclid(MINUTE_MILLIS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_counts_within_its_minute_and_what_others_told_counts_too() {
        let (seen, now) = (Seen::remembering(3), Timestamp::from_seconds(600));
        seen.begun(now);
        seen.answered(now, Measured { tokens: 30, ..Measured::default() });
        seen.others_used(now, Use { requests: 2, tokens: 5 });
        assert_eq!(seen.used(now), Use { requests: 3, tokens: 35 });
        assert_eq!(seen.used(Timestamp::from_seconds(660)), Use::default());
        assert_eq!(seen.in_flight(), 1);
        seen.over();
        assert_eq!(seen.in_flight(), 0);
    }

    #[test]
    fn what_others_do_not_know_is_told_once() {
        let (seen, now) = (Seen::remembering(3), Timestamp::from_seconds(600));
        seen.begun(now);
        seen.answered(now, Measured { tokens: 4, answer_tokens: 2, took_ms: 1_000, first_token_ms: Some(250) });
        let told = Told { requests: 1, tokens: 4, latency_us: 500_000, latencies: 1, first_us: 250_000, firsts: 1 };
        assert_eq!((seen.untold.take(), seen.untold.take()), (told, Told::default()));
    }

    #[test]
    fn a_deployment_that_does_not_answer_is_unhealthy_for_as_long_as_that_counts() {
        let (seen, now) = (Seen::remembering(3), Timestamp::from_seconds(600));
        assert!(seen.is_healthy(now));
        seen.is_unhealthy_until(now.plus_millis(1));
        assert!(!seen.is_healthy(now) && seen.is_healthy(now.plus_millis(1)));
        seen.is_unhealthy_until(now.plus_millis(1));
        seen.is_healthy_again();
        assert!(seen.is_healthy(now));
    }
}
