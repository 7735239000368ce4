//! What was read from the store a short while ago, kept in memory for a bounded time and in bounded number. A change
//! made in this process is forgotten at once; one made elsewhere is noticed within the bound.

use crate::clock::Timestamp;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Independent parts, so that writers rarely wait for each other.
const SHARDS: usize = 16;

/// Values by key, with the time at which each was read.
pub(super) struct RecentReads<K, V> {
    shards: [RwLock<Shard<K, V>>; SHARDS],
    hasher: RandomState,
    staleness_millis: i64,
    entries_max_per_shard: usize,
}

/// Taken before the store is read, and given back with what was read, so that an invalidation in between is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation(u64);

struct Shard<K, V> {
    entries: HashMap<K, (V, Timestamp)>,
    generation: u64,
}

impl<K: Eq + Hash + Clone, V: Clone> RecentReads<K, V> {
    /// Answers are at most `staleness_millis` old (0: there are none) and about `entries_max` in number.
    pub(super) fn new(staleness_millis: i64, entries_max: usize) -> Self {
        let shard = |_| RwLock::new(Shard { entries: HashMap::new(), generation: 0 });
        Self {
            shards: std::array::from_fn(shard),
            hasher: RandomState::new(),
            staleness_millis,
            entries_max_per_shard: (entries_max / SHARDS).max(1),
        }
    }

    /// Whether anything is remembered at all.
    pub(super) fn remembers(&self) -> bool {
        self.staleness_millis > 0
    }

    /// The value, where it was read recently enough, and when that was.
    pub(super) fn get(&self, key: &K, now: Timestamp) -> Option<(V, Timestamp)> {
        if !self.remembers() {
            return None;
        }
        let shard = self.read(key)?;
        let (value, read_at) = shard.entries.get(key)?;
        self.is_fresh(*read_at, now).then(|| (value.clone(), *read_at))
    }

    /// The value that was last read, however long ago, and when that was.
    pub(super) fn last(&self, key: &K) -> Option<(V, Timestamp)> {
        self.read(key)?.entries.get(key).cloned()
    }

    /// Take this before reading from the store.
    pub(super) fn generation(&self, key: &K) -> Generation {
        Generation(self.read(key).map_or(0, |shard| shard.generation))
    }

    /// Remembers what was read at `read_at`, unless something was forgotten since `generation` was taken.
    pub(super) fn put(&self, key: &K, value: V, generation: Generation, (read_at, now): (Timestamp, Timestamp)) {
        if !self.remembers() {
            return;
        }
        let Some(mut shard) = self.write(key) else { return };
        if shard.generation != generation.0 {
            return;
        }
        if shard.entries.len() >= self.entries_max_per_shard && !shard.entries.contains_key(key) {
            self.make_room(&mut shard, now);
        }
        shard.entries.insert(key.clone(), (value, read_at));
    }

    /// Forgets one.
    pub(super) fn forget(&self, key: &K) {
        if let Some(mut shard) = self.write(key) {
            shard.entries.remove(key);
            shard.generation = shard.generation.wrapping_add(1);
        }
    }

    /// Forgets all.
    pub(super) fn forget_all(&self) {
        for shard in &self.shards {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            shard.entries.clear();
            shard.generation = shard.generation.wrapping_add(1);
        }
    }

    /// How many are held.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().unwrap().entries.len()).sum()
    }

    fn make_room(&self, shard: &mut Shard<K, V>, now: Timestamp) {
        shard.entries.retain(|_, (_, read_at)| self.is_fresh(*read_at, now));
        if shard.entries.len() >= self.entries_max_per_shard {
            // All are fresh: any one will do, it costs its key one read.
            if let Some(key) = shard.entries.keys().next().cloned() {
                shard.entries.remove(&key);
            }
        }
    }

    fn is_fresh(&self, read_at: Timestamp, now: Timestamp) -> bool {
        // A clock set back makes an entry older than it is, never younger.
        (0..self.staleness_millis).contains(&now.millis_since(read_at))
    }

    fn read(&self, key: &K) -> Option<RwLockReadGuard<'_, Shard<K, V>>> {
        Some(self.shard(key)?.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, key: &K) -> Option<RwLockWriteGuard<'_, Shard<K, V>>> {
        Some(self.shard(key)?.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn shard(&self, key: &K) -> Option<&RwLock<Shard<K, V>>> {
        self.shards.get(self.hasher.hash_one(key) as usize % SHARDS)
    }
}
