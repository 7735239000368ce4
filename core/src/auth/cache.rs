//! Callers already recognised, kept in memory for a bounded time. Only keys that were found and may call are kept: a
//! new or unblocked key works at once, and a blocked or deleted one stops within the bound, or at once in the process
//! that blocked it.

use super::recent_reads::RecentReads;
use crate::clock::Timestamp;
use crate::id::KeyHash;
use crate::principal::Principal;
use std::sync::Arc;

pub use super::recent_reads::Generation;

/// How long a caller is known after it was read, for those who cannot read again, in milliseconds.
const KNOWN_MILLIS: i64 = 60 * 60 * 1000;

/// Recognised callers by the hash of their key.
pub struct PrincipalCache(RecentReads<KeyHash, Arc<Principal>>);

impl PrincipalCache {
    /// A cache whose answers are at most `staleness_millis` old (0: it never answers, and every request reads the
    /// store) and that holds about `entries_max` callers.
    pub fn new(staleness_millis: i64, entries_max: usize) -> Self {
        Self(RecentReads::new(staleness_millis, entries_max))
    }

    /// The caller with this key, where it was read recently enough.
    pub fn get(&self, hash: &KeyHash, now: Timestamp) -> Option<Arc<Principal>> {
        self.0.get(hash, now).map(|(principal, _)| principal)
    }

    /// The caller with this key as it was last read, up to an hour ago. For outages of the store: it may have been
    /// blocked since.
    pub fn last_known(&self, hash: &KeyHash, now: Timestamp) -> Option<Arc<Principal>> {
        let (principal, read_at) = self.0.last(hash)?;
        (0..KNOWN_MILLIS).contains(&now.millis_since(read_at)).then_some(principal)
    }

    /// Take this before reading a key from the store.
    pub fn generation(&self, hash: &KeyHash) -> Generation {
        self.0.generation(hash)
    }

    /// Remembers a caller at `now` of whom the oldest part was read from the store at `read_at`, unless a key was
    /// invalidated since `generation` was taken.
    pub fn put(&self, principal: &Arc<Principal>, generation: Generation, times: (Timestamp, Timestamp)) {
        self.0.put(&principal.key, Arc::clone(principal), generation, times);
    }

    /// Forgets a key, for a change made in this process.
    pub fn invalidate(&self, hash: &KeyHash) {
        self.0.forget(hash);
    }

    /// Forgets a key that the store says may not call.
    pub fn forget(&self, hash: &KeyHash) {
        // Most are not here, and then nobody who reads meanwhile is disturbed.
        if self.0.last(hash).is_some() {
            self.invalidate(hash);
        }
    }

    /// Forgets every key, for a change made in this process to a record that any of them may stand below.
    pub fn invalidate_all(&self) {
        self.0.forget_all();
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
        cache.put(&principal, cache.generation(&principal.key), (now, now));
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
        let now = Timestamp::from_millis(1);
        cache.put(&stale, generation, (now, now));
        assert!(!knows(&cache, "sk-1", 1));
    }

    #[test]
    fn the_cache_stays_within_its_size() {
        let cache = PrincipalCache::new(1000, 32);
        for number in 0..1000 {
            remember(&cache, &format!("sk-{number}"), 1);
        }
        let held = cache.0.held();
        assert!(held <= 32, "{held}");
    }
}
