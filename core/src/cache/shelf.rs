//! The door: looks entries up and keeps them, by the rules that the configuration sets. Nothing in here fails a call: an
//! entry that cannot be had in time is a miss, and a backend that keeps failing is left alone for a while.

use super::answers::{Answers, CacheError, KEY_BYTES_MAX};
use super::breaker::Breaker;
use super::entry::Entry;
use super::flights::Flights;
use super::key::Scope;
use super::sealed::Sealing;
use super::semantic::Semantic;
use crate::clock::{Clock, Timestamp};
use crate::crypto::subject::Subject;
use bytes::Bytes;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Longest wait for an entry. Then the call goes on without it.
pub const LOOK_WAIT: Duration = Duration::from_millis(250);
/// Longest wait until an entry is kept. Nobody waits for it but who asks the same.
pub(super) const KEEP_WAIT: Duration = Duration::from_secs(5);

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
    /// What the questions mean; `None`: only who asks the same is answered.
    pub semantic: Option<Semantic>,
    sealing: Option<Sealing>,
    pub(super) clock: Arc<dyn Clock>,
    breaker: Breaker,
}

impl Shelf {
    /// A shelf over a backend.
    pub fn new(answers: Arc<dyn Answers>, rules: Rules, clock: Arc<dyn Clock>) -> Self {
        let breaker = Breaker::default();
        Self { rules, flights: Flights::default(), answers, semantic: None, sealing: None, clock, breaker }
    }

    /// One whose entries are sealed for those whose calls they are.
    #[must_use]
    pub fn sealing(self, sealing: Option<Sealing>) -> Self {
        Self { sealing, ..self }
    }

    /// One that also answers questions that mean about the same.
    #[must_use]
    pub fn semantic(self, semantic: Option<Semantic>) -> Self {
        Self { semantic, ..self }
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

    /// Keeps an entry of a call of these under `key`, where it can be kept. Whether it is.
    pub async fn keep(&self, key: &str, entry: &Entry, subjects: &[Subject]) -> bool {
        let lives = entry.ends_at.millis_since(entry.kept_at);
        let lives = u64::try_from(lives).ok().filter(|millis| *millis > 0).map(Duration::from_millis);
        let (Some(lives), true) = (lives, key.len() <= KEY_BYTES_MAX) else { return false };
        let Some(bytes) = entry.to_bytes(key) else { return false };
        self.asked(KEEP_WAIT, self.write(key, bytes, subjects, lives)).await.unwrap_or(false)
    }

    pub(super) async fn read(&self, key: &str) -> Result<Option<Bytes>, CacheError> {
        match self.answers.get(key).await? {
            Some(bytes) => self.opened(key, bytes).await,
            None => Ok(None),
        }
    }

    async fn write(&self, key: &str, entry: Bytes, of: &[Subject], lives: Duration) -> Result<bool, CacheError> {
        let Some(bytes) = self.closed(key, entry, of).await? else { return Ok(false) };
        self.answers.put(key, bytes, lives).await.map(|()| true)
    }

    /// What is kept at a place, opened where it is sealed.
    pub(super) async fn opened(&self, place: &str, bytes: Bytes) -> Result<Option<Bytes>, CacheError> {
        match &self.sealing {
            Some(sealing) => Ok(sealing.open(place, &bytes).await?),
            None => Ok(Some(bytes)),
        }
    }

    /// What is to be kept at a place, sealed where that is asked for; `None`: it is not to be kept.
    pub(super) async fn closed(&self, place: &str, bytes: Bytes, of: &[Subject]) -> Result<Option<Bytes>, CacheError> {
        match &self.sealing {
            Some(sealing) => Ok(sealing.seal(place, of, &bytes).await?),
            None => Ok(Some(bytes)),
        }
    }

    /// The name that a model's answers are kept under: its own, or its group's.
    pub fn model<'a>(&'a self, name: &'a str) -> &'a str {
        let group = self.rules.groups.iter().find(|group| group.iter().any(|member| member == name));
        group.and_then(|group| group.first()).map_or(name, String::as_str)
    }

    /// What the backend answers in time, unless it is left alone.
    pub(super) async fn asked<T>(
        &self,
        most: Duration,
        asking: impl Future<Output = Result<T, CacheError>>,
    ) -> Option<T> {
        if self.breaker.is_open(self.clock.now()) {
            return None;
        }
        let error = match timeout(most, asking).await.unwrap_or(Err(CacheError::Late)) {
            Ok(answer) => {
                self.breaker.succeeded();
                return Some(answer);
            }
            Err(error @ CacheError::TooLarge { .. }) => {
                tracing::debug!(error = &error as &dyn Error, "an answer is not kept");
                return None;
            }
            Err(error) => error,
        };
        tracing::warn!(error = &error as &dyn Error, "a call goes on without the cache");
        self.breaker.failed(self.clock.now());
        None
    }
}

fn is_young(entry: &Entry, age_max: Option<Duration>, now: Timestamp) -> bool {
    let age = u128::try_from(now.millis_since(entry.kept_at)).unwrap_or(0);
    age_max.is_none_or(|most| age <= most.as_millis())
}

#[cfg(test)]
mod tests;
