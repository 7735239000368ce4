//! What a store in an outage did not take while the call's client waited: rows to be stored, reservations to be given
//! back. Each is tried again in the background for a minute, in bounded number, and what is lost then is said. Not a
//! way to record calls: every call asks the store while its client waits.

use super::parts::ModelCalls;
use crate::accounting::release::Release;
use crate::accounting::spend_row::SpendRow;
use crate::id::RequestId;
use std::error::Error;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long a store is asked again.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause before it is asked for the first time; it doubles with each, up to [`PAUSE_MAX`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(8);
/// Most works in the background while which a new one is put up with. A row takes about two kilobytes.
const WORKS_MAX: usize = 10_000;
/// How long a slow store may take to reserve what it was asked for; given back when it is seen.
const SLOW_STORE: Duration = Duration::from_secs(3);

/// Stores a call's row. Whether it did; if not, the loss is logged with what the row would charge.
pub(super) async fn settle(calls: &ModelCalls, row: &SpendRow, release: Release) -> bool {
    let mut pauses = Pauses::begin(PATIENCE);
    let error = loop {
        let error = match calls.spend.settle_held(row, release.clone()).await {
            Ok(_) => return true,
            Err(error) => error,
        };
        if !error.is_outage() || calls.background.running() > WORKS_MAX || !pauses.next().await {
            break error;
        }
    };
    tracing::error!(
        call = %row.request_id,
        key = %row.key,
        dollars = row.cost.dollars(),
        error = &error as &dyn Error,
        "a call is not charged"
    );
    false
}

/// Gives back what a reservation without an answer may hold. The store may have been asked and be slow: it is looked
/// at more than once.
pub(super) async fn void(calls: &ModelCalls, id: RequestId) {
    let (began, mut pauses) = (Instant::now(), Pauses::begin(PATIENCE));
    loop {
        let error = match calls.ledger.void_unanswered(id, calls.clock.now()).await {
            Ok(true) => return,
            Ok(false) if began.elapsed() >= SLOW_STORE => return,
            Ok(false) => None,
            Err(error) => Some(error),
        };
        if calls.background.running() > WORKS_MAX || !pauses.next().await {
            let error = error.as_ref().map(|error| error as &dyn Error);
            tracing::warn!(call = %id, error, "a reservation may stand until its time is over");
            return;
        }
    }
}

/// Pauses that double, until their time is over.
struct Pauses {
    next: Duration,
    ends: Instant,
}

impl Pauses {
    fn begin(patience: Duration) -> Self {
        Self { next: FIRST_PAUSE, ends: Instant::now() + patience }
    }

    /// Waits. `false`, at once: the time is over.
    async fn next(&mut self) -> bool {
        if Instant::now() >= self.ends {
            return false;
        }
        sleep(self.next).await;
        self.next = (self.next * 2).min(PAUSE_MAX);
        true
    }
}
