//! Who writes when. Every caller queues. The first to queue leads: it lets the other tasks that are ready run once, so
//! that they queue too, then commits for all where it stands: no thread is woken, and what arrives together shares one
//! commit. What queues while a leader commits is left to a thread, which commits for all who queued meanwhile.

use super::super::table::WriteError;
use super::checkpoint::Checkpointer;
use super::engine::{Answer, Engine, Transaction};
use super::jobs::{Job, Jobs};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// Whether a caller has the lead.
    led: AtomicBool,
    checkpointer: Option<Checkpointer>,
}

/// The job was not run: the queue is full, or the store is closing.
pub(super) struct NotRun;

impl Writer {
    /// Starts the thread.
    pub(super) fn start(engine: Arc<Mutex<Engine>>, checkpointer: Option<Checkpointer>) -> io::Result<Self> {
        let shared = Arc::new(Shared { engine, jobs: Jobs::default(), led: AtomicBool::new(false), checkpointer });
        let theirs = Arc::clone(&shared);
        let thread =
            thread::Builder::new().name("store-writer".to_owned()).spawn(move || theirs.serve_until_closed())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Does one transaction. Where the returned future is dropped, the transaction may still happen.
    pub(super) async fn transact(&self, transaction: Transaction) -> Answer {
        let (sender, answer) = oneshot::channel();
        if self.shared.jobs.push(Job::Transaction(transaction, sender)).is_err() {
            return Err(WriteError::Throttled("the store's queue is full".into()));
        }
        if let Some(lead) = Lead::take(&self.shared) {
            tokio::task::yield_now().await;
            lead.serve();
        }
        answer.await.unwrap_or_else(|_| Err(WriteError::OutcomeUnknown("the store's thread ended".into())))
    }

    /// Runs `work` on the engine, between two batches.
    pub(super) async fn between<T, W>(&self, work: W) -> Result<T, NotRun>
    where
        T: Send + 'static,
        W: FnOnce(&mut Engine) -> T + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let job = move |engine: &mut Engine| {
            // Whoever asked may have stopped waiting.
            let _ = sender.send(work(engine));
        };
        self.shared.jobs.push(Job::Between(Box::new(job))).map_err(|_| NotRun)?;
        if let Some(lead) = Lead::take(&self.shared) {
            lead.serve();
        }
        answer.await.map_err(|_| NotRun)
    }
}

/// The right to serve the queue, held by one caller at a time. Given back when dropped, also by a caller that is
/// cancelled; whatever is queued then is left to the thread.
struct Lead<'a> {
    shared: &'a Shared,
}

impl<'a> Lead<'a> {
    /// Takes the lead. `None`: somebody has it, and sees to what was queued before this was asked.
    fn take(shared: &'a Shared) -> Option<Self> {
        let free = shared.led.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire).is_ok();
        free.then_some(Self { shared })
    }

    /// Does what is queued, unless the thread is at it.
    fn serve(self) {
        let mut engine = match self.shared.engine.try_lock() {
            Ok(engine) => engine,
            // The thread puts it in order.
            Err(TryLockError::Poisoned(_) | TryLockError::WouldBlock) => return,
        };
        let mut jobs = Vec::new();
        self.shared.jobs.take_now(&mut jobs);
        self.shared.serve(&mut engine, &mut jobs);
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        self.shared.led.store(false, Ordering::Release);
        // After the lead is free again: who queued before found it taken.
        self.shared.jobs.tell();
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
    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(|poisoned: PoisonError<_>| {
            let mut engine: MutexGuard<'_, Engine> = poisoned.into_inner();
            engine.recover();
            self.engine.clear_poison();
            engine
        })
    }

    /// What the thread does.
    fn serve_until_closed(&self) {
        let mut jobs = Vec::new();
        while self.jobs.take(&mut jobs) {
            self.serve(&mut self.engine(), &mut jobs);
        }
    }

    /// Does these jobs and answers them, in batches.
    fn serve(&self, engine: &mut Engine, jobs: &mut Vec<Job>) {
        let mut answers = Vec::new();
        for job in jobs.drain(..) {
            match job {
                Job::Transaction(transaction, sender) => answers.push((sender, engine.judge(transaction))),
                Job::Between(work) => {
                    settle(engine, &mut answers);
                    work(engine);
                }
            }
            if answers.len() >= BATCH_MAX {
                settle(engine, &mut answers);
            }
        }
        settle(engine, &mut answers);
        self.after_commit(engine);
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
