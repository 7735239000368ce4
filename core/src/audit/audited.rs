//! A table that keeps the log: each write that changes an object goes into one transaction with its record and the new
//! end of the chain. So no operation can change something unrecorded, or record what did not happen.

use super::change::{self, Shown};
use super::entry::{Entry, Head, head_key};
use super::object::{Object, Objects};
use crate::clock::Clock;
use crate::store::item::{Item, Key};
use crate::store::table::{
    Freshness, IdempotencyToken, Page, Query, ReadError, TRANSACTION_WRITES_MAX, Table, WriteError,
};
use crate::store::write::{Condition, Write};
use async_trait::async_trait;
use futures_util::future::try_join_all;
use std::sync::Arc;
use tokio::sync::Mutex;

/// How often a change is tried whose record lost its place in the chain to another process's.
const TRIES_MAX: usize = 16;

/// A table whose changes of objects are recorded.
pub struct Audited {
    table: Arc<dyn Table>,
    objects: Objects,
    clock: Arc<dyn Clock>,
    /// The end of the chain as this process last saw it; held while a record is added to it.
    head: Mutex<Option<Head>>,
}

impl Audited {
    /// Keeps the log of `table` in it.
    pub fn new(table: Arc<dyn Table>, objects: Objects, clock: Arc<dyn Clock>) -> Self {
        Self { table, objects, clock, head: Mutex::new(None) }
    }

    /// What the writes change of objects, as it is shown. Items of one object are told as one.
    async fn changes(&self, writes: &[Write]) -> Result<Vec<(Object, Shown)>, WriteError> {
        let of_objects = writes.iter().filter_map(|write| Some(((self.objects)(write.key())?, write)));
        let of_objects: Vec<_> = of_objects.filter(|(_, write)| !matches!(write, Write::Check { .. })).collect();
        let stood = of_objects.iter().map(|(_, write)| self.table.get(write.key(), Freshness::Latest));
        let stood = try_join_all(stood).await.map_err(unread)?;
        let mut changes: Vec<(Object, Shown)> = Vec::new();
        for ((object, write), stood) in of_objects.into_iter().zip(stood) {
            let Some(shown) = change::of(write, stood.as_ref()) else { continue };
            match changes.iter_mut().find(|(known, _)| *known == object) {
                Some((_, known)) => known.add(shown),
                None => changes.push((object, shown)),
            }
        }
        Ok(changes)
    }

    async fn head(&self) -> Result<Head, WriteError> {
        let item = self.table.get(&head_key(), Freshness::Latest).await.map_err(unread)?;
        Ok(item.as_ref().and_then(Head::of_item).unwrap_or_else(Head::beginning))
    }

    /// Does the writes with their records.
    async fn record(&self, token: Option<IdempotencyToken>, writes: Vec<Write>) -> Result<(), WriteError> {
        let mut known = self.head.lock().await;
        let own = writes.len();
        for _ in 0..TRIES_MAX {
            let changes = self.changes(&writes).await?;
            if changes.is_empty() {
                return self.table.transact(token, writes).await;
            }
            let head = match known.take() {
                Some(head) => head,
                None => self.head().await?,
            };
            let (all, last) = self.with_records(writes.clone(), changes, &head)?;
            match self.table.transact(token.clone(), all).await {
                Ok(()) => {
                    *known = Some(last);
                    return Ok(());
                }
                // Another process has made the next record.
                Err(WriteError::ConditionFailed { index, .. }) if index >= own => {}
                Err(error @ WriteError::ConditionFailed { .. }) => {
                    *known = Some(head);
                    return Err(error);
                }
                Err(WriteError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(WriteError::Conflict)
    }

    /// The writes, a record for each change, and the end that the chain has with them.
    fn with_records(
        &self,
        mut writes: Vec<Write>,
        changes: Vec<(Object, Shown)>,
        head: &Head,
    ) -> Result<(Vec<Write>, Head), WriteError> {
        let (now, mut last) = (self.clock.now(), head.clone());
        for (object, shown) in changes {
            let entry: Entry = last.next(object, &shown, now);
            last = entry.head();
            writes.push(Write::Put { item: entry.to_item(), when: vec![Condition::Absent] });
        }
        let follows = match head.number {
            0 => Condition::Absent,
            _ => Condition::Equals("hash".to_owned(), head.hash.as_str().into()),
        };
        writes.push(Write::Put { item: last.to_item(), when: vec![follows] });
        if writes.len() > TRANSACTION_WRITES_MAX {
            return Err(WriteError::Invalid("too many writes in one transaction, with their records"));
        }
        Ok((writes, last))
    }

    fn is_of_object(&self, write: &Write) -> bool {
        (self.objects)(write.key()).is_some()
    }
}

/// A change is not made where it is not known what it changes.
fn unread(error: ReadError) -> WriteError {
    match error {
        ReadError::Throttled(cause) => WriteError::Throttled(cause),
        ReadError::Unavailable(cause) => WriteError::Unavailable(cause),
        ReadError::Corrupt(text) => WriteError::Unavailable(text.into()),
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

    /// A single write tells how the item stands after it; with its record it is a transaction, which does not. So it is
    /// read, as of every write confirmed before.
    async fn write(&self, write: Write) -> Result<Option<Item>, WriteError> {
        if !self.is_of_object(&write) {
            return self.table.write(write).await;
        }
        let key = write.key().clone();
        self.record(None, vec![write]).await?;
        self.table.get(&key, Freshness::Latest).await.map_err(|error| WriteError::OutcomeUnknown(Box::new(error)))
    }

    async fn transact(&self, token: Option<IdempotencyToken>, writes: Vec<Write>) -> Result<(), WriteError> {
        if !writes.iter().any(|write| self.is_of_object(write)) {
            return self.table.transact(token, writes).await;
        }
        self.record(token, writes).await
    }
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
