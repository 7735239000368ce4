//! The suite on both kinds of this store, and what only this store promises.

use super::super::item::{Item, Key};
use super::super::table::{Freshness, IdempotencyToken, Query, Table, WriteError};
use super::super::write::{Change, Condition, Write};
use super::{EmbeddedTable, OpenError};
use crate::clock::{Clock, ManualClock, Timestamp};
use std::path::Path;
use std::sync::Arc;

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)))
}

mod in_memory {
    async fn open() -> (std::sync::Arc<dyn super::Table>, std::sync::Arc<dyn super::Clock>) {
        let clock = super::clock();
        (std::sync::Arc::new(super::EmbeddedTable::in_memory(clock.clone()).unwrap()), clock)
    }

    crate::table_conformance!(open());
}

mod in_a_file {
    use super::*;
    use crate::store::table::{Page, ReadError};

    /// A table that takes its folder with it.
    struct Temporary(EmbeddedTable, #[allow(dead_code, reason = "held until the table is closed")] tempfile::TempDir);

    #[async_trait::async_trait]
    impl Table for Temporary {
        async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, ReadError> {
            self.0.get(key, freshness).await
        }
        async fn query(&self, query: &Query) -> Result<Page, ReadError> {
            self.0.query(query).await
        }
        async fn write(&self, write: Write) -> Result<Option<Item>, WriteError> {
            self.0.write(write).await
        }
        async fn transact(&self, token: Option<IdempotencyToken>, writes: Vec<Write>) -> Result<(), WriteError> {
            self.0.transact(token, writes).await
        }
    }

    async fn open() -> (Arc<dyn Table>, Arc<dyn Clock>) {
        let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
        let table = EmbeddedTable::open(&folder.path().join("state.db"), clock.clone()).unwrap();
        (Arc::new(Temporary(table, folder)), clock)
    }

    crate::table_conformance!(open());
}

fn put(key: &Key, end: Option<Timestamp>) -> Write {
    Write::Put { item: Item { expires_at: end, ..Item::new(key.clone()) }.with("a", 1), when: vec![] }
}

async fn there(table: &EmbeddedTable, key: &Key) -> bool {
    table.get(key, Freshness::Latest).await.unwrap().is_some()
}

#[tokio::test]
async fn run_all_runs() {
    let clock = clock();
    let table = Arc::new(EmbeddedTable::in_memory(clock.clone()).unwrap());
    crate::store::conformance::suite::run_all(table, clock).await;
}

#[tokio::test]
async fn what_is_stored_is_there_after_closing_and_opening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let (key, token) = (Key::new("p", "s"), Some(IdempotencyToken("once".to_owned())));
    let table = EmbeddedTable::open(&path, clock()).unwrap();
    table.transact(token.clone(), vec![put(&key, None)]).await.unwrap();
    drop(table);
    assert!(!path.with_extension("db-wal").exists(), "closing moves the log into the file");
    let table = EmbeddedTable::open(&path, clock()).unwrap();
    assert!(there(&table, &key).await);
    let other = table.transact(token, vec![put(&Key::new("p", "other"), None)]).await;
    assert!(matches!(other, Err(WriteError::TokenReused)), "tokens outlive the process too");
}

#[tokio::test]
async fn a_second_open_is_refused_and_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let table = EmbeddedTable::open(&path, clock()).unwrap();
    let refused = EmbeddedTable::open(&path, clock()).err().unwrap();
    assert!(matches!(refused, OpenError::InUse { .. }));
    assert!(refused.to_string().contains(path.to_str().unwrap()));
    drop(table);
    EmbeddedTable::open(&path, clock()).unwrap();
}

#[test]
fn a_foreign_file_and_a_newer_store_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "dear diary, ".repeat(500)).unwrap();
    assert!(matches!(EmbeddedTable::open(&text, clock()), Err(OpenError::NotAStore { .. })));
    assert_eq!(std::fs::read_to_string(&text).unwrap(), "dear diary, ".repeat(500));

    let foreign = folder.path().join("foreign.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
    assert!(matches!(EmbeddedTable::open(&foreign, clock()), Err(OpenError::NotAStore { .. })));

    let newer = folder.path().join("newer.db");
    drop(EmbeddedTable::open(&newer, clock()).unwrap());
    rusqlite::Connection::open(&newer).unwrap().execute_batch("PRAGMA user_version = 2").unwrap();
    assert!(matches!(EmbeddedTable::open(&newer, clock()), Err(OpenError::UnknownVersion { found: 2, .. })));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let refused = EmbeddedTable::open(Path::new("/nowhere/at/all.db"), clock()).err().unwrap();
    assert!(matches!(refused, OpenError::File { .. }));
    assert!(refused.to_string().contains("/nowhere/at/all.db"));
}

#[cfg(unix)]
#[tokio::test]
async fn only_this_user_reads_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let table = EmbeddedTable::open(&folder.path().join("state.db"), clock()).unwrap();
    table.write(put(&Key::new("p", "s"), None)).await.unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
    }
}

#[tokio::test]
async fn an_item_is_gone_when_the_clock_reaches_its_end() {
    let clock = clock();
    let table = EmbeddedTable::in_memory(clock.clone()).unwrap();
    let key = Key::new("p", "s");
    table.write(put(&key, Some(clock.now().plus_millis(5000)))).await.unwrap();
    clock.advance_millis(4999);
    assert!(there(&table, &key).await);
    clock.advance_millis(1);
    assert!(!there(&table, &key).await);
    let changes = vec![Change::Add("a".to_owned(), 1)];
    let update = Write::Update { key, changes, when: vec![Condition::Absent] };
    assert_eq!(table.write(update).await.unwrap().unwrap().number("a"), Some(1));
}

#[tokio::test]
async fn a_sweep_removes_what_has_ended_a_stretch_at_a_time() {
    let clock = clock();
    let table = EmbeddedTable::in_memory(clock.clone()).unwrap();
    let end = clock.now().plus_millis(1000);
    for number in 0..10 {
        let key = Key::new(format!("p{}", number / 4), number.to_string());
        table.write(put(&key, (number % 2 == 0).then_some(end))).await.unwrap();
    }
    clock.advance_millis(1000);
    let mut swept = Vec::new();
    for _ in 0..4 {
        let round = table.sweep_expired(4).await.unwrap();
        swept.push((round.examined, round.removed, round.finished));
    }
    assert_eq!(swept, [(4, 2, false), (4, 2, false), (2, 1, true), (4, 0, false)]);
    let rows = table.read(|connection| {
        Ok(connection.query_row("SELECT count(*) FROM items", [], |row| row.get::<_, i64>(0)).unwrap())
    });
    assert_eq!(rows.await.unwrap(), 5);
}

#[tokio::test]
async fn a_token_is_known_for_ten_minutes_and_then_swept() {
    let clock = clock();
    let table = EmbeddedTable::in_memory(clock.clone()).unwrap();
    let token = || Some(IdempotencyToken("once".to_owned()));
    let count = || {
        let changes = vec![Change::Add("count".to_owned(), 1)];
        vec![Write::Update { key: Key::new("p", "s"), changes, when: vec![] }]
    };
    table.transact(token(), count()).await.unwrap();
    clock.advance_millis(600_000);
    table.transact(token(), count()).await.unwrap();
    let stored = table.get(&Key::new("p", "s"), Freshness::Latest).await.unwrap().unwrap();
    assert_eq!(stored.number("count"), Some(1));
    clock.advance_millis(1_200_000);
    table.sweep_expired(10).await.unwrap();
    let rows = table.read(|connection| {
        Ok(connection.query_row("SELECT count(*) FROM tokens", [], |row| row.get::<_, i64>(0)).unwrap())
    });
    assert_eq!(rows.await.unwrap(), 0);
}

#[tokio::test]
async fn a_full_file_refuses_the_batch_whole_and_heals() {
    let folder = tempfile::tempdir().unwrap();
    let table = EmbeddedTable::open(&folder.path().join("state.db"), clock()).unwrap();
    let limit_pages = |pages: i64| {
        table.writer().between(move |engine| {
            engine.look(|connection| {
                connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get::<_, i64>(0))
            })
        })
    };
    let (small, large) = (Key::new("p", "small"), Key::new("p", "large"));
    let count = |key: &Key| Write::Update {
        key: key.clone(),
        changes: vec![Change::Add("count".to_owned(), 1)],
        when: vec![Condition::Exists],
    };
    table.write(put(&small, None)).await.unwrap();
    assert!(limit_pages(1).await.is_ok_and(|pages| pages.is_ok()));
    let item = Item::new(large.clone()).with("text", "x".repeat(100_000));
    let writes = || vec![count(&small), Write::Put { item: item.clone(), when: vec![] }];
    let refused = table.transact(None, writes()).await;
    assert!(matches!(refused, Err(WriteError::Unavailable(_))), "{refused:?}");
    assert_eq!(table.get(&small, Freshness::Latest).await.unwrap().unwrap().number("count"), None);
    assert!(limit_pages(1_000_000).await.is_ok_and(|pages| pages.is_ok()));
    table.transact(None, writes()).await.unwrap();
    assert_eq!(table.get(&small, Freshness::Latest).await.unwrap().unwrap().number("count"), Some(1));
    assert!(there(&table, &large).await);
}

#[tokio::test]
async fn a_caller_that_stops_waiting_hurts_nobody() {
    let table = Arc::new(EmbeddedTable::in_memory(clock()).unwrap());
    let key = Key::new("p", "s");
    for _ in 0..100 {
        let impatient = Arc::clone(&table);
        let put_key = put(&key, None);
        let task = tokio::task::JoinSet::from_iter([async move { impatient.write(put_key).await }]);
        drop(task);
        table.write(put(&key, None)).await.unwrap();
    }
    assert!(there(&table, &key).await);
}

#[tokio::test]
async fn a_thread_that_panics_with_the_engine_leaves_a_working_store() {
    let table = EmbeddedTable::in_memory(clock()).unwrap();
    let (kept, lost) = (Key::new("p", "kept"), Key::new("p", "lost"));
    table.write(put(&kept, None)).await.unwrap();
    table.panic_within_a_batch(put(&lost, None));
    table.write(put(&Key::new("p", "next"), None)).await.unwrap();
    assert!(there(&table, &kept).await);
    assert!(!there(&table, &lost).await, "half a batch is no batch");
}
