//! What every backend does, as one suite. Each backend that needs no server of its own is run through it here; those that
//! do are run through it by the tests of their own files.

use super::answers::{Answers, KEY_BYTES_MAX, NOTES_MAX, Note};
use crate::clock::Timestamp;
use bytes::Bytes;
use std::collections::HashSet;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// Runs a backend through everything. What ends is proven by `later`, which moves the backend's clock by two minutes; `None`
/// where it cannot be moved.
pub(super) async fn holds(answers: &dyn Answers, later: Option<&(dyn Fn() + Sync)>) {
    answers.ping().await.unwrap();
    let (one, other) = (key('a'), format!("space/x:{}", key('b')));
    assert_eq!(answers.get(&one).await.unwrap(), None);
    answers.put(&one, Bytes::from_static(b"first"), MINUTE).await.unwrap();
    let binary: Bytes = (0..=255_u8).cycle().take(100_000).collect::<Vec<_>>().into();
    answers.put(&other, binary.clone(), MINUTE).await.unwrap();
    answers.put(&one, Bytes::from_static(b"second"), MINUTE).await.unwrap();
    assert_eq!(answers.get(&one).await.unwrap().as_deref(), Some(&b"second"[..]));
    assert_eq!(answers.get(&other).await.unwrap(), Some(binary));
    answers.delete(&one).await.unwrap();
    answers.delete(&one).await.unwrap();
    assert_eq!(answers.get(&one).await.unwrap(), None);
    assert!(answers.get(&other).await.unwrap().is_some());
    let long = format!("{}:{}", "n".repeat(KEY_BYTES_MAX - 65), key('c'));
    answers.put(&long, Bytes::new(), MINUTE).await.unwrap();
    assert_eq!(answers.get(&long).await.unwrap(), Some(Bytes::new()));
    flushes(answers).await;
    if let Some(later) = later {
        answers.put(&one, Bytes::from_static(b"short"), MINUTE).await.unwrap();
        later();
        assert_eq!(answers.get(&one).await.unwrap(), None);
    }
}

async fn flushes(answers: &dyn Answers) {
    for number in 0..60_u8 {
        answers.put(&format!("{}{number:02x}", &key('d')[2..]), Bytes::from_static(b"x"), MINUTE).await.unwrap();
    }
    let flushed = answers.flush().await.unwrap();
    assert!(flushed.finished && flushed.removed >= 60, "{flushed:?}");
    for number in 0..60_u8 {
        assert_eq!(answers.get(&format!("{}{number:02x}", &key('d')[2..])).await.unwrap(), None);
    }
    let again = answers.flush().await.unwrap();
    assert_eq!((again.removed, again.finished), (0, true));
}

/// Runs a backend that several processes see through what they leave each other.
#[cfg(feature = "embedded")]
async fn shares_notes(answers: &dyn Answers) {
    let (list, other) = (format!("points/space:{}", key('a')), format!("points/{}", key('a')));
    let at = |number: usize| Timestamp::from_millis(1_763_700_000_000 + i64::try_from(number).unwrap());
    let leave = async |list: &str, number: usize| {
        let name = format!("{:013}-x", at(number).millis());
        let note =
            Note { name: &name, at: at(number), bytes: vec![10, 0, 255, u8::try_from(number % 256).unwrap()].into() };
        answers.note(list, note, MINUTE).await.unwrap();
    };
    let read = async |list: &str, since: usize| {
        let mut notes = answers.noted(list, at(since), &HashSet::new()).await.unwrap();
        notes.sort();
        notes
    };
    assert!(read(&list, 0).await.is_empty());
    for number in [1, 0, 2, 2] {
        leave(&list, number).await;
    }
    leave(&other, 7).await;
    let notes = read(&list, 0).await;
    assert_eq!(notes.iter().map(|(_, bytes)| bytes[3]).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(notes[0], (format!("{}-x", at(0).millis()), Bytes::from_static(&[10, 0, 255, 0])));
    assert_eq!(read(&list, 2).await.len(), 1);
    assert_eq!(read(&other, 0).await.len(), 1);
    for number in 3..NOTES_MAX + 50 {
        leave(&list, number).await;
    }
    let newest = answers.noted(&list, at(0), &HashSet::new()).await.unwrap();
    assert!(newest.len() >= NOTES_MAX);
    assert!(
        (50..NOTES_MAX + 50)
            .all(|number| newest.iter().any(|(name, _)| name.starts_with(&at(number).millis().to_string())))
    );
    assert!(answers.flush().await.unwrap().finished);
    assert!(read(&list, 0).await.is_empty() && read(&other, 0).await.is_empty());
}

fn key(digit: char) -> String {
    digit.to_string().repeat(64)
}

mod of_those_without_a_server {
    use super::holds;
    use crate::cache::in_memory::{InMemory, Room};
    use crate::clock::ManualClock;
    use std::sync::Arc;

    #[tokio::test]
    async fn memory() {
        let clock = Arc::new(ManualClock::default());
        let memory = InMemory::new(Room::default(), clock.clone());
        holds(&memory, Some(&|| clock.advance_millis(120_000))).await;
    }

    #[cfg(feature = "embedded")]
    #[tokio::test]
    async fn a_table_and_what_is_over_is_swept() {
        use crate::cache::answers::Answers;
        use crate::cache::in_table::{ENTRY_BYTES_MAX, InTable};
        use crate::store::embedded::EmbeddedTable;
        use crate::store::item::Key;
        use crate::store::table::{Freshness, Table};
        use std::time::Duration;

        let clock = Arc::new(ManualClock::default());
        let table = Arc::new(EmbeddedTable::in_memory(clock.clone()).unwrap());
        let cached = InTable::new(table.clone(), clock.clone()).sweeping(table.clone());
        holds(&cached, Some(&|| clock.advance_millis(120_000))).await;
        super::shares_notes(&cached).await;
        let most = vec![b'x'; ENTRY_BYTES_MAX];
        cached.put("largest", most.clone().into(), Duration::from_secs(60)).await.unwrap();
        assert_eq!(cached.get("largest").await.unwrap().map(|bytes| bytes.len()), Some(ENTRY_BYTES_MAX));
        let more = [most, vec![b'x']].concat();
        assert!(cached.put("larger", more.into(), Duration::from_secs(60)).await.is_err());
        // A flush leaves what is not the cache's.
        let other = crate::store::item::Item::new(Key::new("KEY#1", "KEY")).with("a", 1);
        table.write(crate::store::write::Write::Put { item: other.clone(), when: vec![] }).await.unwrap();
        cached.flush().await.unwrap();
        assert_eq!(table.get(&other.key, Freshness::Latest).await.unwrap(), Some(other));
    }
}
