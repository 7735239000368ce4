//! Answers in a table: the gateway's own, or one in a file of its own.
//!
//! | partition | sort | what |
//! |---|---|---|
//! | `CACHE#<a digit of the hash>` | the key | `answer`: the bytes. Ends by itself |
//! | the same, of the list's name | `N#`, the list, `#`, the name of a note, which begins with its time | `answer`: what it says. Ends by itself |

use super::answers::{Answers, CacheError, FLUSHED_MAX, Flushed, NOTES_MAX, Note};
use crate::clock::{Clock, Timestamp};
use crate::store::expiry::SweepExpired;
use crate::store::item::{Item, Key, Value};
use crate::store::table::{Freshness, Query, SortRange, Table};
use crate::store::write::Write;
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Largest entry: what DynamoDB takes in one item, less room for its key.
pub const ENTRY_BYTES_MAX: usize = 396 * 1024;
const BACKEND: &str = "table";
const ANSWER: &str = "answer";
const DIGITS: &str = "0123456789abcdef";
/// How many entries are kept between two sweeps of a table that does not sweep itself, and how much each looks at.
const PUTS_PER_SWEEP: u64 = 64;
const SWEPT_AT_ONCE: usize = 256;

/// Answers in a table.
pub struct InTable {
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
    sweeping: Option<Arc<dyn SweepExpired>>,
    puts: AtomicU64,
}

impl InTable {
    /// In a table whose ended items somebody else removes.
    pub fn new(table: Arc<dyn Table>, clock: Arc<dyn Clock>) -> Self {
        Self { table, clock, sweeping: None, puts: AtomicU64::new(0) }
    }

    /// In a table of its own, whose ended items it removes as it goes.
    pub fn sweeping(self, expiring: Arc<dyn SweepExpired>) -> Self {
        Self { sweeping: Some(expiring), ..self }
    }

    async fn write(&self, key: Key, bytes: Bytes, lives: Duration) -> Result<(), CacheError> {
        let (size, limit) = (bytes.len(), ENTRY_BYTES_MAX);
        if size > limit {
            return Err(CacheError::TooLarge { backend: BACKEND, bytes: size, limit });
        }
        let mut item = Item::new(key);
        item.attributes.insert(ANSWER.to_owned(), Value::Bytes(bytes.into()));
        // A table keeps whole seconds, rounded down; the entry knows its own end better.
        let millis = i64::try_from(lives.as_millis()).unwrap_or(i64::MAX / 4).saturating_add(999);
        item.expires_at = Some(self.clock.now().plus_millis(millis));
        self.table.write(Write::Put { item, when: Vec::new() }).await.map_err(failed)?;
        if let Some(expiring) = &self.sweeping
            && self.puts.fetch_add(1, Ordering::Relaxed) % PUTS_PER_SWEEP == PUTS_PER_SWEEP - 1
        {
            expiring.sweep_expired(SWEPT_AT_ONCE).await.map_err(failed)?;
        }
        Ok(())
    }

    async fn flush_partition(&self, digit: char, room: usize) -> Result<Flushed, CacheError> {
        let mut removed = 0;
        while removed < room {
            let query = Query { limit: 25, ..Query::partition(partition(digit)) };
            let page = self.table.query(&query).await.map_err(failed)?;
            for item in &page.items {
                let delete = Write::Delete { key: item.key.clone(), when: Vec::new() };
                self.table.write(delete).await.map_err(failed)?;
            }
            removed += page.items.len();
            if page.items.is_empty() && page.next.is_none() {
                return Ok(Flushed { removed, finished: true });
            }
        }
        Ok(Flushed { removed, finished: false })
    }
}

fn failed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CacheError {
    CacheError::of(BACKEND, cause)
}

fn partition(digit: char) -> String {
    format!("CACHE#{digit}")
}

fn place(key: &str) -> Key {
    let digit = key.chars().next_back().filter(|digit| DIGITS.contains(*digit)).unwrap_or('0');
    Key::new(partition(digit), key)
}

/// How the sort keys of a list's notes begin. No key of an answer does.
fn notes_of(list: &str) -> String {
    format!("N#{list}#")
}

#[async_trait]
impl Answers for InTable {
    async fn get(&self, key: &str) -> Result<Option<Bytes>, CacheError> {
        let item = self.table.get(&place(key), Freshness::Eventual).await.map_err(failed)?;
        let answer = item.and_then(|mut item| item.attributes.remove(ANSWER));
        Ok(answer.and_then(|answer| if let Value::Bytes(bytes) = answer { Some(bytes.into()) } else { None }))
    }

    async fn put(&self, key: &str, bytes: Bytes, lives: Duration) -> Result<(), CacheError> {
        self.write(place(key), bytes, lives).await
    }

    async fn delete(&self, key: &str) -> Result<(), CacheError> {
        let delete = Write::Delete { key: place(key), when: Vec::new() };
        self.table.write(delete).await.map(drop).map_err(failed)
    }

    async fn note(&self, list: &str, note: Note<'_>, lives: Duration) -> Result<(), CacheError> {
        let key = Key::new(place(list).partition, format!("{}{}", notes_of(list), note.name));
        self.write(key, note.bytes, lives).await
    }

    async fn noted(
        &self,
        list: &str,
        since: Timestamp,
        _: &HashSet<String>,
    ) -> Result<Vec<(String, Bytes)>, CacheError> {
        let prefix = notes_of(list);
        let range = SortRange::Between(format!("{prefix}{:013}", since.millis().max(0)), format!("{prefix}~"));
        let mut query = Query::partition(place(list).partition);
        query = Query { range, descending: true, freshness: Freshness::Eventual, ..query };
        let mut notes = Vec::new();
        while notes.len() < NOTES_MAX {
            let page = self.table.query(&query).await.map_err(failed)?;
            for mut item in page.items {
                let name = item.key.sort.strip_prefix(&prefix).unwrap_or_default().to_owned();
                if let Some(Value::Bytes(bytes)) = item.attributes.remove(ANSWER) {
                    notes.push((name, bytes.into()));
                }
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        Ok(notes)
    }

    async fn ping(&self) -> Result<(), CacheError> {
        self.table.get(&Key::new("CACHE", "PING"), Freshness::Eventual).await.map(drop).map_err(failed)
    }

    async fn flush(&self) -> Result<Flushed, CacheError> {
        let mut all = Flushed { removed: 0, finished: true };
        for digit in DIGITS.chars() {
            let part = self.flush_partition(digit, FLUSHED_MAX.saturating_sub(all.removed)).await?;
            all = Flushed { removed: all.removed + part.removed, finished: all.finished && part.finished };
        }
        Ok(all)
    }
}
