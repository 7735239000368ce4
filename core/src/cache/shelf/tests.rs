//! The door, over backends that fail.

use super::*;
use crate::cache::answers::Flushed;
use crate::cache::in_memory::{InMemory, Room};
use crate::clock::{ManualClock, SystemRandom};
use crate::crypto::CipherKey;
use crate::crypto::subject::{SubjectKeyError, SubjectKeys};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

fn rules() -> Rules {
    Rules {
        kind: "local",
        ttl: Duration::from_secs(60),
        is_on: true,
        call_types: vec!["acompletion"],
        namespace: None,
        scope: Scope::Team,
        waits: false,
        controls: None,
        groups: vec![vec!["a".to_owned(), "b".to_owned()]],
    }
}

fn entry(at: i64, until: i64) -> Entry {
    let (kept_at, ends_at) = (Timestamp::from_millis(at), Timestamp::from_millis(until));
    Entry { kept_at, ends_at, about: "{}".to_owned(), body: "answer".into() }
}

#[tokio::test]
async fn an_entry_is_found_until_it_ends_and_by_who_wants_it_as_old() {
    let clock = Arc::new(ManualClock::default());
    let shelf = Shelf::new(Arc::new(InMemory::new(Room::default(), clock.clone())), rules(), clock.clone());
    shelf.keep("k", &entry(0, 10_000), &[]).await;
    assert_eq!(shelf.look("k", None).await, Some(entry(0, 10_000)));
    clock.advance_millis(3_001);
    assert_eq!(shelf.look("k", Some(Duration::from_secs(3))).await, None);
    assert_eq!(shelf.look("k", Some(Duration::from_secs(4))).await, Some(entry(0, 10_000)));
    clock.advance_millis(7_000);
    assert_eq!(shelf.look("k", None).await, None);
}

#[tokio::test]
async fn what_somebody_else_wrote_there_is_a_miss() {
    let clock = Arc::new(ManualClock::default());
    let memory = Arc::new(InMemory::new(Room::default(), clock.clone()));
    memory.put("k", Bytes::from_static(b"{\"timestamp\":1}"), Duration::from_secs(9)).await.unwrap();
    assert_eq!(Shelf::new(memory, rules(), clock).look("k", None).await, None);
}

/// Keys that can be taken away.
#[derive(Default)]
struct Keys(Mutex<BTreeMap<Subject, CipherKey>>);

#[async_trait]
impl SubjectKeys for Keys {
    async fn key(&self, subject: &Subject) -> Result<CipherKey, SubjectKeyError> {
        let new = CipherKey::random(&SystemRandom).unwrap();
        Ok(self.0.lock().unwrap().entry(subject.clone()).or_insert(new).clone())
    }

    async fn existing(&self, subject: &Subject) -> Result<Option<CipherKey>, SubjectKeyError> {
        Ok(self.0.lock().unwrap().get(subject).cloned())
    }
}

#[tokio::test]
async fn a_sealed_entry_is_for_its_key_and_ends_with_whoever_it_belongs_to() {
    let clock = Arc::new(ManualClock::default());
    let memory = Arc::new(InMemory::new(Room::default(), clock.clone()));
    let keys = Arc::new(Keys::default());
    let shelf = || Shelf::new(memory.clone(), rules(), clock.clone());
    let sealing = || Sealing { keys: keys.clone(), random: Arc::new(SystemRandom) };
    let sealed = shelf().sealing(Some(sealing()));
    let both = [Subject::User("u".to_owned()), Subject::EndUser("e".to_owned())];
    sealed.keep("k", &entry(0, 10_000), &both).await;
    assert_eq!(sealed.look("k", None).await, Some(entry(0, 10_000)));
    let kept = memory.get("k").await.unwrap().unwrap();
    assert!(!kept.windows(6).any(|bytes| bytes == b"answer"));
    // Not under another key, not opened by who seals nothing, and nothing unsealed is taken for sealed.
    memory.put("other", kept.clone(), Duration::from_secs(9)).await.unwrap();
    assert_eq!(sealed.look("other", None).await, None);
    assert_eq!(shelf().look("k", None).await, None);
    shelf().keep("open", &entry(0, 10_000), &[]).await;
    assert_eq!(sealed.look("open", None).await, None);
    for at in 0..kept.len() {
        let mut damaged = kept.to_vec();
        damaged[at] ^= 1;
        memory.put("k", damaged.into(), Duration::from_secs(9)).await.unwrap();
        assert_eq!(sealed.look("k", None).await, None, "{at}");
    }
    for gone in both.clone() {
        sealed.keep("k", &entry(0, 10_000), &both).await;
        keys.0.lock().unwrap().remove(&gone);
        assert_eq!(sealed.look("k", None).await, None);
    }
    // What belongs to nobody is not kept.
    sealed.keep("nobody", &entry(0, 10_000), &[]).await;
    assert_eq!(memory.get("nobody").await.unwrap(), None);
}

#[test]
fn models_of_one_group_stand_for_each_other() {
    let clock = Arc::new(ManualClock::default());
    let shelf = Shelf::new(Arc::new(InMemory::new(Room::default(), clock.clone())), rules(), clock);
    assert_eq!([shelf.model("a"), shelf.model("b"), shelf.model("c")], ["a", "a", "c"]);
}

/// Counts what it is asked; hangs or fails.
struct Broken {
    hangs: bool,
    asked: AtomicUsize,
}

impl Broken {
    async fn fail<T>(&self) -> Result<T, CacheError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.hangs {
            std::future::pending::<()>().await;
        }
        Err(CacheError::of("broken", "it is broken"))
    }
}

#[async_trait]
impl Answers for Broken {
    async fn get(&self, _: &str) -> Result<Option<Bytes>, CacheError> {
        self.fail().await
    }

    async fn put(&self, _: &str, _: Bytes, _: Duration) -> Result<(), CacheError> {
        self.fail().await
    }

    async fn delete(&self, _: &str) -> Result<(), CacheError> {
        self.fail().await
    }

    async fn ping(&self) -> Result<(), CacheError> {
        self.fail().await
    }

    async fn flush(&self) -> Result<Flushed, CacheError> {
        self.fail().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_fails_or_hangs_is_a_miss_in_time_and_is_left_alone_for_a_while() {
    for hangs in [false, true] {
        let clock = Arc::new(ManualClock::default());
        let broken = Arc::new(Broken { hangs, asked: AtomicUsize::new(0) });
        let shelf = Shelf::new(Arc::clone(&broken) as Arc<dyn Answers>, rules(), clock.clone());
        let begun = tokio::time::Instant::now();
        for _ in 0..10 {
            assert_eq!(shelf.look("k", None).await, None);
        }
        assert!(begun.elapsed() <= LOOK_WAIT * FAILURES_MAX);
        assert_eq!(broken.asked.load(Ordering::Relaxed), 3);
        clock.advance_millis(PAUSE_MILLIS);
        shelf.keep("k", &entry(0, 1), &[]).await;
        assert_eq!(broken.asked.load(Ordering::Relaxed), 4);
    }
}
