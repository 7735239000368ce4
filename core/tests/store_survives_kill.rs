//! What the embedded store has confirmed is there after the process is killed.
//!
//! The test runs this same binary again as a child; the child takes the store's path from its standard input, writes
//! without end and prints the number of each confirmed write.
#![cfg(feature = "embedded")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use postern_core::clock::SystemClock;
use postern_core::store::embedded::EmbeddedTable;
use postern_core::store::item::{Item, Key};
use postern_core::store::table::{Freshness, Query, Table};
use postern_core::store::write::{Change, Condition, Write};
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

const WRITERS: i64 = 4;

#[tokio::test]
async fn every_confirmed_write_outlives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    for (round, confirmed_before_kill) in [1, 50, 700].into_iter().enumerate() {
        let confirmed = write_until_killed(&path, round, confirmed_before_kill);
        let table = EmbeddedTable::open(&path, Arc::new(SystemClock)).unwrap();
        for sort in &confirmed {
            let item = table.get(&Key::new(round.to_string(), sort), Freshness::Latest).await.unwrap();
            assert!(item.is_some(), "round {round}: {sort} was confirmed and is gone");
        }
        assert_eq!(counted(&table, round).await, stored(&table, round).await, "a transaction was torn");
    }
}

/// Starts a child, kills it once it has confirmed so many writes, and returns all that it confirmed.
fn write_until_killed(path: &Path, round: usize, confirmed_before_kill: usize) -> Vec<String> {
    let mut child: Child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_writes_until_it_is_killed", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    writeln!(child.stdin.as_mut().unwrap(), "{}\n{round}", path.display()).unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut confirmed = Vec::new();
    for line in lines {
        // Beside the child's own words there are the test runner's.
        if let Some(sort) = line.strip_prefix("confirmed ").and_then(|sort| sort.strip_suffix('.')) {
            confirmed.push(sort.to_owned());
        }
        if confirmed.len() == confirmed_before_kill {
            // SIGKILL; what the child wrote to the pipe before it is still read.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(confirmed.len() >= confirmed_before_kill, "the child ended by itself");
    confirmed
}

async fn counted(table: &EmbeddedTable, round: usize) -> i64 {
    let mut sum = 0;
    for writer in 0..WRITERS {
        let count = table.get(&count_key(round, writer), Freshness::Latest).await.unwrap();
        sum += count.and_then(|item| item.number("count")).unwrap_or_default();
    }
    sum
}

async fn stored(table: &EmbeddedTable, round: usize) -> i64 {
    let mut query = Query::partition(round.to_string());
    let mut stored = 0;
    loop {
        let page = table.query(&query).await.unwrap();
        stored += i64::try_from(page.items.len()).unwrap();
        match page.next {
            Some(next) => query.after = Some(next),
            None => return stored,
        }
    }
}

fn count_key(round: usize, writer: i64) -> Key {
    Key::new("count", format!("{round}/{writer}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test above, as a process of its own"]
async fn child_that_writes_until_it_is_killed() {
    let mut lines = std::io::stdin().lines().map_while(Result::ok);
    let (Some(path), Some(round)) = (lines.next(), lines.next()) else { return };
    let round: usize = round.parse().unwrap();
    let table = Arc::new(EmbeddedTable::open(Path::new(&path), Arc::new(SystemClock)).unwrap());
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let table = Arc::clone(&table);
        writers.spawn(async move {
            for number in 0_u64.. {
                let sort = format!("{writer}-{number}");
                let item = Item::new(Key::new(round.to_string(), sort.as_str())).with("pad", "x".repeat(200));
                let count = Change::Add("count".to_owned(), 1);
                let writes = vec![
                    Write::Put { item, when: vec![Condition::Absent] },
                    Write::Update { key: count_key(round, writer), changes: vec![count], when: vec![] },
                ];
                table.transact(None, writes).await.unwrap();
                // One call to the system: the kill must not cut a line that stands for a write in two.
                let said = std::io::stdout().lock().write_all(format!("\nconfirmed {sort}.\n").as_bytes());
                if said.is_err() {
                    return;
                }
            }
        });
    }
    writers.join_all().await;
}
