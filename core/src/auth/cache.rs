//! Callers already recognised, kept in memory for a bounded time. Only keys that were found and may call are kept: a
//! new or unblocked key works at once, and a blocked or deleted one stops within the bound, or at once in the process
//! that blocked it.

use super::recent_reads::RecentReads;
use crate::clock::Timestamp;
use crate::id::KeyHash;
use crate::principal::Principal;
use std::sync::Arc;

use super::recent_reads::Generation;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long a caller is known after it was read, for those who cannot read again, in milliseconds.
const KNOWN_MILLIS: i64 = 60 * 60 * 1000;
/// How many secrets are added before those are dropped that are remembered no longer.
const SECRETS_ADDED_MAX: usize = 4096;

/// Recognised callers by the hash of the secret that they present.
pub struct PrincipalCache {
    callers: RecentReads<KeyHash, Arc<Principal>>,
    /// The secrets by which callers are remembered that are not their own: of keys that were replaced since they were
    /// made, and tokens.
    secrets: Mutex<Secrets>,
    /// Counts what was forgotten.
    changes: AtomicU64,
}

#[derive(Default)]
struct Secrets {
    of: HashMap<KeyHash, HashSet<KeyHash>>,
    /// How many were added since those were dropped that are remembered no longer.
    added: usize,
}

/// Taken before a key is read, and given back with what was read, so that a change in between is noticed.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    generation: Generation,
    changes: u64,
}

impl PrincipalCache {
    /// A cache whose answers are at most `staleness_millis` old (0: it never answers, and every request reads the
    /// store) and that holds about `entries_max` callers.
    pub fn new(staleness_millis: i64, entries_max: usize) -> Self {
        Self {
            callers: RecentReads::new(staleness_millis, entries_max),
            secrets: Mutex::default(),
            changes: AtomicU64::default(),
        }
    }

    /// The caller with this key, where it was read recently enough.
    pub fn get(&self, hash: &KeyHash, now: Timestamp) -> Option<Arc<Principal>> {
        self.callers.get(hash, now).map(|(principal, _)| principal)
    }

    /// The caller with this key as it was last read, up to an hour ago. For outages of the store: it may have been
    /// blocked since.
    pub fn last_known(&self, hash: &KeyHash, now: Timestamp) -> Option<Arc<Principal>> {
        let (principal, read_at) = self.callers.last(hash)?;
        (0..KNOWN_MILLIS).contains(&now.millis_since(read_at)).then_some(principal)
    }

    /// Take this before reading a key from the store.
    pub fn reading(&self, hash: &KeyHash) -> Reading {
        let changes = self.changes.load(Ordering::SeqCst);
        Reading { generation: self.callers.generation(hash), changes }
    }

    /// Remembers at `now` a caller who presented the secret with this hash, and of whom the oldest part was read from the
    /// store at `read_at`, unless the key was invalidated since `reading` was taken.
    pub fn put(&self, hash: &KeyHash, caller: &Arc<Principal>, reading: Reading, times: (Timestamp, Timestamp)) {
        if *hash == caller.key {
            return self.callers.put(hash, Arc::clone(caller), reading.generation, times);
        }
        // What is forgotten by the key's own hash is looked up here, so nothing may be forgotten between both steps.
        let mut secrets = self.secrets();
        if self.changes.load(Ordering::SeqCst) == reading.changes {
            secrets.of.entry(caller.key.clone()).or_default().insert(hash.clone());
            self.callers.put(hash, Arc::clone(caller), reading.generation, times);
            secrets.added += 1;
            if secrets.added > SECRETS_ADDED_MAX {
                secrets.added = 0;
                // Tokens come and go for as long as the process lives.
                secrets.of.retain(|_, hashes| {
                    hashes.retain(|hash| self.callers.last(hash).is_some());
                    !hashes.is_empty()
                });
            }
        }
    }

    /// Forgets a key, for a change made in this process.
    pub fn invalidate(&self, key: &KeyHash) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.callers.forget(key);
        for secret in self.secrets().of.remove(key).into_iter().flatten() {
            self.callers.forget(&secret);
        }
    }

    /// Forgets a key that the store says may not call.
    pub fn forget(&self, hash: &KeyHash) {
        // Most are not here, and then nobody who reads meanwhile is disturbed.
        if self.callers.last(hash).is_some() {
            self.invalidate(hash);
        }
    }

    /// Forgets every key, for a change made in this process to a record that any of them may stand below.
    pub fn invalidate_all(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.secrets().of.clear();
        self.callers.forget_all();
    }

    fn secrets(&self) -> MutexGuard<'_, Secrets> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::key_record::{KeyRecord, KeyTotals, StoredKey};
    use crate::crypto::key_hash;

    fn principal(key: &str) -> Arc<Principal> {
        let record = KeyRecord::new(key_hash::hash(key), "sk-...".to_owned(), Timestamp::default(), None);
        Arc::new(StoredKey { record, totals: KeyTotals::default() }.into_principal())
    }

    fn remember(cache: &PrincipalCache, key: &str, now: i64) {
        let principal = principal(key);
        let now = Timestamp::from_millis(now);
        cache.put(&principal.key, &principal, cache.reading(&principal.key), (now, now));
    }

    fn knows(cache: &PrincipalCache, key: &str, now: i64) -> bool {
        cache.get(&key_hash::hash(key), Timestamp::from_millis(now)).is_some()
    }

    #[test]
    fn an_answer_is_never_older_than_the_bound() {
        let cache = PrincipalCache::new(1000, 100);
        remember(&cache, "sk-1", 5000);
        assert!(knows(&cache, "sk-1", 5999));
        assert!(!knows(&cache, "sk-1", 6000));
        assert!(!knows(&cache, "sk-1", 4999), "a clock that was set back");
    }

    #[test]
    fn in_exact_mode_nothing_is_remembered() {
        let cache = PrincipalCache::new(0, 100);
        remember(&cache, "sk-1", 5000);
        assert!(!knows(&cache, "sk-1", 5000));
    }

    #[test]
    fn a_read_that_began_before_an_invalidation_is_not_remembered() {
        let cache = PrincipalCache::new(1000, 100);
        let stale = principal("sk-1");
        let reading = cache.reading(&stale.key);
        cache.invalidate(&stale.key);
        let now = Timestamp::from_millis(1);
        cache.put(&stale.key, &stale, reading, (now, now));
        assert!(!knows(&cache, "sk-1", 1));
    }

    #[test]
    fn a_key_is_forgotten_by_every_secret_that_opens_it() {
        let cache = PrincipalCache::new(1000, 100);
        let (key, secret, now) = (principal("sk-1"), key_hash::hash("sk-2"), Timestamp::from_millis(1));
        let reading = cache.reading(&secret);
        cache.put(&secret, &key, reading, (now, now));
        assert!(knows(&cache, "sk-2", 1));
        cache.invalidate(&key.key);
        assert!(!knows(&cache, "sk-2", 1));
        cache.put(&secret, &key, reading, (now, now));
        assert!(!knows(&cache, "sk-2", 1), "read before it was forgotten");
    }

    #[test]
    fn the_cache_stays_within_its_size() {
        let cache = PrincipalCache::new(1000, 32);
        for number in 0..1000 {
            remember(&cache, &format!("sk-{number}"), 1);
        }
        let held = cache.callers.held();
        assert!(held <= 32, "{held}");
    }
}
