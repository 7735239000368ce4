//! The door, over backends that fail.

use super::*;
use crate::cache::answers::{Flushed, Note};
use crate::cache::breaker::{FAILURES_MAX, PAUSE_MILLIS};
use crate::cache::in_memory::{InMemory, Room};
use crate::clock::{ManualClock, SystemRandom};
use crate::crypto::CipherKey;
use crate::crypto::subject::{SubjectKeyError, SubjectKeys};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

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

    async fn note(&self, _: &str, _: Note<'_>, _: Duration) -> Result<(), CacheError> {
        self.fail().await
    }

    async fn noted(&self, _: &str, _: Timestamp, _: &HashSet<String>) -> Result<Vec<(String, Bytes)>, CacheError> {
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

mod similar {
    //! Answers to questions that mean about the same.

    use super::*;
    use crate::cache::point::Point;
    use crate::cache::semantic::{Semantic, SemanticRules};
    use crate::cache::vector::Vector;

    pub(super) fn semantic() -> Semantic {
        let rules = SemanticRules {
            threshold: 0.9,
            model: "embed".to_owned(),
            wait: Duration::from_secs(1),
            index: "index".to_owned(),
        };
        Semantic::new(rules)
    }

    fn at_degrees(degrees: f32) -> Vector {
        Vector::of(&[degrees.to_radians().cos(), degrees.to_radians().sin()]).unwrap()
    }

    async fn keep(shelf: &Shelf, key: &str, degrees: f32, at: i64, until: i64, subjects: &[Subject]) {
        assert!(shelf.keep(key, &entry(at, until), subjects).await);
        let (kept_at, ends_at) = (Timestamp::from_millis(at), Timestamp::from_millis(until));
        shelf.note("s", Point { key: key.to_owned(), kept_at, ends_at, vector: at_degrees(degrees) }, subjects).await;
    }

    async fn found(shelf: &Shelf, degrees: f32, age_max: Option<Duration>) -> Option<String> {
        shelf.nearest("s", &at_degrees(degrees), age_max).await.found.map(|(key, _)| key)
    }

    fn in_memory(clock: &Arc<ManualClock>) -> (Arc<InMemory>, Shelf) {
        let memory = Arc::new(InMemory::new(Room::default(), clock.clone()));
        (memory.clone(), Shelf::new(memory, rules(), clock.clone()).semantic(Some(semantic())))
    }

    #[tokio::test]
    async fn the_likest_that_is_like_enough_answers_and_says_how_like_it_is() {
        let clock = Arc::new(ManualClock::default());
        let (memory, shelf) = in_memory(&clock);
        assert_eq!(shelf.nearest("s", &at_degrees(0.0), None).await.similarity, 0.0);
        keep(&shelf, "zero", 0.0, 0, 10_000, &[]).await;
        keep(&shelf, "twenty", 20.0, 0, 10_000, &[]).await;
        assert_eq!(found(&shelf, 5.0, None).await.as_deref(), Some("zero"));
        assert_eq!(found(&shelf, 15.0, None).await.as_deref(), Some("twenty"));
        // The cosine of 25.8 degrees is 0.9003, of 25.9 degrees 0.8996.
        assert_eq!(found(&shelf, 45.8, None).await.as_deref(), Some("twenty"));
        let near = shelf.nearest("s", &at_degrees(45.9), None).await;
        assert!(near.found.is_none() && (near.similarity - 0.8996).abs() < 1e-4, "{near:?}");
        assert!(shelf.nearest("other", &at_degrees(0.0), None).await.found.is_none());
        // Where the nearest is gone, the next one answers, as long as it is like enough.
        memory.delete("zero").await.unwrap();
        assert_eq!(found(&shelf, 5.0, None).await.as_deref(), Some("twenty"));
        assert_eq!(found(&shelf, -10.0, None).await, None);
    }

    #[tokio::test]
    async fn what_ended_or_is_too_old_answers_nothing() {
        let clock = Arc::new(ManualClock::default());
        let (_, shelf) = in_memory(&clock);
        keep(&shelf, "k", 0.0, 0, 10_000, &[]).await;
        clock.advance_millis(3_001);
        assert_eq!(found(&shelf, 1.0, Some(Duration::from_secs(3))).await, None);
        assert_eq!(found(&shelf, 1.0, Some(Duration::from_secs(4))).await.as_deref(), Some("k"));
        clock.advance_millis(7_000);
        assert_eq!(found(&shelf, 1.0, None).await, None);
    }

    #[cfg(feature = "embedded")]
    #[tokio::test]
    async fn processes_know_of_each_others_answers_in_time_and_who_is_deleted_takes_theirs_along() {
        use crate::cache::in_table::InTable;
        use crate::cache::index::STALE_MILLIS;
        use crate::store::embedded::EmbeddedTable;

        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_763_700_000_000)));
        let now = clock.now().millis();
        let table = Arc::new(EmbeddedTable::in_memory(clock.clone()).unwrap());
        let keys = Arc::new(Keys::default());
        let process = || {
            let answers = Arc::new(InTable::new(table.clone(), clock.clone()));
            let sealing = Sealing { keys: keys.clone(), random: Arc::new(SystemRandom) };
            Shelf::new(answers, rules(), clock.clone()).semantic(Some(semantic())).sealing(Some(sealing))
        };
        let (one, other) = (process(), process());
        let user = [Subject::User("u".to_owned())];
        other.learn("s").await;
        keep(&one, "k", 0.0, now, now + 900_000, &user).await;
        // It has just asked.
        other.learn("s").await;
        assert_eq!(found(&other, 1.0, None).await, None);
        clock.advance_millis(STALE_MILLIS);
        other.learn("s").await;
        assert_eq!(found(&other, 1.0, None).await.as_deref(), Some("k"));
        keep(&other, "l", 90.0, now, now + 900_000, &user).await;
        clock.advance_millis(STALE_MILLIS);
        one.learn("s").await;
        assert_eq!(found(&one, 91.0, None).await.as_deref(), Some("l"));
        keys.0.lock().unwrap().clear();
        assert_eq!(found(&one, 1.0, None).await, None);
        assert_eq!(found(&other, 91.0, None).await, None);
        // Nor does a new process learn what they meant.
        let third = process();
        third.learn("s").await;
        assert_eq!(third.nearest("s", &at_degrees(0.0), None).await.similarity, 0.0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_backend_that_fails_costs_nobody_an_error() {
        let clock = Arc::new(ManualClock::default());
        let broken = Arc::new(Broken { hangs: true, asked: AtomicUsize::new(0) });
        let shelf = Shelf::new(broken, rules(), clock).semantic(Some(semantic()));
        shelf.learn("s").await;
        let (kept_at, ends_at) = (Timestamp::from_millis(0), Timestamp::from_millis(9_000));
        shelf.note("s", Point { key: "k".to_owned(), kept_at, ends_at, vector: at_degrees(0.0) }, &[]).await;
        assert_eq!(found(&shelf, 0.0, None).await, None);
    }
}
