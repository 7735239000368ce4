//! The table with the books beside it: each batch of writes that is done is seen before anybody else acts.

use crate::book::{Book, Done};
use async_trait::async_trait;
use postern_core::clock::Clock;
use postern_core::store::item::{Item, Key};
use postern_core::store::table::{Freshness, IdempotencyToken, Page, Query, ReadError, Table, WriteError};
use postern_core::store::write::Write;
use postern_tests::plain_table::PlainTable;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The table and the books.
pub(crate) struct Audited {
    pub(crate) table: PlainTable,
    clock: Arc<dyn Clock>,
    book: Mutex<Book>,
}

impl Audited {
    /// An empty table, in the true time.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { table: PlainTable::new(Arc::clone(&clock)), clock, book: Mutex::default() }
    }

    /// The books.
    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn apply(&self, token: Option<&IdempotencyToken>, writes: &[Write]) -> Result<(), WriteError> {
        let before: Vec<Option<Item>> = writes.iter().map(|write| self.table.look(write.key())).collect();
        self.table.apply(token, writes)?;
        self.book().see(&Done { writes, before: &before, table: &self.table, now: self.clock.now() });
        Ok(())
    }
}

#[async_trait]
impl Table for Audited {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, ReadError> {
        self.table.get(key, freshness).await
    }

    async fn query(&self, query: &Query) -> Result<Page, ReadError> {
        self.table.query(query).await
    }

    async fn write(&self, write: Write) -> Result<Option<Item>, WriteError> {
        self.apply(None, std::slice::from_ref(&write))?;
        Ok(self.table.look(write.key()))
    }

    async fn transact(&self, token: Option<IdempotencyToken>, writes: Vec<Write>) -> Result<(), WriteError> {
        self.apply(token.as_ref(), &writes)
    }
}
