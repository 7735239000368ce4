//! Callers already recognised, kept in memory for a bounded time. Only keys that were found and may call are kept: a
//! new or unblocked key works at once, and a blocked or deleted one stops within the bound, or at once in the process
//! that blocked it.

use crate::clock::Timestamp;
use crate::id::KeyHash;
use crate::principal::Principal;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// How long a caller is known after it was read, for those who cannot read again, in milliseconds.
const KNOWN_MILLIS: i64 = 60 * 60 * 1000;

/// Independent parts, so that writers rarely wait for each other.
const SHARDS: usize = 16;

/// Recognised callers by the hash of their key.
pub struct PrincipalCache {
    shards: [RwLock<Shard>; SHARDS],
    hasher: RandomState,
    staleness_millis: i64,
    entries_max_per_shard: usize,
}

/// Taken before the store is read, and given back with what was read, so that an invalidation in between is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation(u64);

#[derive(Default)]
struct Shard {
    entries: HashMap<KeyHash, Entry>,
    generation: u64,
}

struct Entry {
    principal: Arc<Principal>,
    read_at: Timestamp,
}

impl PrincipalCache {
    /// A cache whose answers are at most `staleness_millis` old (0: it never answers, and every request reads the
    /// store) and that holds about `entries_max` callers.
    pub fn new(staleness_millis: i64, entries_max: usize) -> Self {
        Self {
            shards: Default::default(),
            hasher: RandomState::new(),
            staleness_millis,
            entries_max_per_shard: (entries_max / SHARDS).max(1),
        }
    }

    /// The caller with this key, where it was read recently enough.
    pub fn get(&self, hash: &KeyHash, now: Timestamp) -> Option<Arc<Principal>> {
        if self.staleness_millis <= 0 {
            return None;
        }
        let shard = self.read(hash)?;
        let entry = shard.entries.get(hash)?;
        self.is_fresh(entry, now).then(|| Arc::clone(&entry.principal))
    }

    /// The caller with this key as it was last read, up to an hour ago. For outages of the store: it may have been
    /// blocked since.
    pub fn last_known(&self, hash: &KeyHash, now: Timestamp) -> Option<Arc<Principal>> {
        let shard = self.read(hash)?;
        let entry = shard.entries.get(hash)?;
        (0..KNOWN_MILLIS).contains(&now.millis_since(entry.read_at)).then(|| Arc::clone(&entry.principal))
    }

    /// Take this before reading a key from the store.
    pub fn generation(&self, hash: &KeyHash) -> Generation {
        Generation(self.read(hash).map_or(0, |shard| shard.generation))
    }

    /// Remembers a caller read from the store at `now`, unless a key was invalidated since `generation` was taken.
    pub fn put(&self, principal: &Arc<Principal>, generation: Generation, now: Timestamp) {
        if self.staleness_millis <= 0 {
            return;
        }
        let Some(mut shard) = self.write(&principal.key) else { return };
        if shard.generation != generation.0 {
            return;
        }
        if shard.entries.len() >= self.entries_max_per_shard && !shard.entries.contains_key(&principal.key) {
            self.make_room(&mut shard, now);
        }
        shard.entries.insert(principal.key.clone(), Entry { principal: Arc::clone(principal), read_at: now });
    }

    /// Forgets a key, for a change made in this process.
    pub fn invalidate(&self, hash: &KeyHash) {
        if let Some(mut shard) = self.write(hash) {
            shard.entries.remove(hash);
            shard.generation = shard.generation.wrapping_add(1);
        }
    }

    /// Forgets a key that the store says may not call.
    pub fn forget(&self, hash: &KeyHash) {
        // Most are not here, and then nobody who reads meanwhile is disturbed.
        if self.read(hash).is_some_and(|shard| shard.entries.contains_key(hash)) {
            self.invalidate(hash);
        }
    }

    fn make_room(&self, shard: &mut Shard, now: Timestamp) {
        shard.entries.retain(|_, entry| self.is_fresh(entry, now));
        if shard.entries.len() >= self.entries_max_per_shard {
            // All are fresh: any one will do, it costs its key one read.
            if let Some(hash) = shard.entries.keys().next().cloned() {
                shard.entries.remove(&hash);
            }
        }
    }

    fn is_fresh(&self, entry: &Entry, now: Timestamp) -> bool {
        // A clock set back makes an entry older than it is, never younger.
        (0..self.staleness_millis).contains(&now.millis_since(entry.read_at))
    }

    fn read(&self, hash: &KeyHash) -> Option<RwLockReadGuard<'_, Shard>> {
        Some(self.shard(hash)?.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, hash: &KeyHash) -> Option<RwLockWriteGuard<'_, Shard>> {
        Some(self.shard(hash)?.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn shard(&self, hash: &KeyHash) -> Option<&RwLock<Shard>> {
        self.shards.get(self.hasher.hash_one(hash) as usize % SHARDS)
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
        cache.put(&principal, cache.generation(&principal.key), Timestamp::from_millis(now));
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
        let generation = cache.generation(&stale.key);
        cache.invalidate(&stale.key);
        cache.put(&stale, generation, Timestamp::from_millis(1));
        assert!(!knows(&cache, "sk-1", 1));
    }

    #[test]
    fn the_cache_stays_within_its_size() {
        let cache = PrincipalCache::new(1000, 32);
        for number in 0..1000 {
            remember(&cache, &format!("sk-{number}"), 1);
        }
        let held: usize = cache.shards.iter().map(|shard| shard.read().unwrap().entries.len()).sum();
        assert!(held <= 32, "{held}");
    }
}
