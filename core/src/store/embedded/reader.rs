//! Reads: one item, or one page of a partition. On connections beside the writing one, where the store is a file.

use super::super::item::{Item, Key};
use super::super::table::{Page, Query, ReadError, SortRange};
use super::open::Claim;
use super::sql::{self, RowError};
use crate::clock::Timestamp;
use rusqlite::{Connection, params};
use std::sync::{Mutex, PoisonError};

/// Most idle connections kept; as many reads as there are worker threads run at a time.
const IDLE_MAX: usize = 8;

/// Bytes after which a page ends early, as DynamoDB's do: a bound on what one query holds in memory.
const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// A byte that no key holds, so all keys sort before it.
const ABOVE_ALL: u8 = 0xff;

const UPWARDS: &str = "SELECT sk, expires_at, attributes FROM items
    WHERE pk = ?1 AND sk >= ?2 AND sk < ?3 AND (expires_at IS NULL OR expires_at > ?4) ORDER BY sk ASC LIMIT ?5";
const DOWNWARDS: &str = "SELECT sk, expires_at, attributes FROM items
    WHERE pk = ?1 AND sk >= ?2 AND sk < ?3 AND (expires_at IS NULL OR expires_at > ?4) ORDER BY sk DESC LIMIT ?5";

/// The connections that read.
pub(super) struct Readers {
    claim: Claim,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// Readers of a claimed file.
    pub(super) fn new(claim: Claim) -> Self {
        Self { claim, idle: Mutex::new(Vec::new()) }
    }

    /// Runs `read` on a connection that nobody else uses meanwhile.
    pub(super) fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T, ReadError>) -> Result<T, ReadError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.claim.reading().map_err(|cause| ReadError::Unavailable(cause.into()))?,
        };
        let answer = read(&connection);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
        answer
    }
}

/// The item under `key`, unless it has ended.
pub(super) fn get(connection: &Connection, key: &Key, now: Timestamp) -> Result<Option<Item>, ReadError> {
    let item = sql::load(connection, key).map_err(read_error)?;
    Ok(item.filter(|item| !item.ended(now)))
}

/// One page of a partition.
pub(super) fn query(connection: &Connection, query: &Query, now: Timestamp) -> Result<Page, ReadError> {
    page(connection, query, now).map_err(read_error)
}

fn page(connection: &Connection, query: &Query, now: Timestamp) -> Result<Page, RowError> {
    let (from, to) = bounds(query);
    let limit = query.limit.max(1);
    // One more than asked for tells whether there is a next page.
    let rows_max = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut statement = connection.prepare_cached(if query.descending { DOWNWARDS } else { UPWARDS })?;
    let mut rows = statement.query(params![query.partition.as_bytes(), from, to, now.seconds(), rows_max])?;
    let mut page = Page::default();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        if page.items.len() == limit || bytes >= PAGE_BYTES_MAX {
            page.next = page.items.last().map(|item| item.key.sort.clone());
            break;
        }
        let sort = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        let sort = std::str::from_utf8(sort).map_err(rusqlite::Error::from)?;
        let item = sql::item(Key::new(query.partition.as_str(), sort), row, 1)?;
        bytes += item.size();
        page.items.push(item);
    }
    Ok(page)
}

/// The sort keys that the query wants: from the first on, and below the second.
fn bounds(query: &Query) -> (Vec<u8>, Vec<u8>) {
    let (mut from, mut to) = match &query.range {
        SortRange::All => (Vec::new(), vec![ABOVE_ALL]),
        SortRange::Prefix(prefix) => (prefix.as_bytes().to_vec(), followed_by(prefix, ABOVE_ALL)),
        SortRange::Between(first, last) => (first.as_bytes().to_vec(), followed_by(last, 0)),
    };
    match &query.after {
        Some(after) if query.descending => to = to.min(after.as_bytes().to_vec()),
        Some(after) => from = from.max(followed_by(after, 0)),
        None => {}
    }
    (from, to)
}

fn followed_by(text: &str, byte: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() + 1);
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(byte);
    bytes
}

fn read_error(error: RowError) -> ReadError {
    match error {
        RowError::Engine(cause) => ReadError::Unavailable(cause.into()),
        RowError::Layout(cause) => ReadError::Corrupt(cause.to_string()),
    }
}
