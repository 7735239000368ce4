//! The embedded table: its writer, its readers, and the seam on top of them.

use super::super::item::{Item, Key};
use super::super::rules::{check_transaction, check_write};
use super::super::table::{Freshness, IdempotencyToken, Page, Query, ReadError, Table, WriteError};
use super::super::write::Write;
use super::checkpoint::Checkpointer;
use super::engine::{Engine, Transaction};
use super::fingerprint::fingerprint;
use super::open::{self, Claim, OpenError};
use super::reader::{self, Readers};
use super::writer::Writer;
use crate::clock::{Clock, Timestamp};
use async_trait::async_trait;
use rusqlite::Connection;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// A table in a file of this process, or in its memory. It needs no runtime; its threads end when it is dropped.
pub struct EmbeddedTable {
    // Readers close first: the last connection to a file empties its log, and a reading one cannot.
    readers: Option<Readers>,
    writer: Writer,
    clock: Arc<dyn Clock>,
    swept_to: Mutex<Option<Key>>,
}

impl EmbeddedTable {
    /// Opens the store at `path`, or makes a new one there. Waits for the disk.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the file.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let claim = Claim::take(path)?;
        let engine = Arc::new(Mutex::new(Engine::new(claim.writing()?, Arc::clone(&clock))));
        let failed = |source| OpenError::File { path: path.to_owned(), source };
        let checkpointer = Checkpointer::start(claim.checkpointing()?, Arc::clone(&engine)).map_err(failed)?;
        let writer = Writer::start(engine, Some(checkpointer)).map_err(failed)?;
        Ok(Self { readers: Some(Readers::new(claim)), writer, clock, swept_to: Mutex::default() })
    }

    /// A new store in memory, gone when it is dropped.
    ///
    /// # Errors
    /// [`OpenError`]: there is no memory, or no thread.
    pub fn in_memory(clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let engine = Arc::new(Mutex::new(Engine::new(open::in_memory()?, Arc::clone(&clock))));
        let writer = Writer::start(engine, None)
            .map_err(|source| OpenError::File { path: Path::new(":memory:").to_owned(), source })?;
        Ok(Self { readers: None, writer, clock, swept_to: Mutex::default() })
    }

    /// Reads beside the writer where the store is a file, else in turn with it.
    pub(super) async fn read<T, R>(&self, read: R) -> Result<T, ReadError>
    where
        T: Send + 'static,
        R: FnOnce(&Connection) -> Result<T, ReadError> + Send + 'static,
    {
        match &self.readers {
            Some(readers) => readers.with(read),
            None => self
                .writer
                .between(|engine| engine.look(read))
                .await
                .unwrap_or_else(|_| Err(ReadError::Throttled("the store's queue is full".into()))),
        }
    }

    pub(super) fn writer(&self) -> &Writer {
        &self.writer
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn swept_to(&self) -> Key {
        let swept_to = self.swept_to.lock().unwrap_or_else(PoisonError::into_inner);
        swept_to.clone().unwrap_or_else(|| Key::new("", ""))
    }

    pub(super) fn set_swept_to(&self, key: Option<Key>) {
        *self.swept_to.lock().unwrap_or_else(PoisonError::into_inner) = key;
    }
}

#[async_trait]
impl Table for EmbeddedTable {
    /// Both kinds of freshness are the latest here.
    async fn get(&self, key: &Key, _freshness: Freshness) -> Result<Option<Item>, ReadError> {
        let now = self.now();
        let key = key.clone();
        self.read(move |connection| reader::get(connection, &key, now)).await
    }

    async fn query(&self, query: &Query) -> Result<Page, ReadError> {
        let now = self.now();
        let query = query.clone();
        self.read(move |connection| reader::query(connection, &query, now)).await
    }

    async fn write(&self, write: Write) -> Result<Option<Item>, WriteError> {
        check_write(&write)?;
        self.writer.transact(Transaction { token: None, writes: vec![write], wants_item: true }).await
    }

    async fn transact(&self, token: Option<IdempotencyToken>, writes: Vec<Write>) -> Result<(), WriteError> {
        check_transaction(token.as_ref(), &writes)?;
        let token = token.map(|token| (token.0, fingerprint(&writes)));
        self.writer.transact(Transaction { token, writes, wants_item: false }).await.map(drop)
    }
}

#[cfg(test)]
impl EmbeddedTable {
    /// Judges a write and panics before its batch is stored, with the engine in hand.
    pub(super) fn panic_within_a_batch(&self, write: Write) {
        let work = self.writer.between(move |engine: &mut Engine| {
            let judged = engine.judge(Transaction { token: None, writes: vec![write], wants_item: false });
            assert!(judged.is_err(), "on purpose");
        });
        let mut work = Box::pin(work);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let poll = std::panic::AssertUnwindSafe(|| drop(work.as_mut().poll(&mut context)));
        let panicked = std::panic::catch_unwind(poll);
        assert!(panicked.is_err());
    }
}
