//! Who waits for a place at a model whose deployments have as many calls in flight as they may, and who is next. It counts
//! nothing in: whoever is next asks the ledger again.
//!
//! A lower number of priority goes first, but not for ever: each step is worth a head start of [`STEP`], so everybody
//! is next some time. The line is bounded; where it is full, who would be last is turned away. So is at once who
//! would not be next before its deadline, as far as the line's pace tells.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// What one step of priority is worth of waiting.
const STEP: Duration = Duration::from_secs(1);
/// How often whoever is next asks again though nobody here has left: other instances' calls end unheard. In the beginning,
/// and at most.
const ASK_AGAIN: (Duration, Duration) = (Duration::from_millis(25), Duration::from_millis(500));
/// How much of the pace the last departure says: one part in so many.
const PACE_SMOOTHING: u32 = 8;

/// What a line is bounded by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// Calls that wait at once, over all models. 0: nobody waits.
    pub waiting: usize,
    /// How long a call waits at most.
    pub wait: Duration,
    /// The priority of a call that says none: 0 goes first.
    pub priority: u8,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { waiting: 1_000, wait: Duration::from_secs(30), priority: 0 }
    }
}

/// Why a call does not wait, or no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("All deployments of the model have as many requests in flight as they may, and {reason}. Try again later.")]
pub struct TurnedAway {
    /// What stands in the way.
    pub reason: Reason,
    /// Seconds after which it is worth another try, 1 or more.
    pub retry_after: i64,
}

/// What stands in a waiting call's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// As many wait as may.
    Full,
    /// It would not be next before its deadline.
    Hopeless,
    /// It was not next before its deadline.
    TooLate,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "no more may wait",
            Self::Hopeless => "more wait already than can be answered in this request's time",
            Self::TooLate => "none was free in time",
        })
    }
}

/// Calls that wait, by the model that they wait for.
#[derive(Debug, Default)]
pub struct Queue {
    limits: QueueLimits,
    /// How many wait over all, so that nobody else takes the lock while nobody does.
    waiting: AtomicUsize,
    lines: Mutex<HashMap<String, Line>>,
}

/// Those that wait for one model, who is next first.
#[derive(Debug, Default)]
struct Line {
    seats: BTreeMap<Rank, Arc<Seat>>,
    arrivals: u64,
    /// When somebody last got a place, and the usual time between two.
    left: Option<Instant>,
    pace: Option<Duration>,
}

/// When it is somebody's turn: the time of arrival with the head start, then the order of arrival.
type Rank = (Instant, u64);

#[derive(Debug, Default)]
struct Seat {
    wake: Notify,
    is_lost: AtomicBool,
}

/// One that waits. It leaves the line when dropped.
#[derive(Debug)]
pub struct Waiting {
    queue: Arc<Queue>,
    model: String,
    rank: Rank,
    seat: Arc<Seat>,
    deadline: Instant,
    ask_again: Duration,
    has_asked: bool,
}

impl Queue {
    /// An empty one.
    pub fn new(limits: QueueLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Whether anybody may wait.
    pub fn lets_wait(&self) -> bool {
        self.limits.waiting > 0
    }

    /// Whether anybody waits for this model, so that a newcomer lines up too.
    pub fn has_line(&self, model: &str) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0 && self.lock().contains_key(model)
    }

    /// Lines up for a model.
    ///
    /// # Errors
    /// [`TurnedAway`]: the line is full, or too long for the deadline.
    pub fn line_up(
        self: &Arc<Self>,
        model: &str,
        priority: Option<u8>,
        deadline: Option<Instant>,
    ) -> Result<Waiting, TurnedAway> {
        let now = Instant::now();
        let last = now + self.limits.wait;
        let deadline = deadline.map_or(last, |deadline| deadline.min(last));
        let mut lines = self.lock();
        let line = lines.entry(model.to_owned()).or_default();
        line.arrivals += 1;
        let rank = (now + STEP * u32::from(priority.unwrap_or(self.limits.priority)), line.arrivals);
        let wait = line.wait_of(rank);
        let away = |reason| Err(TurnedAway { reason, retry_after: seconds(wait) });
        if wait > deadline.saturating_duration_since(now) {
            lines.retain(|_, line| !line.seats.is_empty());
            return away(Reason::Hopeless);
        }
        if self.waiting.load(Ordering::Relaxed) >= self.limits.waiting {
            // Whoever would be last of this line makes room for somebody ahead of it.
            let Some(lost) = line.seats.last_entry().filter(|last| *last.key() > rank) else {
                lines.retain(|_, line| !line.seats.is_empty());
                return away(Reason::Full);
            };
            let lost = lost.remove();
            lost.is_lost.store(true, Ordering::Relaxed);
            lost.wake.notify_one();
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        let seat = Arc::new(Seat::default());
        line.seats.insert(rank, Arc::clone(&seat));
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let model = model.to_owned();
        Ok(Waiting { queue: Arc::clone(self), model, rank, seat, deadline, ask_again: ASK_AGAIN.0, has_asked: false })
    }

    /// A call of this model has ended: whoever is next may ask.
    pub fn freed(&self, model: &str) {
        if self.waiting.load(Ordering::Relaxed) > 0
            && let Some(line) = self.lock().get(model)
        {
            line.wake_next();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn wake_next(&self) {
        if let Some(next) = self.seats.values().next() {
            next.wake.notify_one();
        }
    }

    /// About how long somebody of this rank waits.
    fn wait_of(&self, rank: Rank) -> Duration {
        let ahead = self.seats.range(..rank).count();
        self.pace.unwrap_or_default().saturating_mul(u32::try_from(ahead).unwrap_or(u32::MAX))
    }

    fn somebody_got_a_place(&mut self) {
        let now = Instant::now();
        if let Some(left) = self.left.replace(now) {
            let took = now.saturating_duration_since(left);
            self.pace =
                Some(self.pace.map_or(took, |pace| {
                    pace.saturating_mul(PACE_SMOOTHING - 1).saturating_add(took) / PACE_SMOOTHING
                }));
        }
    }
}

impl Waiting {
    /// Waits until it is this one's turn to ask the ledger, for the first time or again. Dropping the future is safe.
    ///
    /// # Errors
    /// [`TurnedAway`]: the deadline came before, or others have gone first and there is no room left.
    pub async fn turn(&mut self) -> Result<(), TurnedAway> {
        loop {
            if self.seat.is_lost.load(Ordering::Relaxed) {
                return Err(self.turned_away(Reason::Full));
            }
            let now = Instant::now();
            if now >= self.deadline {
                return Err(self.turned_away(Reason::TooLate));
            }
            let is_next = self.is_next();
            if is_next && !self.has_asked {
                self.has_asked = true;
                return Ok(());
            }
            let until = if is_next { self.deadline.min(now + self.ask_again) } else { self.deadline };
            tokio::select! {
                () = self.seat.wake.notified() => {}
                () = sleep_until(until) => {
                    self.ask_again = (self.ask_again * 2).min(ASK_AGAIN.1);
                }
            }
            self.has_asked = false;
        }
    }

    /// It has got a place, and leaves.
    pub fn got_a_place(self) {
        if let Some(line) = self.queue.lock().get_mut(&self.model) {
            line.somebody_got_a_place();
        }
    }

    fn is_next(&self) -> bool {
        self.queue.lock().get(&self.model).and_then(|line| line.seats.keys().next()) == Some(&self.rank)
    }

    fn turned_away(&self, reason: Reason) -> TurnedAway {
        let wait = self.queue.lock().get(&self.model).map_or(Duration::ZERO, |line| line.wait_of(self.rank));
        TurnedAway { reason, retry_after: seconds(wait) }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut lines = self.queue.lock();
        let Some(line) = lines.get_mut(&self.model) else { return };
        if line.seats.remove(&self.rank).is_some() {
            self.queue.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        line.wake_next();
        if line.seats.is_empty() {
            lines.remove(&self.model);
        }
    }
}

fn seconds(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(i64::MAX).max(1)
}

#[cfg(test)]
mod tests;
