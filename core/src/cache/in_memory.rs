//! Answers in this process's memory, bounded in number and bytes: what was used longest ago goes first.

use super::answers::{Answers, CacheError, Flushed, Note};
use crate::clock::{Clock, Timestamp};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How much is kept at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Entries.
    pub entries: usize,
    /// Bytes, keys included.
    pub bytes: usize,
    /// Bytes of one entry.
    pub entry_bytes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { entries: 10_000, bytes: 64 << 20, entry_bytes: 1 << 20 }
    }
}

/// Answers in memory.
pub struct InMemory {
    clock: Arc<dyn Clock>,
    room: Room,
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    kept: HashMap<Arc<str>, Kept>,
    /// By when each was last used.
    used: BTreeMap<u64, Arc<str>>,
    bytes: usize,
    uses: u64,
}

struct Kept {
    bytes: Bytes,
    ends: Timestamp,
    used: u64,
}

impl InMemory {
    /// With so much room.
    pub fn new(room: Room, clock: Arc<dyn Clock>) -> Self {
        Self { clock, room, shelf: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn remove(&mut self, key: &str) {
        if let Some((key, kept)) = self.kept.remove_entry(key) {
            self.used.remove(&kept.used);
            self.bytes = self.bytes.saturating_sub(key.len() + kept.bytes.len());
        }
    }

    fn next_use(&mut self) -> u64 {
        self.uses += 1;
        self.uses
    }

    fn get(&mut self, key: &str, now: Timestamp) -> Option<Bytes> {
        let used = self.next_use();
        let kept = self.kept.get_mut(key)?;
        if kept.ends <= now {
            self.remove(key);
            return None;
        }
        let bytes = kept.bytes.clone();
        let before = std::mem::replace(&mut kept.used, used);
        if let Some(key) = self.used.remove(&before) {
            self.used.insert(used, key);
        }
        Some(bytes)
    }

    fn put(&mut self, key: &str, bytes: Bytes, ends: Timestamp, room: Room) {
        self.remove(key);
        let key: Arc<str> = key.into();
        self.bytes += key.len() + bytes.len();
        let used = self.next_use();
        self.used.insert(used, Arc::clone(&key));
        self.kept.insert(key, Kept { bytes, ends, used });
        while self.kept.len() > room.entries || self.bytes > room.bytes {
            let Some((_, oldest)) = self.used.first_key_value() else { break };
            let oldest = Arc::clone(oldest);
            self.remove(&oldest);
        }
    }
}

#[async_trait]
impl Answers for InMemory {
    async fn get(&self, key: &str) -> Result<Option<Bytes>, CacheError> {
        let now = self.clock.now();
        Ok(self.lock().get(key, now))
    }

    async fn put(&self, key: &str, bytes: Bytes, lives: Duration) -> Result<(), CacheError> {
        let (size, limit) = (bytes.len(), self.room.entry_bytes);
        if size > limit {
            return Err(CacheError::TooLarge { backend: "memory", bytes: size, limit });
        }
        let millis = i64::try_from(lives.as_millis()).unwrap_or(i64::MAX);
        let ends = self.clock.now().plus_millis(millis);
        self.lock().put(key, bytes, ends, self.room);
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), CacheError> {
        self.lock().remove(key);
        Ok(())
    }

    async fn note(&self, _: &str, _: Note<'_>, _: Duration) -> Result<(), CacheError> {
        // Nobody else would read it.
        Ok(())
    }

    async fn noted(&self, _: &str, _: Timestamp, _: &HashSet<String>) -> Result<Vec<(String, Bytes)>, CacheError> {
        Ok(Vec::new())
    }

    async fn ping(&self) -> Result<(), CacheError> {
        Ok(())
    }

    async fn flush(&self) -> Result<Flushed, CacheError> {
        let before = std::mem::take(&mut *self.lock());
        Ok(Flushed { removed: before.kept.len(), finished: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn memory(entries: usize, bytes: usize) -> InMemory {
        InMemory::new(Room { entries, bytes, entry_bytes: 100 }, Arc::new(ManualClock::default()))
    }

    async fn keep(memory: &InMemory, key: &str, bytes: usize) {
        memory.put(key, vec![b'x'; bytes].into(), Duration::from_secs(60)).await.unwrap();
    }

    async fn left(memory: &InMemory, keys: &str) -> String {
        let mut left = String::new();
        for key in keys.chars() {
            if memory.get(&key.to_string()).await.unwrap().is_some() {
                left.push(key);
            }
        }
        left
    }

    #[tokio::test]
    async fn what_was_used_longest_ago_goes_first() {
        let memory = memory(2, 1000);
        keep(&memory, "a", 1).await;
        keep(&memory, "b", 1).await;
        memory.get("a").await.unwrap();
        keep(&memory, "c", 1).await;
        assert_eq!(left(&memory, "abc").await, "ac");
    }

    #[tokio::test]
    async fn bytes_are_bounded_and_counted_back() {
        let memory = memory(100, 250);
        for key in ["a", "b", "c", "c", "c"] {
            keep(&memory, key, 99).await;
        }
        assert_eq!(left(&memory, "abc").await, "bc");
        memory.delete("b").await.unwrap();
        keep(&memory, "d", 99).await;
        assert_eq!(left(&memory, "cd").await, "cd");
        let refused = memory.put("e", vec![0; 101].into(), Duration::from_secs(1)).await;
        assert!(matches!(refused, Err(CacheError::TooLarge { bytes: 101, limit: 100, .. })));
    }
}
