//! The door: looks entries up and keeps them, by the rules that the configuration sets. Nothing in here fails a call: an
//! entry that cannot be had in time is a miss, and a backend that keeps failing is left alone for a while.

use super::answers::{Answers, CacheError, KEY_BYTES_MAX};
use super::entry::Entry;
use super::flights::Flights;
use super::key::Scope;
use super::sealed::Sealing;
use crate::clock::{Clock, Timestamp};
use crate::crypto::subject::Subject;
use bytes::Bytes;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// Longest wait for an entry. Then the call goes on without it.
pub const LOOK_WAIT: Duration = Duration::from_millis(250);
/// Longest wait until an entry is kept. Nobody waits for it but who asks the same.
const KEEP_WAIT: Duration = Duration::from_secs(5);
/// After so many failures in a row the backend is left alone.
const FAILURES_MAX: u32 = 3;
/// For so long, in milliseconds.
const PAUSE_MILLIS: i64 = 5_000;

/// What is kept, for whom and how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// LiteLLM's name of the backend: `local`, `redis`, …
    pub kind: &'static str,
    /// How long an entry lives where the request does not say.
    pub ttl: Duration,
    /// Whether requests that do not ask for it use the cache.
    pub is_on: bool,
    /// Names of operations, as spend rows have them, whose answers are kept.
    pub call_types: Vec<&'static str>,
    /// The namespace of requests that name none.
    pub namespace: Option<String>,
    /// Who shares with whom.
    pub scope: Scope,
    /// Whether an answer ends only when it is kept: where the process may be frozen after it.
    pub waits: bool,
    /// What requests may say of the cache, where their key does not decide it; `None`: everything.
    pub controls: Option<Vec<String>>,
    /// Public model names whose answers stand for each other.
    pub groups: Vec<Vec<String>>,
}

/// Kept answers, by the rules.
pub struct Shelf {
    /// The rules.
    pub rules: Rules,
    /// What is being asked right now.
    pub flights: Flights,
    /// The backend itself, for administrators.
    pub answers: Arc<dyn Answers>,
    sealing: Option<Sealing>,
    clock: Arc<dyn Clock>,
    failures: AtomicU32,
    paused_until: AtomicI64,
}

impl Shelf {
    /// A shelf over a backend.
    pub fn new(answers: Arc<dyn Answers>, rules: Rules, clock: Arc<dyn Clock>) -> Self {
        let (failures, paused_until) = (AtomicU32::new(0), AtomicI64::new(i64::MIN));
        Self { rules, flights: Flights::default(), answers, sealing: None, clock, failures, paused_until }
    }

    /// One whose entries are sealed for those whose calls they are.
    #[must_use]
    pub fn sealing(self, sealing: Option<Sealing>) -> Self {
        Self { sealing, ..self }
    }

    /// Whether entries are sealed.
    pub fn is_sealing(&self) -> bool {
        self.sealing.is_some()
    }

    /// The entry under `key`, where it is there, whole, not over, and not older than `age_max`.
    pub async fn look(&self, key: &str, age_max: Option<Duration>) -> Option<Entry> {
        let bytes = self.asked(LOOK_WAIT, self.read(key)).await??;
        let now = self.clock.now();
        Entry::read(key, &bytes, now).filter(|entry| is_young(entry, age_max, now))
    }

    /// Whether an entry may be given to who wants none that is older than `age_max`.
    pub fn is_young(&self, entry: &Entry, age_max: Option<Duration>) -> bool {
        is_young(entry, age_max, self.clock.now())
    }

    /// Keeps an entry of a call of these under `key`, where it can be kept.
    pub async fn keep(&self, key: &str, entry: &Entry, subjects: &[Subject]) {
        let lives = entry.ends_at.millis_since(entry.kept_at);
        let Some(lives) = u64::try_from(lives).ok().filter(|millis| *millis > 0).map(Duration::from_millis) else {
            return;
        };
        if key.len() > KEY_BYTES_MAX {
            return;
        }
        if let Some(bytes) = entry.to_bytes(key) {
            self.asked(KEEP_WAIT, self.write(key, bytes, subjects, lives)).await;
        }
    }

    async fn read(&self, key: &str) -> Result<Option<Bytes>, CacheError> {
        let (Some(bytes), sealing) = (self.answers.get(key).await?, &self.sealing) else { return Ok(None) };
        match sealing {
            Some(sealing) => Ok(sealing.open(key, &bytes).await?),
            None => Ok(Some(bytes)),
        }
    }

    async fn write(&self, key: &str, entry: Bytes, of: &[Subject], lives: Duration) -> Result<(), CacheError> {
        let bytes = match &self.sealing {
            Some(sealing) => sealing.seal(key, of, &entry).await?,
            None => Some(entry),
        };
        match bytes {
            Some(bytes) => self.answers.put(key, bytes, lives).await,
            None => Ok(()),
        }
    }

    /// The name that a model's answers are kept under: its own, or its group's.
    pub fn model<'a>(&'a self, name: &'a str) -> &'a str {
        let group = self.rules.groups.iter().find(|group| group.iter().any(|member| member == name));
        group.and_then(|group| group.first()).map_or(name, String::as_str)
    }

    /// What the backend answers in time, unless it is left alone.
    async fn asked<T>(&self, most: Duration, asking: impl Future<Output = Result<T, CacheError>>) -> Option<T> {
        if self.clock.now().millis() < self.paused_until.load(Ordering::Relaxed) {
            return None;
        }
        let error = match timeout(most, asking).await.unwrap_or(Err(CacheError::Late)) {
            Ok(answer) => {
                self.failures.store(0, Ordering::Relaxed);
                return Some(answer);
            }
            Err(error @ CacheError::TooLarge { .. }) => {
                tracing::debug!(error = &error as &dyn Error, "an answer is not kept");
                return None;
            }
            Err(error) => error,
        };
        tracing::warn!(error = &error as &dyn Error, "a call goes on without the cache");
        if self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= FAILURES_MAX {
            self.failures.store(0, Ordering::Relaxed);
            let until = self.clock.now().plus_millis(PAUSE_MILLIS);
            self.paused_until.store(until.millis(), Ordering::Relaxed);
        }
        None
    }
}

fn is_young(entry: &Entry, age_max: Option<Duration>, now: Timestamp) -> bool {
    let age = u128::try_from(now.millis_since(entry.kept_at)).unwrap_or(0);
    age_max.is_none_or(|most| age <= most.as_millis())
}

#[cfg(test)]
mod tests;
