//! One run: the jobs that an event asks for, in order, as far as the time goes. A job that fails does not keep the
//! others from their work.

use super::cursor::Cursor;
use super::error::JobError;
use super::event::{Event, Task};
use super::job::Job;
use super::progress::{Ended, Progress, Until};
use super::report::{JobReport, Report, Status};
use super::{
    budget_rollover, erasure, expired_holds, expired_items, health_checks, key_rotation, log_retention, resealing,
    spend_sums,
};
use crate::accounting::spend_log::SpendLog;
use crate::admission::ledger::Ledger;
use crate::auth::budget_period::BudgetPeriods;
use crate::auth::cache::PrincipalCache;
use crate::clock::{Clock, Timestamp};
use crate::error_text::error_text;
use crate::flow::admin::keys::key_admin::KeyAdmin;
use crate::flow::erasures::{self, Erasures};
use crate::flow::health::Health;
use crate::flow::resealable::Resealable;
use crate::store::documents::Documents;
use crate::store::expiry::SweepExpired;
use crate::store::table::Table;
use std::error::Error;
use std::sync::{Arc, OnceLock};

/// The jobs, and what they work on.
pub struct Maintenance {
    table: Arc<dyn Table>,
    periods: BudgetPeriods,
    spend: SpendLog,
    expiring: Option<Arc<dyn SweepExpired>>,
    remembered: Option<Arc<PrincipalCache>>,
    sealed: Option<Resealable>,
    health: OnceLock<Arc<Health>>,
    rotated: OnceLock<Arc<KeyAdmin>>,
    clock: Arc<dyn Clock>,
}

impl Maintenance {
    /// Jobs on `table`, whose spend rows are kept for `retention_days` (`None`: for ever). `expiring` is the store
    /// behind the table, where it does not remove ended items by itself.
    pub fn new(
        table: Arc<dyn Table>,
        retention_days: Option<u32>,
        expiring: Option<Arc<dyn SweepExpired>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let periods = BudgetPeriods::new(Arc::clone(&table));
        let spend = SpendLog::new(Arc::clone(&table), retention_days);
        let (health, rotated) = (OnceLock::new(), OnceLock::new());
        Self { table, periods, spend, expiring, remembered: None, sealed: None, health, rotated, clock }
    }

    /// Forgets callers of `cache` whose budget begins anew, so that this process sees it at once.
    pub fn forgetting(self, cache: Arc<PrincipalCache>) -> Self {
        Self { remembered: Some(cache), ..self }
    }

    /// Seals these anew where they are sealed otherwise than they would be now.
    pub fn resealing(self, sealed: Resealable) -> Self {
        Self { sealed: Some(sealed), ..self }
    }

    /// Probes deployments, as `health` is set up. What it says first counts.
    pub fn probing(&self, health: Arc<Health>) {
        self.health.get_or_init(|| health);
    }

    /// Charges calls in `spend`, whose rows are spread as this process spreads them.
    pub fn charging(self, spend: SpendLog) -> Self {
        Self { spend, ..self }
    }

    /// Replaces keys on their schedules. What it says first counts.
    pub fn rotating(&self, keys: Arc<KeyAdmin>) {
        self.rotated.get_or_init(|| keys);
    }

    /// The time by the clock of the jobs, to count a deadline from.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Does what `event` asks for until `deadline`, which it may pass by a few calls of the store. Safe to repeat, to
    /// run twice at once and to stop at any point.
    pub async fn run(&self, event: &Event, deadline: Timestamp) -> Report {
        let until = Until { clock: self.clock.as_ref(), deadline };
        let mut report = Report { origin: event.origin.clone(), jobs: Vec::new() };
        for job in Job::ALL {
            if event.task == Task::Round || event.task == Task::One(job) {
                report.jobs.push(self.report(job, until).await);
            }
        }
        report
    }

    async fn report(&self, job: Job, until: Until<'_>) -> JobReport {
        let began = until.now();
        let mut progress = Progress::default();
        let (status, error) = if until.passed() {
            (Status::Skipped, None)
        } else {
            match self.work(job, until, &mut progress).await {
                Ok(Ended::Finished) => (Status::Finished, None),
                Ok(Ended::Unfinished) => (Status::Unfinished, None),
                Ok(Ended::Off) => (Status::Off, None),
                Err(error) => {
                    tracing::warn!(job = job.name(), error = &error as &dyn Error, "a job failed");
                    (Status::Failed, Some(error_text(&error)))
                }
            }
        };
        let Progress { examined, done, passed_over, cursor } = progress;
        let took_ms = until.now().millis_since(began);
        JobReport { job, status, examined, done, passed_over, cursor, error, took_ms }
    }

    async fn work(&self, job: Job, until: Until<'_>, progress: &mut Progress) -> Result<Ended, JobError> {
        let cursor = Cursor::of(job, self.table.as_ref());
        match job {
            Job::ExpiredHolds => {
                let ledger = Ledger::new(Arc::clone(&self.table));
                expired_holds::run(&ledger, &self.spend, until, progress).await
            }
            Job::BudgetRollover => {
                let budgets =
                    budget_rollover::Budgets { periods: &self.periods, remembered: self.remembered.as_deref() };
                budget_rollover::run(budgets, &cursor, until, progress).await
            }
            Job::SpendSums => spend_sums::run(&self.spend, &cursor, until, progress).await,
            Job::KeyRotation => {
                let keys = self.rotated.get().map(Arc::as_ref);
                Box::pin(key_rotation::run(keys, &cursor, until, progress)).await
            }
            Job::Resealing => Box::pin(resealing::run(self.sealed.as_ref(), &cursor, until, progress)).await,
            Job::LogRetention => log_retention::run(&self.spend, &cursor, until, progress).await,
            Job::Erasure => {
                let erasures = Erasures::new(Documents::new(Arc::clone(&self.table), erasures::LIST));
                erasure::run(&erasures, &self.spend, until, progress).await
            }
            Job::ExpiredItems => expired_items::run(self.expiring.as_deref(), until, progress).await,
            Job::HealthChecks => health_checks::run(self.health.get().map(Arc::as_ref), until, progress).await,
        }
    }
}
