//! What waits for the writing connection while it is busy.

use super::engine::{Answer, Engine, Transaction};
use std::sync::{Condvar, Mutex, PoisonError};
use tokio::sync::oneshot;

/// Most jobs that wait. At fifty thousand a second this is a fifth of a second of waiting; more would only add to it.
const WAITING_MAX: usize = 10_000;

/// One waiting job.
pub(super) enum Job {
    /// A transaction, to be answered once its batch is stored.
    Transaction(Transaction, oneshot::Sender<Answer>),
    /// Anything else, run between two batches.
    Between(Box<dyn FnOnce(&mut Engine) + Send>),
}

/// The queue was full, or is closed.
pub(super) struct Refused;

/// The jobs in their order of arrival.
#[derive(Default)]
pub(super) struct Jobs {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: Vec<Job>,
    closed: bool,
}

impl Jobs {
    /// Adds a job at the end. Nobody is told: whoever adds one sees to it that somebody serves.
    pub(super) fn push(&self, job: Job) -> Result<(), Refused> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.closed || waiting.jobs.len() >= WAITING_MAX {
            return Err(Refused);
        }
        waiting.jobs.push(job);
        Ok(())
    }

    /// Wakes the thread that waits in [`Jobs::take`], if there is anything to take.
    pub(super) fn tell(&self) {
        if !self.waiting.lock().unwrap_or_else(PoisonError::into_inner).jobs.is_empty() {
            self.arrived.notify_one();
        }
    }

    /// Moves all that waits into `taken`, which is empty, without waiting for more.
    pub(super) fn take_now(&self, taken: &mut Vec<Job>) {
        std::mem::swap(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner).jobs, taken);
    }

    /// Waits for jobs and moves them all into `taken`, which is empty. `false`: the queue is closed and empty.
    pub(super) fn take(&self, taken: &mut Vec<Job>) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while waiting.jobs.is_empty() {
            if waiting.closed {
                return false;
            }
            waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut waiting.jobs, taken);
        true
    }

    /// Takes no more jobs; those that wait are still done.
    pub(super) fn close(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.arrived.notify_one();
    }
}
