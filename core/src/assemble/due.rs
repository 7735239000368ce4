//! When a process that sleeps between requests looks again at what may have changed elsewhere. One of several requests
//! looks; none waits long for it.

use crate::clock::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// How long a request waits for a look, before it goes on with what is known.
const PATIENCE: Duration = Duration::from_millis(500);

/// When the next look is due.
pub(super) struct Due {
    clock: Arc<dyn Clock>,
    interval_millis: i64,
    /// In milliseconds.
    at: AtomicI64,
}

impl Due {
    /// Due at once, and then whenever so much time has passed.
    pub(super) fn at_once(clock: Arc<dyn Clock>, interval: Duration) -> Self {
        let interval_millis = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX);
        Self { clock, interval_millis, at: AtomicI64::new(i64::MIN) }
    }

    /// There was a look just now: the next is due when the interval is over.
    pub(super) fn put_off(&self) {
        self.at.store(self.next(), Ordering::Relaxed);
    }

    /// Looks where that is due. What is `slow` is said where it takes too long; then the next request looks again, so that
    /// a change is not late by a whole interval.
    pub(super) async fn look<F: Future<Output = ()>>(&self, slow: &'static str, look: impl FnOnce() -> F) {
        let (now, due) = (self.clock.now().millis(), self.at.load(Ordering::Relaxed));
        let is_due = now >= due;
        if !is_due || self.at.compare_exchange(due, self.next(), Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        // In a box: hardly any request looks.
        if timeout(PATIENCE, Box::pin(look())).await.is_err() {
            tracing::warn!("{slow}");
            self.at.store(due, Ordering::Relaxed);
        }
    }

    fn next(&self) -> i64 {
        self.clock.now().plus_millis(self.interval_millis).millis()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{ManualClock, Timestamp};
    use std::sync::atomic::AtomicU32;

    const START: Timestamp = Timestamp::from_seconds(1_763_700_000);

    struct Looking {
        clock: Arc<ManualClock>,
        due: Due,
        looks: AtomicU32,
    }

    impl Looking {
        fn begin() -> Self {
            let clock = Arc::new(ManualClock::at(START));
            let due = Due::at_once(Arc::<ManualClock>::clone(&clock), Duration::from_secs(5));
            Self { clock, due, looks: AtomicU32::new(0) }
        }

        async fn look(&self, takes: Duration) {
            let look = || async {
                tokio::time::sleep(takes).await;
                self.looks.fetch_add(1, Ordering::Relaxed);
            };
            self.due.look("slow", look).await;
        }

        fn looks(&self) -> u32 {
            self.looks.load(Ordering::Relaxed)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_is_due_at_once_and_when_the_interval_is_over() {
        let looking = Looking::begin();
        for (seconds, looks) in [(0, 1), (4, 1), (1, 2), (4, 2), (1, 3)] {
            looking.clock.advance_millis(seconds * 1000);
            looking.look(Duration::ZERO).await;
            assert_eq!(looking.looks(), looks, "{seconds} seconds later");
        }
        looking.clock.advance_millis(4_000);
        looking.due.put_off();
        looking.clock.advance_millis(4_000);
        looking.look(Duration::ZERO).await;
        assert_eq!(looking.looks(), 3, "there was a look 4 seconds ago");
    }

    #[tokio::test(start_paused = true)]
    async fn one_of_several_requests_looks_and_none_waits_long() {
        let looking = Looking::begin();
        let begun = tokio::time::Instant::now();
        tokio::join!(looking.look(PATIENCE * 2), async {
            looking.look(Duration::ZERO).await;
            assert_eq!(begun.elapsed(), Duration::ZERO);
        });
        assert_eq!((begun.elapsed(), looking.looks()), (PATIENCE, 0));
        looking.look(Duration::ZERO).await;
        assert_eq!(looking.looks(), 1, "the next request looks again");
    }
}
