//! Measures how late the process gets to work that is ready.

use postern_core::admission::load::Load;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How often. Rarely enough that an idle process stays idle, often enough that a rush is noticed at once.
const EVERY: Duration = Duration::from_millis(25);

/// Tells `load`, until the process ends.
pub(crate) async fn watch(load: Arc<Load>) {
    loop {
        let due = Instant::now() + EVERY;
        sleep_until(due).await;
        load.was_late(due.elapsed());
    }
}
