//! Who writes when. A caller that finds the connection free runs its own transaction where it stands: no hand-over, no
//! wake-up. A caller that finds it taken queues, and a thread commits for all who queued meanwhile. So a lone caller
//! pays for SQLite only, and many callers share one commit.

use super::super::table::WriteError;
use super::checkpoint::Checkpointer;
use super::engine::{Answer, Engine, Transaction};
use super::jobs::{Job, Jobs};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, JoinHandle};
use tokio::sync::oneshot;

/// Most transactions in one commit: a bound on how long the first of them waits for the last.
const BATCH_MAX: usize = 256;

/// The engine, its queue and its thread. Dropping it does what is queued, then joins the thread.
pub(super) struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What the callers, the writing thread and the checkpointing thread share.
struct Shared {
    engine: Arc<Mutex<Engine>>,
    jobs: Jobs,
    checkpointer: Option<Checkpointer>,
}

/// The job was not run: the queue is full, or the store is closing.
pub(super) struct NotRun;

impl Writer {
    /// Starts the thread.
    pub(super) fn start(engine: Arc<Mutex<Engine>>, checkpointer: Option<Checkpointer>) -> io::Result<Self> {
        let shared = Arc::new(Shared { engine, jobs: Jobs::default(), checkpointer });
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new().name("store-writer".to_owned()).spawn(move || theirs.serve())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Does one transaction. Where the returned future is dropped, the transaction may still happen.
    pub(super) async fn transact(&self, transaction: Transaction) -> Answer {
        let answer = match self.shared.free_engine() {
            Some(mut engine) => {
                let answer = engine.run(transaction);
                self.shared.after_commit(&mut engine);
                return answer;
            }
            None => {
                let (sender, answer) = oneshot::channel();
                if self.shared.jobs.push(Job::Transaction(transaction, sender)).is_err() {
                    return Err(WriteError::Throttled("the store's queue is full".into()));
                }
                answer
            }
        };
        answer.await.unwrap_or_else(|_| Err(WriteError::OutcomeUnknown("the store's thread ended".into())))
    }

    /// Runs `work` on the engine, between two batches.
    pub(super) async fn between<T, W>(&self, work: W) -> Result<T, NotRun>
    where
        T: Send + 'static,
        W: FnOnce(&mut Engine) -> T + Send + 'static,
    {
        let answer = match self.shared.free_engine() {
            Some(mut engine) => return Ok(work(&mut engine)),
            None => {
                let (sender, answer) = oneshot::channel();
                let job = move |engine: &mut Engine| {
                    // Whoever asked may have stopped waiting.
                    let _ = sender.send(work(engine));
                };
                self.shared.jobs.push(Job::Between(Box::new(job))).map_err(|_| NotRun)?;
                answer
            }
        };
        answer.await.map_err(|_| NotRun)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.jobs.close();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to do.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// The engine, if nobody has it and nobody waits for it.
    fn free_engine(&self) -> Option<MutexGuard<'_, Engine>> {
        match self.engine.try_lock() {
            Ok(engine) => self.jobs.is_empty().then_some(engine),
            // The thread puts it in order.
            Err(TryLockError::Poisoned(_) | TryLockError::WouldBlock) => None,
        }
    }

    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(|poisoned: PoisonError<_>| {
            let mut engine: MutexGuard<'_, Engine> = poisoned.into_inner();
            engine.recover();
            self.engine.clear_poison();
            engine
        })
    }

    fn serve(&self) {
        let mut jobs = Vec::new();
        let mut answers = Vec::new();
        while self.jobs.take(&mut jobs) {
            let mut engine = self.engine();
            for job in jobs.drain(..) {
                match job {
                    Job::Transaction(transaction, sender) => answers.push((sender, engine.judge(transaction))),
                    Job::Between(work) => {
                        settle(&mut engine, &mut answers);
                        work(&mut engine);
                    }
                }
                if answers.len() >= BATCH_MAX {
                    settle(&mut engine, &mut answers);
                }
            }
            settle(&mut engine, &mut answers);
            self.after_commit(&mut engine);
        }
    }

    fn after_commit(&self, engine: &mut Engine) {
        if let Some(checkpointer) = &self.checkpointer {
            checkpointer.written(engine);
        }
    }
}

/// Stores the open batch and answers everybody in it.
fn settle(engine: &mut Engine, answers: &mut Vec<(oneshot::Sender<Answer>, Answer)>) {
    let stored = engine.commit();
    for (sender, answer) in answers.drain(..) {
        let answer = match &stored {
            Ok(()) => answer,
            // A refusal too: it may rest on what an earlier transaction of the batch did.
            Err(failure) => Err(failure.as_error()),
        };
        // Whoever asked may have stopped waiting.
        let _ = sender.send(answer);
    }
}
