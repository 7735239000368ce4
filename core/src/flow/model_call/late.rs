//! What a store in an outage did not take while the call's client waited is tried again in the background for a minute,
//! in bounded number, and what is lost then is said. Here: reservations to be given back.

use super::parts::ModelCalls;
use crate::admission::hold::Hold;
use crate::id::RequestId;
use std::error::Error;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long a store is asked again.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// The pause before it is asked for the first time; it doubles with each, up to [`PAUSE_MAX`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(8);
/// Most works in the background while which a new one is put up with. A row takes about two kilobytes.
pub(super) const WORKS_MAX: usize = 10_000;

/// Gives back what a reservation without an answer may hold.
pub(super) async fn void_unanswered(calls: &ModelCalls, id: RequestId) {
    let mut pauses = Pauses::begin(PATIENCE);
    while let Err(error) = calls.ledger.void_unanswered(id, calls.clock.now()).await {
        if !is_tried_again(calls, id, &error, &mut pauses).await {
            return;
        }
    }
}

/// Gives back what an attempt holds that used nothing.
pub(super) async fn void(calls: &ModelCalls, hold: &Hold) {
    let mut pauses = Pauses::begin(PATIENCE);
    while let Err(error) = calls.ledger.void(hold, calls.clock.now()).await {
        if !is_tried_again(calls, hold.id, &error, &mut pauses).await {
            return;
        }
    }
}

/// Waits for the next attempt, if there is one; says so if there is none.
async fn is_tried_again<E>(calls: &ModelCalls, id: RequestId, error: &E, pauses: &mut Pauses) -> bool
where
    E: Error + Sync + 'static,
{
    let goes_on = calls.background.running() <= WORKS_MAX && pauses.next().await;
    if !goes_on {
        let error = error as &dyn Error;
        tracing::warn!(call = %id, error, "a reservation may stand until its time is over");
    }
    goes_on
}

/// Pauses that double, until their time is over.
pub(super) struct Pauses {
    next: Duration,
    ends: Instant,
}

impl Pauses {
    /// The first comes when it is asked for.
    pub(super) fn begin(patience: Duration) -> Self {
        Self { next: FIRST_PAUSE, ends: Instant::now() + patience }
    }

    /// Waits. `false`, at once: the time is over.
    pub(super) async fn next(&mut self) -> bool {
        if Instant::now() >= self.ends {
            return false;
        }
        sleep(self.next).await;
        self.next = (self.next * 2).min(PAUSE_MAX);
        true
    }
}
