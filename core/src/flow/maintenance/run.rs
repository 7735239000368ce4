//! One run of all jobs.

use super::{BudgetReport, LogReport, budgets, log_retention};
use crate::accounting::spend_log::SpendLog;
use crate::auth::key_store::KeyStore;
use crate::calendar;
use crate::clock::Clock;
use crate::store::table::Table;
use serde::Serialize;
use std::fmt::Display;
use std::sync::Arc;

/// The jobs and what they work on.
#[derive(Clone)]
pub struct Maintenance {
    /// Whose budgets roll over.
    pub keys: KeyStore,
    /// Whose rows end.
    pub spend: Arc<SpendLog>,
    /// Where each job keeps its place.
    pub table: Arc<dyn Table>,
    /// Now.
    pub clock: Arc<dyn Clock>,
}

/// What a run did.
#[derive(Debug, Serialize)]
pub struct Report {
    /// When it began, in RFC 3339.
    pub started_at: String,
    /// Budget roll-over.
    pub budgets: Outcome<BudgetReport>,
    /// Retention of the spend log.
    pub spend_log: Outcome<LogReport>,
}

/// How one job ended. A failed job is tried again by the next run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome<T> {
    /// What it did.
    Done(T),
    /// Why it stopped.
    Failed(String),
}

impl Maintenance {
    /// Runs every job once. One that fails keeps no other from running.
    pub async fn run(&self) -> Report {
        let now = self.clock.now();
        Report {
            started_at: calendar::rfc3339(now),
            budgets: Outcome::of("budgets", budgets::roll_over(&self.keys, &self.table, now).await),
            spend_log: Outcome::of("spend_log", log_retention::apply(&self.spend, &self.table, now).await),
        }
    }
}

impl<T> Outcome<T> {
    fn of<E: Display>(job: &str, result: Result<T, E>) -> Self {
        result.map_or_else(
            |error| {
                tracing::error!(job, %error, "a maintenance job failed; the next run tries again");
                Self::Failed(error.to_string())
            },
            Self::Done,
        )
    }
}
