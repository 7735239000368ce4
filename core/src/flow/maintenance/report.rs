//! What a run did, as JSON for the log and for whoever asked.

use super::job::Job;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a run did, job by job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Where the event came from, as it said.
    #[serde(flatten)]
    pub origin: BTreeMap<&'static str, String>,
    /// The jobs that were asked for, in their order.
    pub jobs: Vec<JobReport>,
}

/// What one job did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobReport {
    /// Which job.
    pub job: Job,
    /// How it ended.
    pub status: Status,
    /// Things looked at: keys, days of the spend log, items.
    pub examined: u64,
    /// Things done: budgets begun anew, rows removed, items removed.
    pub done: u64,
    /// Things that should have been done and could not be; the log says why.
    pub passed_over: u64,
    /// Where the next run goes on: a key's place in the list, a day of the spend log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Why it failed. For operators: it may name items of the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Milliseconds it took.
    pub took_ms: i64,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All there was to do is done.
    Finished,
    /// There is more to do; the next run goes on.
    Unfinished,
    /// The settings or the store leave it nothing to do.
    Off,
    /// There was no time left for it.
    Skipped,
    /// It failed; the next run tries again.
    Failed,
}

impl Report {
    /// Whether a job failed.
    pub fn has_failure(&self) -> bool {
        self.jobs.iter().any(|job| job.status == Status::Failed)
    }

    /// Whether anything was changed or went wrong: what is worth a line in a log.
    pub fn is_notable(&self) -> bool {
        self.jobs.iter().any(|job| job.done > 0 || job.passed_over > 0 || job.status == Status::Failed)
    }
}
