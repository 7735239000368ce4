//! How fast the embedded store is: one caller's latency and sixty-four callers' throughput, in memory and in a file.
//! Prints figures; judges nothing. Run with `cargo bench -p postern-core --bench store`.
#![allow(clippy::expect_used, clippy::print_stdout, clippy::indexing_slicing, reason = "a program that prints figures")]

use postern_core::clock::SystemClock;
use postern_core::store::embedded::EmbeddedTable;
use postern_core::store::item::{Item, Key};
use postern_core::store::table::{Freshness, IdempotencyToken, Table};
use postern_core::store::write::{Change, Condition, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const CALLERS: usize = 64;
const SINGLE_RUNS: usize = 20_000;
const PERIOD: Duration = Duration::from_secs(3);

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    for place in ["memory", "file"] {
        let table = || -> Arc<dyn Table> {
            let clock = Arc::new(SystemClock);
            Arc::new(match place {
                "memory" => EmbeddedTable::in_memory(clock).expect("a store"),
                _ => EmbeddedTable::open(&folder.path().join(format!("{}.db", next())), clock).expect("a store"),
            })
        };
        single_caller(place, "reserve (2 items)", &table(), |table, _| Box::pin(reserve(table, 0, false)));
        single_caller(place, "reserve with token", &table(), |table, _| Box::pin(reserve(table, 0, true)));
        single_caller(place, "write (1 item)", &table(), |table, _| Box::pin(count(table)));
        single_caller(place, "get", &table(), |table, _| Box::pin(get(table)));
        many_callers(place, "reserve, one budget", &table(), false, false);
        many_callers(place, "reserve, a budget each", &table(), true, false);
        many_callers(place, "reserve with token, a budget each", &table(), true, true);
    }
}

type Step = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

fn single_caller(place: &str, what: &str, table: &Arc<dyn Table>, step: fn(Arc<dyn Table>, usize) -> Step) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    runtime.block_on(async {
        budget(table, 0).await;
        let mut micros = Vec::with_capacity(SINGLE_RUNS);
        for run in 0..SINGLE_RUNS {
            let begun = Instant::now();
            step(Arc::clone(table), run).await;
            micros.push(begun.elapsed().as_nanos() as f64 / 1000.0);
        }
        micros.sort_by(f64::total_cmp);
        let at = |share: f64| micros[(share * (SINGLE_RUNS - 1) as f64) as usize];
        println!(
            "{place:7} 1 caller   {what:34} p50 {:7.1} µs  p99 {:7.1} µs  max {:8.1} µs",
            at(0.5),
            at(0.99),
            at(1.0)
        );
    });
}

fn many_callers(place: &str, what: &str, table: &Arc<dyn Table>, budget_each: bool, token: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let (done, elapsed) = runtime.block_on(async {
        for caller in 0..CALLERS {
            budget(table, caller).await;
        }
        let begun = Instant::now();
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let table = Arc::clone(table);
            callers.spawn(async move {
                let mut done = 0_u64;
                while begun.elapsed() < PERIOD {
                    reserve(Arc::clone(&table), if budget_each { caller } else { 0 }, token).await;
                    done += 1;
                }
                done
            });
        }
        let done: u64 = callers.join_all().await.into_iter().sum();
        (done, begun.elapsed())
    });
    let per_second = done as f64 / elapsed.as_secs_f64();
    println!("{place:7} {CALLERS} callers {what:34} {per_second:9.0} transactions/s");
}

async fn budget(table: &Arc<dyn Table>, number: usize) {
    let item = Item::new(budget_key(number))
        .with("avail", i64::MAX)
        .with("limit", i64::MAX)
        .with("leased", 0)
        .with("status", "active")
        .with("version", 1);
    table.write(Write::Put { item, when: Vec::new() }).await.expect("a budget");
}

async fn reserve(table: Arc<dyn Table>, number: usize, token: bool) {
    let request = request_id();
    let hold = Item::new(Key::new(format!("hold/{request}"), "hold"))
        .with("state", "held")
        .with("reserved", 1_250_000)
        .with("charged", 0)
        .with("expires", 1_800_000_000_000)
        .with("scopes", "key/5f1c,team/blue,org/main")
        .with("deployment", "gpt-4o-eu-1");
    let writes = vec![
        Write::Put { item: hold, when: vec![Condition::Absent] },
        Write::Update {
            key: budget_key(number),
            changes: vec![Change::Add("avail".to_owned(), -1_250_000)],
            when: vec![
                Condition::AtLeast("avail".to_owned(), 1_250_000),
                Condition::Equals("status".to_owned(), "active".into()),
            ],
        },
    ];
    table.transact(token.then_some(IdempotencyToken(request)), writes).await.expect("a reservation");
}

async fn count(table: Arc<dyn Table>) {
    let changes = vec![Change::Add("avail".to_owned(), -1)];
    let when = vec![Condition::AtLeast("avail".to_owned(), 1)];
    table.write(Write::Update { key: budget_key(0), changes, when }).await.expect("a count");
}

async fn get(table: Arc<dyn Table>) {
    table.get(&budget_key(0), Freshness::Latest).await.expect("an answer").expect("a budget");
}

fn budget_key(number: usize) -> Key {
    Key::new(format!("budget/key/{number}"), "2026-11")
}

/// As long as a request id, and sorted by time as one is.
fn request_id() -> String {
    format!("0193a7c1-{:016x}-{:08x}", next(), std::process::id())
}

fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
