//! The way from a container to the table. Whatever is sent is on its way even if its sender dies; it may be refused, get
//! lost, arrive late or twice, and so may the answer.

use async_trait::async_trait;
use postern_core::store::item::{Item, Key};
use postern_core::store::table::{Freshness, IdempotencyToken, Page, Query, ReadError, Table, WriteError};
use postern_core::store::write::Write;
use postern_tests::chance::Chance;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::sleep;

/// How the network misbehaves, of a thousand calls each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    /// The store throttles, has a conflict or cannot be reached: nothing happens, and the caller knows.
    pub(crate) refused: i64,
    /// No answer comes, and nothing has happened.
    pub(crate) request_lost: i64,
    /// No answer comes, but the write is done: at once, or any time later.
    pub(crate) answer_lost: i64,
    /// Delivered once more, any time later.
    pub(crate) twice: i64,
    /// An eventual read answers as it did before.
    pub(crate) stale: i64,
    /// The way takes hundreds of milliseconds instead of a few.
    pub(crate) slow: i64,
    /// Longest time until something late arrives.
    pub(crate) late_millis_max: i64,
}

/// What becomes of one call.
#[derive(Clone, Copy)]
enum Fate {
    Fine,
    Refused(u64),
    RequestLost,
    AnswerLost { arrives_late: bool },
    Twice,
}

/// One container's way to the table.
pub(crate) struct Network {
    table: Arc<dyn Table>,
    faults: Faults,
    chance: Mutex<Chance>,
    /// From when on nothing goes wrong any more.
    calm: Arc<AtomicBool>,
    pages: Mutex<BTreeMap<String, Page>>,
}

impl Network {
    pub(crate) fn new(table: Arc<dyn Table>, faults: Faults, chance: Chance, calm: Arc<AtomicBool>) -> Self {
        Self { table, faults, chance: Mutex::new(chance), calm, pages: Mutex::default() }
    }

    fn draw<T>(&self, draw: impl FnOnce(&mut Chance, Faults) -> T) -> T {
        draw(&mut self.chance.lock().unwrap_or_else(PoisonError::into_inner), self.faults)
    }

    fn fate(&self) -> Fate {
        if self.calm.load(Ordering::Relaxed) {
            return Fate::Fine;
        }
        self.draw(|chance, faults| {
            if chance.of_thousand(faults.refused) {
                Fate::Refused(chance.draw())
            } else if chance.of_thousand(faults.request_lost) {
                Fate::RequestLost
            } else if chance.of_thousand(faults.answer_lost) {
                Fate::AnswerLost { arrives_late: chance.of_thousand(400) }
            } else if chance.of_thousand(faults.twice) {
                Fate::Twice
            } else {
                Fate::Fine
            }
        })
    }

    fn way(&self) -> Duration {
        let millis =
            self.draw(
                |chance, faults| {
                    if chance.of_thousand(faults.slow) { chance.between(50, 400) } else { chance.between(1, 4) }
                },
            );
        Duration::from_millis(millis.unsigned_abs())
    }

    fn late(&self) -> Duration {
        let millis = self.draw(|chance, faults| {
            // Mostly as late as matters to the call itself.
            let most = if chance.of_thousand(700) { 1_000.min(faults.late_millis_max) } else { faults.late_millis_max };
            chance.between(1, most)
        });
        Duration::from_millis(millis.unsigned_abs())
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(self.draw(|chance, _| chance.between(20, 300)).unsigned_abs())
    }

    /// Sends `work` to the table, where it arrives whatever becomes of the sender.
    fn send<T: Send + 'static>(
        &self,
        after: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (answer, answered) = oneshot::channel();
        let back = self.way();
        Handle::current().spawn(async move {
            sleep(after).await;
            let said = work.await;
            sleep(back).await;
            // The sender may be gone.
            drop(answer.send(said));
        });
        answered
    }

    /// Does a write as the network lets it.
    async fn deliver<T, F, W>(&self, work: W) -> Result<T, WriteError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, WriteError>> + Send + 'static,
        W: Fn() -> F + Send,
    {
        let fate = self.fate();
        let unknown = |what: &str| WriteError::OutcomeUnknown(format!("simulated: {what}").into());
        match fate {
            Fate::Fine => self.send(self.way(), work()).await.unwrap_or_else(|_| Err(unknown("the store ended"))),
            Fate::Refused(how) => {
                sleep(self.way()).await;
                Err(match how % 3 {
                    0 => WriteError::Throttled("simulated".into()),
                    1 => WriteError::Conflict,
                    _ => WriteError::Unavailable("simulated".into()),
                })
            }
            Fate::RequestLost => {
                sleep(self.patience()).await;
                Err(unknown("the request was lost"))
            }
            Fate::AnswerLost { arrives_late } => {
                let way = if arrives_late { self.late() } else { self.way() };
                drop(self.send(way, work()));
                sleep(self.patience()).await;
                Err(unknown("the answer was lost"))
            }
            Fate::Twice => {
                let first = self.send(self.way(), work());
                drop(self.send(self.late(), work()));
                first.await.unwrap_or_else(|_| Err(unknown("the store ended")))
            }
        }
    }

    /// Does a read as the network lets it.
    async fn ask<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, ReadError>> + Send + 'static,
    ) -> Result<T, ReadError> {
        let lost = || ReadError::Unavailable("simulated".into());
        match self.fate() {
            Fate::Fine | Fate::Twice => self.send(self.way(), work).await.unwrap_or_else(|_| Err(lost())),
            Fate::Refused(_) => {
                sleep(self.way()).await;
                Err(ReadError::Throttled("simulated".into()))
            }
            Fate::RequestLost | Fate::AnswerLost { .. } => {
                sleep(self.patience()).await;
                Err(lost())
            }
        }
    }
}

#[async_trait]
impl Table for Network {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, ReadError> {
        let (table, key) = (Arc::clone(&self.table), key.clone());
        self.ask(async move { table.get(&key, freshness).await }).await
    }

    async fn query(&self, query: &Query) -> Result<Page, ReadError> {
        let name = format!("{query:?}");
        let is_stale = query.freshness == Freshness::Eventual
            && !self.calm.load(Ordering::Relaxed)
            && self.draw(|chance, faults| chance.of_thousand(faults.stale));
        let before = self.pages.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        if let Some(page) = before.filter(|_| is_stale) {
            return Ok(page);
        }
        let (table, asked) = (Arc::clone(&self.table), query.clone());
        let page = self.ask(async move { table.query(&asked).await }).await?;
        if query.freshness == Freshness::Eventual {
            self.pages.lock().unwrap_or_else(PoisonError::into_inner).insert(name, page.clone());
        }
        Ok(page)
    }

    async fn write(&self, write: Write) -> Result<Option<Item>, WriteError> {
        let table = Arc::clone(&self.table);
        self.deliver(move || {
            let (table, write) = (Arc::clone(&table), write.clone());
            async move { table.write(write).await }
        })
        .await
    }

    async fn transact(&self, token: Option<IdempotencyToken>, writes: Vec<Write>) -> Result<(), WriteError> {
        let table = Arc::clone(&self.table);
        self.deliver(move || {
            let (table, token, writes) = (Arc::clone(&table), token.clone(), writes.clone());
            async move { table.transact(token, writes).await }
        })
        .await
    }
}
