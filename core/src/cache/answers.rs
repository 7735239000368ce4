//! The seam: where answers are kept. Bytes under a text, sealed or not.

use crate::clock::Timestamp;
use crate::crypto::subject::SubjectKeyError;
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::HashSet;
use std::error::Error;
use std::time::Duration;

/// Most entries that one call of [`Answers::flush`] removes.
pub const FLUSHED_MAX: usize = 10_000;

/// Longest key, in bytes: what every backend takes, with room for a prefix of its own.
pub const KEY_BYTES_MAX: usize = 512;

/// Most notes that are read of a list; the newest are.
pub const NOTES_MAX: usize = 1_000;

/// A few bytes that processes leave each other in a list, beside the answers.
#[derive(Clone, Debug)]
pub struct Note<'a> {
    /// Its name in the list: the same note left twice is there once.
    pub name: &'a str,
    /// When it was left: what names begin with, in milliseconds of 13 digits.
    pub at: Timestamp,
    /// What it says.
    pub bytes: Bytes,
}

/// Where answers are kept. Each backend bounds its own waits generously; who calls bounds them tightly.
#[async_trait]
pub trait Answers: Send + Sync {
    /// The bytes under `key`; `None` where there are none, or they have ended.
    ///
    /// # Errors
    /// [`CacheError`]: the backend did not answer as it should.
    async fn get(&self, key: &str) -> Result<Option<Bytes>, CacheError>;

    /// Keeps `bytes` under `key` in place of what is there, for so long. A backend that has no clock of its own keeps them
    /// longer; readers look at the entry's own end too.
    ///
    /// # Errors
    /// [`CacheError`]; [`CacheError::TooLarge`] where the backend never takes as much.
    async fn put(&self, key: &str, bytes: Bytes, lives: Duration) -> Result<(), CacheError>;

    /// Removes what is under `key`. Removing nothing is no error.
    ///
    /// # Errors
    /// [`CacheError`].
    async fn delete(&self, key: &str) -> Result<(), CacheError>;

    /// Leaves a note in a list, for so long at least. A list never loses what another process leaves at the same time.
    ///
    /// # Errors
    /// [`CacheError`].
    async fn note(&self, list: &str, note: Note<'_>, lives: Duration) -> Result<(), CacheError>;

    /// The newest [`NOTES_MAX`] notes of a list, by name; those that are older than `since`, or `known` by name, may be
    /// left out. Where only this process sees the backend, there are none.
    ///
    /// # Errors
    /// [`CacheError`].
    async fn noted(
        &self,
        list: &str,
        since: Timestamp,
        known: &HashSet<String>,
    ) -> Result<Vec<(String, Bytes)>, CacheError>;

    /// Whether the backend answers.
    ///
    /// # Errors
    /// [`CacheError`] says why not.
    async fn ping(&self) -> Result<(), CacheError>;

    /// Removes what this gateway keeps there and nothing else, [`FLUSHED_MAX`] entries at most.
    ///
    /// # Errors
    /// [`CacheError`]; some entries may be gone.
    async fn flush(&self) -> Result<Flushed, CacheError>;

    /// What the backend says of itself, where it is a Redis.
    ///
    /// # Errors
    /// [`CacheError`].
    async fn redis_info(&self) -> Result<Option<RedisInfo>, CacheError> {
        Ok(None)
    }
}

/// What a flush did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Entries removed.
    pub removed: usize,
    /// Whether nothing is left; else another flush goes on.
    pub finished: bool,
}

/// What a Redis says of itself.
#[derive(Clone, Debug, Default)]
pub struct RedisInfo {
    /// `INFO`: names and values, in order.
    pub info: Vec<(String, String)>,
    /// `CLIENT LIST`: a line each.
    pub clients: Vec<String>,
}

/// Why a backend did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It cannot be reached, or answered with an error.
    #[error("the cache ({backend}) does not answer as it should")]
    Backend {
        /// Which.
        backend: &'static str,
        /// The cause, for logs.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The keys that seal answers cannot be had.
    #[error("the keys that seal kept answers cannot be had")]
    Keys(#[from] SubjectKeyError),
    /// It did not answer in time.
    #[error("the cache did not answer in time")]
    Late,
    /// The entry is larger than the backend takes.
    #[error("an entry of {bytes} bytes is over what the cache ({backend}) takes, {limit} bytes")]
    TooLarge {
        /// Which.
        backend: &'static str,
        /// The entry's size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

impl CacheError {
    /// A backend that failed.
    pub fn of(backend: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Backend { backend, cause: cause.into() }
    }
}
