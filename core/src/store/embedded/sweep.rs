//! Removes what has ended. Reads leave ended items out by themselves; this gives their room back.

use super::super::expiry::{SweepExpired, Swept};
use super::super::item::Key;
use super::super::table::{ReadError, WriteError};
use super::sql::RowError;
use super::table::EmbeddedTable;
use crate::clock::Timestamp;
use async_trait::async_trait;
use rusqlite::{Connection, params};

/// Most items removed in one commit: a bound on how long callers wait behind it.
const REMOVALS_MAX: usize = 256;

/// Rows in the order of their keys. There is no index on the end: each write would pay for it, and this job has time.
const ROWS_BEHIND: &str = "SELECT pk, sk, expires_at FROM items WHERE (pk, sk) > (?1, ?2) ORDER BY pk, sk LIMIT ?3";

/// Where the rows of one stretch end, and which of them have ended.
struct Stretch {
    examined: usize,
    last: Option<Key>,
    ended: Vec<Key>,
}

impl EmbeddedTable {
    /// Looks at the next `limit` items and removes those that have ended, and about as many old idempotency tokens. Each
    /// call goes on where the one before stopped; it is safe to stop at any point.
    ///
    /// # Errors
    /// [`WriteError::Unavailable`] or [`WriteError::OutcomeUnknown`]: call again.
    pub async fn sweep_expired(&self, limit: usize) -> Result<Swept, WriteError> {
        let from = self.swept_to();
        let now = self.now();
        let stretch = self
            .read(move |connection| {
                stretch(connection, &from, limit, now).map_err(|cause| ReadError::Unavailable(cause.into()))
            })
            .await
            .map_err(|cause| WriteError::Unavailable(cause.into()))?;
        let mut swept = Swept { examined: stretch.examined, removed: 0, finished: stretch.examined < limit };
        for keys in stretch.ended.chunks(REMOVALS_MAX) {
            swept.removed += self.remove_ended(keys.to_vec(), 0).await?;
        }
        self.remove_ended(Vec::new(), limit.min(REMOVALS_MAX)).await?;
        self.set_swept_to(stretch.last.filter(|_| !swept.finished));
        Ok(swept)
    }

    async fn remove_ended(&self, keys: Vec<Key>, tokens_max: usize) -> Result<usize, WriteError> {
        let removed = self.writer().between(move |engine| engine.remove_ended(keys, tokens_max)).await;
        removed
            .map_err(|_| WriteError::Throttled("the store's queue is full".into()))?
            .map_err(|failure| failure.as_error())
    }
}

#[async_trait]
impl SweepExpired for EmbeddedTable {
    async fn sweep_expired(&self, limit: usize) -> Result<Swept, WriteError> {
        Self::sweep_expired(self, limit).await
    }
}

fn stretch(connection: &Connection, from: &Key, limit: usize, now: Timestamp) -> Result<Stretch, RowError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(ROWS_BEHIND)?;
    let mut rows = statement.query(params![from.partition.as_bytes(), from.sort.as_bytes(), limit])?;
    let mut stretch = Stretch { examined: 0, last: None, ended: Vec::new() };
    while let Some(row) = rows.next()? {
        let text = |column| -> Result<String, rusqlite::Error> {
            let bytes = row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?;
            Ok(std::str::from_utf8(bytes).map_err(rusqlite::Error::from)?.to_owned())
        };
        let key = Key::new(text(0)?, text(1)?);
        let ended = row.get::<_, Option<i64>>(2)?.is_some_and(|end| end <= now.seconds());
        stretch.examined += 1;
        if ended {
            stretch.ended.push(key.clone());
        }
        stretch.last = Some(key);
    }
    Ok(stretch)
}
