//! The loop of `postern`: a round at the start and one each interval, until the process is to end. A round that is under
//! way then is dropped; every job bears that.

use super::event::Event;
use super::run::Maintenance;
use std::future::Future;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// The time from one round to the next. Budgets are seen anew this much late, at most.
pub const ROUND_INTERVAL: Duration = Duration::from_secs(60);

/// Runs rounds until `shutdown` is done. A round has half the interval's time.
pub async fn every(interval: Duration, maintenance: &Maintenance, shutdown: impl Future<Output = ()>) {
    let mut rounds = tokio::time::interval(interval);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let round_millis = i64::try_from(interval.as_millis() / 2).unwrap_or(i64::MAX);
    let endless = async {
        loop {
            rounds.tick().await;
            let deadline = maintenance.now().plus_millis(round_millis);
            let report = maintenance.run(&Event::default(), deadline).await;
            if report.is_notable() {
                tracing::info!(report = %serde_json::to_string(&report).unwrap_or_default(), "maintenance");
            }
        }
    };
    tokio::select! {
        () = shutdown => {}
        () = endless => {}
    }
}
