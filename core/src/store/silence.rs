//! How long a store may say nothing before a call is answered without it. It counts while this process runs: where the
//! process itself is late, as on a machine that is too busy or on a function that was frozen, the store is not to blame.
//! May touch nothing but the time.

use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// How long a call waits for a store that does not answer or cannot be reached. A store that is slow and answers is
/// waited for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreWait(pub Duration);

impl Default for StoreWait {
    /// With it a client has an answer within a quarter of a second.
    fn default() -> Self {
        Self(Duration::from_millis(235))
    }
}

impl StoreWait {
    /// Below it a store that is well would count as silent.
    const LEAST: Duration = Duration::from_millis(100);

    /// As long as the operator says, a tenth of a second at least.
    #[must_use]
    pub fn of_seconds(seconds: f64) -> Self {
        Self(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX / 4).max(Self::LEAST))
    }

    /// What the store says, if it says so before this wait is over.
    pub async fn in_time<T>(self, answer: impl Future<Output = T>) -> Option<T> {
        Silence::lasting(self).broken_by(answer).await
    }
}

/// Why nothing is known after the wait.
pub const LATE: &str = "the store did not answer in time";

/// Longest wait where the store answers, but other calls are at the same items.
pub const CROWD_WAIT: Duration = Duration::from_secs(3);

/// The wait is looked at this often, so that what is added for lateness is close to it.
const SLICE: Duration = Duration::from_millis(25);

/// A timer that is no later than this is in time.
const IN_TIME: Duration = Duration::from_millis(5);

/// Most that is added for lateness, so that the wait has an end whatever the machine does.
const LATENESS_MAX: Duration = Duration::from_secs(2);

/// A wait for a store that has an end.
#[derive(Debug)]
pub struct Silence {
    wait: StoreWait,
    ends: Instant,
    lateness_left: Duration,
}

impl Silence {
    /// One that begins now.
    #[must_use]
    pub fn lasting(wait: StoreWait) -> Self {
        Self::with_left(wait, wait.0)
    }

    /// One of which this is left.
    #[must_use]
    pub fn with_left(wait: StoreWait, left: Duration) -> Self {
        Self { wait, ends: Instant::now() + left, lateness_left: LATENESS_MAX }
    }

    /// Begins again, as the store has answered.
    pub fn begin_again(&mut self) {
        self.ends = self.ends.max(Instant::now() + self.wait.0);
    }

    /// Whether it has lasted as long as it may.
    #[must_use]
    pub fn is_over(&self) -> bool {
        Instant::now() >= self.ends
    }

    /// What the store says, if it says so in time.
    pub async fn broken_by<T>(&mut self, answer: impl Future<Output = T>) -> Option<T> {
        let mut answer = pin!(answer);
        loop {
            let slice_ends = self.ends.min(Instant::now() + SLICE);
            if let Ok(answer) = timeout_at(slice_ends, &mut answer).await {
                return Some(answer);
            }
            self.forgive(slice_ends.elapsed());
            if self.is_over() {
                return None;
            }
        }
    }

    /// Waits, and no longer than it lasts.
    pub async fn sleep(&self, wait: Duration) {
        sleep_until(self.ends.min(Instant::now() + wait)).await;
    }

    fn forgive(&mut self, late: Duration) {
        if late > IN_TIME {
            let late = late.min(self.lateness_left);
            self.lateness_left -= late;
            self.ends += late;
        }
    }
}

/// What a store says that is waited for as long as usual.
pub async fn in_time<T>(answer: impl Future<Output = T>) -> Option<T> {
    StoreWait::default().in_time(answer).await
}

#[cfg(test)]
mod tests {
    use super::{Silence, StoreWait, in_time};
    use std::future::pending;
    use std::time::Duration;
    use tokio::time::{Instant, advance, sleep};

    #[tokio::test(start_paused = true)]
    async fn a_store_that_says_nothing_is_left_in_time() {
        let began = Instant::now();
        assert!(in_time(pending::<()>()).await.is_none());
        assert!(
            (StoreWait::default().0..Duration::from_millis(250)).contains(&began.elapsed()),
            "{:?}",
            began.elapsed()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_answers_is_heard_and_begins_the_wait_again() {
        let mut silence = Silence::lasting(StoreWait::default());
        let heard = silence.broken_by(sleep(Duration::from_millis(200))).await;
        assert!(heard.is_some() && !silence.is_over());
        silence.begin_again();
        assert!(silence.broken_by(sleep(Duration::from_millis(200))).await.is_some());
        assert!(silence.broken_by(sleep(Duration::from_millis(200))).await.is_none());
        assert!(silence.is_over());
    }

    #[tokio::test(start_paused = true)]
    async fn lateness_of_the_process_is_not_the_stores() {
        let mut silence = Silence::lasting(StoreWait::default());
        // The process stands still for a second in the middle of the wait; the store answers just after.
        let late = async {
            sleep(Duration::from_millis(100)).await;
            advance(Duration::from_secs(1)).await;
            sleep(Duration::from_millis(100)).await;
        };
        assert!(silence.broken_by(late).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_is_always_late_comes_to_an_end_too() {
        let mut silence = Silence::lasting(StoreWait::default());
        let began = Instant::now();
        let never = async {
            loop {
                sleep(Duration::from_millis(1)).await;
                advance(Duration::from_millis(100)).await;
            }
        };
        assert!(silence.broken_by::<()>(never).await.is_none());
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    }
}
