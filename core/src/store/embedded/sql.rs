//! Every statement of the embedded store, in one place, with its parameters. No decisions here.

use super::super::item::{Item, Key};
use super::codec;
use super::fingerprint::Fingerprint;
use crate::clock::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// The tables of schema version 1. Keys are stored as bytes: they compare as DynamoDB compares them, whatever is in
/// them. Rows lie in the key's own tree, so that an item is found in one descent.
pub(super) const SCHEMA: &str = "
    CREATE TABLE items (
        pk BLOB NOT NULL, sk BLOB NOT NULL, expires_at INTEGER, attributes BLOB NOT NULL,
        PRIMARY KEY (pk, sk)
    ) WITHOUT ROWID;
    CREATE TABLE tokens (
        period INTEGER NOT NULL, token BLOB NOT NULL, fingerprint BLOB NOT NULL,
        PRIMARY KEY (period, token)
    ) WITHOUT ROWID;";

const LOAD: &str = "SELECT expires_at, attributes FROM items WHERE pk = ?1 AND sk = ?2";
const STORE: &str = "INSERT INTO items (pk, sk, expires_at, attributes) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at, attributes = excluded.attributes";
const REMOVE: &str = "DELETE FROM items WHERE pk = ?1 AND sk = ?2";
const FIND_TOKEN: &str = "SELECT fingerprint FROM tokens WHERE period IN (?1, ?2) AND token = ?3";
const KEEP_TOKEN: &str = "INSERT INTO tokens (period, token, fingerprint) VALUES (?1, ?2, ?3)";
const DROP_TOKENS: &str = "DELETE FROM tokens WHERE (period, token) IN
    (SELECT period, token FROM tokens WHERE period < ?1 ORDER BY period, token LIMIT ?2)";

/// A row that cannot be read, or an engine that cannot.
#[derive(Debug, thiserror::Error)]
pub(super) enum RowError {
    /// SQLite said no.
    #[error(transparent)]
    Engine(#[from] rusqlite::Error),
    /// The row is not of this version's making.
    #[error(transparent)]
    Layout(#[from] codec::UnknownLayout),
}

/// Begins a transaction; it turns into a writing one with its first write. Only one connection ever writes, so this
/// never has to wait.
pub(super) fn begin(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("BEGIN")?.execute([]).map(drop)
}

/// Ends the transaction and makes it durable.
pub(super) fn commit(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("COMMIT")?.execute([]).map(drop)
}

/// The item under `key`, ended or not.
pub(super) fn load(connection: &Connection, key: &Key) -> Result<Option<Item>, RowError> {
    let mut statement = connection.prepare_cached(LOAD)?;
    let mut rows = statement.query(params![key.partition.as_bytes(), key.sort.as_bytes()])?;
    rows.next()?.map(|row| item(key.clone(), row, 0)).transpose()
}

/// The item of a row whose columns from `first` on are `expires_at` and `attributes`.
pub(super) fn item(key: Key, row: &Row<'_>, first: usize) -> Result<Item, RowError> {
    let seconds: Option<i64> = row.get(first)?;
    let bytes = row.get_ref(first + 1)?.as_blob().map_err(rusqlite::Error::from)?;
    Ok(Item { key, attributes: codec::decode(bytes)?, expires_at: seconds.map(Timestamp::from_seconds) })
}

/// Stores the item in place of what stood there. `attributes` is its encoding.
pub(super) fn store(connection: &Connection, item: &Item, attributes: &[u8]) -> rusqlite::Result<()> {
    let seconds = item.expires_at.map(Timestamp::seconds);
    let key = &item.key;
    connection
        .prepare_cached(STORE)?
        .execute(params![key.partition.as_bytes(), key.sort.as_bytes(), seconds, attributes])
        .map(drop)
}

/// Removes the item, if it is there.
pub(super) fn remove(connection: &Connection, key: &Key) -> rusqlite::Result<()> {
    connection.prepare_cached(REMOVE)?.execute(params![key.partition.as_bytes(), key.sort.as_bytes()]).map(drop)
}

/// What was done under this token in this period or the one before.
pub(super) fn find_token(connection: &Connection, period: i64, token: &str) -> rusqlite::Result<Option<Fingerprint>> {
    connection
        .prepare_cached(FIND_TOKEN)?
        .query_row(params![period - 1, period, token.as_bytes()], |row| row.get(0))
        .optional()
}

/// Remembers what was done under this token.
pub(super) fn keep_token(
    connection: &Connection,
    period: i64,
    token: &str,
    fingerprint: &Fingerprint,
) -> rusqlite::Result<()> {
    connection.prepare_cached(KEEP_TOKEN)?.execute(params![period, token.as_bytes(), fingerprint]).map(drop)
}

/// Forgets at most `limit` tokens of periods before `period`; returns how many.
pub(super) fn drop_tokens(connection: &Connection, period: i64, limit: usize) -> rusqlite::Result<usize> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection.prepare_cached(DROP_TOKENS)?.execute(params![period, limit])
}
