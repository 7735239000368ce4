//! A source that remembers what another source said, for a bounded time. One secret with ten fields is fetched once.

use super::source::{SecretError, SecretSource};
use crate::clock::{Clock, Timestamp};
use crate::secret::Secret;
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};
use tokio::sync::Mutex;

/// How long a fetched secret serves before it is fetched anew, in milliseconds: how late a rotation may be noticed.
pub const SECRET_FRESH_MILLIS: i64 = 5 * 60 * 1000;

/// How long a fetched secret serves while its source cannot be reached, in milliseconds. Behind it, the error shows.
pub const SECRET_STALE_MILLIS_MAX: i64 = 60 * 60 * 1000;

/// How many names are remembered. A configuration names far fewer; this bounds memory.
const SECRETS_MAX: usize = 1024;

type Slot = Arc<Mutex<Option<Known>>>;

#[derive(Clone)]
struct Known {
    secret: Option<Secret>,
    fetched: Timestamp,
}

/// A source with a memory. Callers that ask for one name at once share one fetch; other names do not wait for it.
pub struct CachedSecrets<S> {
    source: S,
    clock: Arc<dyn Clock>,
    slots: StdMutex<HashMap<String, Slot>>,
}

impl<S: SecretSource> CachedSecrets<S> {
    /// A memory before `source`.
    pub fn new(source: S, clock: Arc<dyn Clock>) -> Self {
        Self { source, clock, slots: StdMutex::default() }
    }

    /// Forgets everything, so that the next fetch of each name asks the source.
    pub fn forget(&self) {
        self.lock().clear();
    }

    fn slot(&self, name: &str) -> Slot {
        let mut slots = self.lock();
        if let Some(slot) = slots.get(name) {
            return slot.clone();
        }
        if slots.len() >= SECRETS_MAX {
            slots.clear();
        }
        slots.entry(name.to_owned()).or_default().clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl<S: SecretSource> SecretSource for CachedSecrets<S> {
    async fn fetch(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        let slot = self.slot(name);
        let mut known = slot.lock().await;
        let age = known.as_ref().map(|known| self.clock.now().millis_since(known.fetched));
        if let (Some(known), Some(age)) = (known.as_ref(), age)
            && age < SECRET_FRESH_MILLIS
        {
            return Ok(known.secret.clone());
        }
        match (self.source.fetch(name).await, known.as_ref(), age) {
            (Ok(secret), _, _) => {
                *known = Some(Known { secret: secret.clone(), fetched: self.clock.now() });
                Ok(secret)
            }
            (Err(SecretError::Throttled { .. } | SecretError::Unavailable { .. }), Some(known), Some(age))
                if age < SECRET_STALE_MILLIS_MAX =>
            {
                Ok(known.secret.clone())
            }
            (Err(error), _, _) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    #[derive(Default)]
    struct Counting {
        fetches: AtomicUsize,
        down: AtomicBool,
    }

    #[async_trait]
    impl SecretSource for Arc<Counting> {
        async fn fetch(&self, name: &str) -> Result<Option<Secret>, SecretError> {
            let count = self.fetches.fetch_add(1, Ordering::SeqCst);
            if self.down.load(Ordering::SeqCst) {
                return Err(SecretError::Unavailable { name: name.to_owned(), cause: "down".into() });
            }
            Ok(Some(Secret::new(format!("{name}-{count}"))))
        }
    }

    fn cache() -> (Arc<Counting>, Arc<ManualClock>, CachedSecrets<Arc<Counting>>) {
        let (source, clock) = (Arc::<Counting>::default(), Arc::new(ManualClock::default()));
        (source.clone(), clock.clone(), CachedSecrets::new(source, clock))
    }

    async fn value(cache: &CachedSecrets<Arc<Counting>>) -> String {
        let secret = cache.fetch("key").await.expect("known").expect("there");
        secret.expose().to_owned()
    }

    #[tokio::test]
    async fn a_secret_is_fetched_once_and_a_rotation_is_noticed_in_time() {
        let (source, clock, cache) = cache();
        let (first, second) = tokio::join!(value(&cache), value(&cache));
        assert_eq!((first.as_str(), second.as_str()), ("key-0", "key-0"));
        clock.advance_millis(SECRET_FRESH_MILLIS - 1);
        assert_eq!(value(&cache).await, "key-0");
        clock.advance_millis(1);
        assert_eq!(value(&cache).await, "key-1");
        assert_eq!(source.fetches.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn an_outage_is_bridged_for_an_hour_and_no_longer() {
        let (source, clock, cache) = cache();
        assert_eq!(value(&cache).await, "key-0");
        source.down.store(true, Ordering::SeqCst);
        clock.advance_millis(SECRET_STALE_MILLIS_MAX - 1);
        assert_eq!(value(&cache).await, "key-0");
        clock.advance_millis(1);
        assert!(matches!(cache.fetch("key").await, Err(SecretError::Unavailable { .. })));
        source.down.store(false, Ordering::SeqCst);
        assert!(value(&cache).await.starts_with("key-"));
    }

    #[tokio::test]
    async fn what_is_forgotten_is_fetched_anew() {
        let (_, _, cache) = cache();
        assert_eq!(value(&cache).await, "key-0");
        cache.forget();
        assert_eq!(value(&cache).await, "key-1");
    }
}
