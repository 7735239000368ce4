//! The keys of subjects in the table, each sealed for its own place. What is sealed under one (prompts and answers in
//! spend rows, cached answers) is unreadable once the key is gone, wherever copies of it lie.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `SUBJECT_KEYS#<0-f>` | `<kind>#<name>` | `key`: the sealed key, `created_at`; or for an hour `destroyed_at` |

use super::spend_row::SpendRow;
use crate::clock::{Clock, Timestamp};
use crate::crypto::resealed::{Judged, Resealed, Work};
use crate::crypto::subject::{Subject, SubjectKeyError, SubjectKeys, open_for};
use crate::crypto::{CipherKey, Place, SealError, Sealer};
use crate::store::item::{Item, Key};
use crate::store::table::{Freshness, Query, ReadError, Table, WriteError};
use crate::store::write::{Change, Condition, Write};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The table of which values' places speak.
const TABLE: &str = "subjects";
const KEY: &str = "key";

/// How long a destroyed key's place is kept from a new one, in milliseconds: longer than any call that was under way lasts,
/// so that none of them keeps its contents after all.
const GONE_MILLIS: i64 = 60 * 60 * 1000;

/// Most keys remembered at once.
const KNOWN_MAX: usize = 10_000;

/// The keys of subjects, in one table. Cheap to clone.
#[derive(Clone)]
pub struct StoredSubjectKeys(Arc<Parts>);

struct Parts {
    table: Arc<dyn Table>,
    sealer: Sealer,
    clock: Arc<dyn Clock>,
    /// How long a key that another process destroyed may still be used here, in milliseconds.
    staleness_millis: i64,
    known: Mutex<HashMap<Subject, (Timestamp, CipherKey)>>,
}

impl StoredSubjectKeys {
    /// Partitions that they are spread over.
    pub const SHARDS: u8 = 16;

    /// Keys in `table`, sealed by `sealer`.
    pub fn new(table: Arc<dyn Table>, sealer: Sealer, clock: Arc<dyn Clock>, staleness_millis: i64) -> Self {
        Self(Arc::new(Parts { table, sealer, clock, staleness_millis, known: Mutex::default() }))
    }

    /// Destroys a subject's key. Whatever was sealed under it is gone with it.
    ///
    /// # Errors
    /// [`WriteError`]: the key may still be there.
    pub async fn destroy(&self, subject: &Subject) -> Result<(), WriteError> {
        self.lock().remove(subject);
        let now = self.0.clock.now();
        let gone = Item::new(place(subject)).with("destroyed_at", now.millis()).expiring(now.plus_millis(GONE_MILLIS));
        let done = self.0.table.write(Write::Put { item: gone, when: Vec::new() }).await;
        // A call that was under way may have brought it back meanwhile.
        self.lock().remove(subject);
        done.map(drop)
    }

    /// Seals the next keys of a shard anew, where they are sealed otherwise than they would be now, or counts them.
    ///
    /// # Errors
    /// As [`Table::query`].
    pub async fn reseal(
        &self,
        shard: u8,
        after: Option<String>,
        (limit, work): (usize, Work),
    ) -> Result<Resealed, ReadError> {
        let page = self.0.table.query(&Query { limit, after, ..Query::partition(partition(shard)) }).await?;
        let mut resealed = Resealed { next: page.next, ..Resealed::default() };
        for item in &page.items {
            // Of a key that was destroyed only the place is left.
            let Some(old) = item.text(KEY) else { continue };
            resealed.examined += 1;
            let told = |error: &(dyn Error + 'static)| {
                tracing::warn!(subject = item.key.sort, error, "a subject's key is not sealed anew");
            };
            match self.0.sealer.judged(&Place::new(TABLE, &item.key.sort, KEY), old, work).await {
                Ok(Judged::Current) => {}
                Ok(Judged::Old) => resealed.old += 1,
                Ok(Judged::Anew(new)) => match self.replace(item, old, new).await {
                    Ok(done) => resealed.done += u64::from(done),
                    Err(error) => {
                        told(&error);
                        resealed.failed += 1;
                    }
                },
                Err(error) => {
                    told(&error);
                    resealed.refuse(&error);
                }
            }
        }
        Ok(resealed)
    }

    /// Whether it was replaced: a key that was destroyed meanwhile stays so.
    async fn replace(&self, item: &Item, old: &str, new: String) -> Result<bool, WriteError> {
        let changes = vec![Change::Set(KEY.to_owned(), new.into())];
        let when = vec![Condition::Equals(KEY.to_owned(), old.into())];
        match self.0.table.write(Write::Update { key: item.key.clone(), changes, when }).await {
            Ok(_) => Ok(true),
            Err(WriteError::ConditionFailed { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn make(&self, subject: &Subject) -> Result<CipherKey, SubjectKeyError> {
        let key = CipherKey::random(self.0.sealer.random()).map_err(SealError::from)?;
        let text = key.to_text();
        let sort = subject.to_string();
        let sealed = self.0.sealer.seal(&Place::new(TABLE, &sort, KEY), &text).await?;
        let now = self.0.clock.now().millis();
        let item = Item::new(place(subject)).with(KEY, sealed).with("created_at", now);
        match self.0.table.write(Write::Put { item, when: vec![Condition::Absent] }).await {
            Ok(_) => Ok(key),
            Err(WriteError::ConditionFailed { old: Some(item), .. }) if item.text(KEY).is_none() => {
                Err(SubjectKeyError::Destroyed)
            }
            // Somebody else was first.
            Err(WriteError::ConditionFailed { old: Some(item), .. }) => self.open(subject, &item).await,
            Err(error) => Err(SubjectKeyError::Store(error.into())),
        }
    }

    async fn open(&self, subject: &Subject, item: &Item) -> Result<CipherKey, SubjectKeyError> {
        let sort = subject.to_string();
        let place = Place::new(TABLE, &sort, KEY);
        let opened = self.0.sealer.open(&place, item.text(KEY).unwrap_or_default()).await?;
        let unreadable = || SubjectKeyError::Store("a stored key is no key".into());
        CipherKey::from_text(&opened.secret).ok_or_else(unreadable)
    }

    fn at_hand(&self, subject: &Subject) -> Option<CipherKey> {
        let known = self.lock();
        let (at, key) = known.get(subject)?;
        (self.0.clock.now().millis_since(*at) < self.0.staleness_millis).then(|| key.clone())
    }

    fn remember(&self, subject: &Subject, key: &CipherKey) {
        let mut known = self.lock();
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(subject.clone(), (self.0.clock.now(), key.clone()));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Subject, (Timestamp, CipherKey)>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SubjectKeys for StoredSubjectKeys {
    async fn key(&self, subject: &Subject) -> Result<CipherKey, SubjectKeyError> {
        if let Some(key) = self.existing(subject).await? {
            return Ok(key);
        }
        let key = self.make(subject).await?;
        self.remember(subject, &key);
        Ok(key)
    }

    async fn existing(&self, subject: &Subject) -> Result<Option<CipherKey>, SubjectKeyError> {
        if let Some(key) = self.at_hand(subject) {
            return Ok(Some(key));
        }
        let stored = self.0.table.get(&place(subject), Freshness::Latest).await;
        let item = stored.map_err(|error| SubjectKeyError::Store(error.into()))?;
        let Some(item) = item.filter(|item| item.text(KEY).is_some()) else { return Ok(None) };
        let key = self.open(subject, &item).await?;
        self.remember(subject, &key);
        Ok(Some(key))
    }
}

/// Whose keys seal what is kept of a call.
pub fn content_subjects(row: &SpendRow) -> Vec<Subject> {
    Subject::behind(row.details.user_id.as_deref(), row.details.end_user.as_deref(), &row.key)
}

/// What is kept of a call, opened. `None`: nothing is, or a key that it needs is destroyed.
///
/// # Errors
/// [`SubjectKeyError`].
pub async fn open_content(keys: &dyn SubjectKeys, row: &SpendRow) -> Result<Option<Value>, SubjectKeyError> {
    let Some(sealed) = row.details.content.as_deref().and_then(|text| STANDARD_NO_PAD.decode(text).ok()) else {
        return Ok(None);
    };
    let id = row.request_id.to_string();
    let opened = open_for(keys, &content_subjects(row), (&sealed, &id)).await?;
    Ok(opened.and_then(|text| serde_json::from_slice(&text).ok()))
}

fn place(subject: &Subject) -> Key {
    let sort = subject.to_string();
    let shard = Sha256::digest(sort.as_bytes()).first().copied().unwrap_or(0) % StoredSubjectKeys::SHARDS;
    Key::new(partition(shard), sort)
}

fn partition(shard: u8) -> String {
    format!("SUBJECT_KEYS#{shard:x}")
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
