//! What it costs to know a caller and to find a model, with few of them and with many: a request must not cost more
//! because others exist. Prints figures; judges nothing. Run with `cargo bench -p postern-core --bench growth`.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a program that prints figures")]

use postern_core::auth::authenticate::Authenticator;
use postern_core::auth::cache::PrincipalCache;
use postern_core::auth::credential::Credential;
use postern_core::auth::key_listing::KeyFilter;
use postern_core::auth::key_record::KeyRecord;
use postern_core::auth::key_store::{KeyStore, Order};
use postern_core::auth::records::{Directory, Record, RecordId, RecordStore};
use postern_core::clock::{SystemClock, Timestamp};
use postern_core::config::health::HealthSettings;
use postern_core::config::{DeploymentParams, Environment, ModelEntry};
use postern_core::crypto::key_hash;
use postern_core::money::NanoDollars;
use postern_core::providers::resolve::target_of;
use postern_core::routing::{ModelTable, Routing};
use postern_core::store::embedded::EmbeddedTable;
use postern_core::store::table::Table;
use serde_json::json;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const KEYS: [usize; 4] = [10, 1_000, 100_000, 1_000_000];
const MODELS: [usize; 4] = [10, 1_000, 10_000, 100_000];
const KEYS_OF_A_TEAM: usize = 10;
/// Keys that are asked for in turn: no more than are remembered.
const ASKED: usize = 10;
const RUNS: usize = 20_000;
/// Keys of a page.
const LISTED: usize = 100;
const WRITERS: usize = 64;
const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    println!(
        "{:>9} keys in teams of {KEYS_OF_A_TEAM}: {:>12} {:>12} {:>12} {:>12} {:>12}",
        "", "known (µs)", "read (µs)", "new (µs)", "a page (µs)", "a team (µs)"
    );
    for count in KEYS {
        let folder = tempfile::tempdir().expect("a folder");
        let table = EmbeddedTable::open(&folder.path().join("keys.db"), Arc::new(SystemClock)).expect("a store");
        let [known, read, new, page, team] = runtime.block_on(callers(Arc::new(table), count)).map(micros);
        println!("{count:>9} {known:>34.1} {read:>12.1} {new:>12.1} {page:>12.1} {team:>12.1}");
    }
    println!("\n{:>9} models {:>36}", "", "found (µs)");
    for count in MODELS {
        println!("{count:>9} {:>42.3}", micros(model(count)));
    }
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1_000.0
}

/// The mean time to know a caller who was seen before, to read one from the store, to make one more key, to list the
/// first page of all keys with how many there are, and to list those of a team.
async fn callers(table: Arc<dyn Table>, count: usize) -> [Duration; 5] {
    let keys = KeyStore::new(Arc::clone(&table));
    let records = RecordStore::new(Arc::clone(&table));
    for team in 0..count.div_ceil(KEYS_OF_A_TEAM) {
        let record = Record::new(RecordId::team(team.to_string()), NOW, None);
        records.create(&record, Vec::new()).await.expect("a team");
    }
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let keys = keys.clone();
        writers.spawn(async move {
            for number in (writer..count).step_by(WRITERS) {
                keys.create(&record(number), NanoDollars::ZERO).await.expect("a key");
            }
        });
    }
    writers.join_all().await;
    let remembering = authenticator(&table, 60_000);
    let reading = authenticator(&table, 0);
    for number in 0..ASKED {
        remembering.recognise(&credential(number), NOW).await.expect("a caller");
    }
    let known = time(RUNS, async |run| _ = black_box(remembering.recognise(&credential(run % ASKED), NOW).await)).await;
    // Spread over all keys, so that what is read lies anywhere in the file.
    let spread = |run: usize| run.wrapping_mul(7_919) % count;
    let read = time(RUNS, async |run| _ = black_box(reading.recognise(&credential(spread(run)), NOW).await)).await;
    let new = time(RUNS / 10, async |run| {
        keys.create(&record(count + run), NanoDollars::ZERO).await.expect("a key");
    });
    let new = new.await;
    let page = time(RUNS / 100, async |_| {
        black_box(keys.first(Order::NewestFirst, LISTED).await.expect("a list"));
        black_box(keys.count().await.expect("a count"));
    });
    let page = page.await;
    let team = time(RUNS / 100, async |run| {
        let team_id = Some((spread(run) / KEYS_OF_A_TEAM).to_string());
        black_box(keys.list(&KeyFilter { team_id, ..KeyFilter::default() }).await.expect("a list"));
    });
    [known, read, new, page, team.await]
}

async fn time(runs: usize, step: impl AsyncFn(usize)) -> Duration {
    let began = Instant::now();
    for run in 0..runs {
        step(run).await;
    }
    began.elapsed() / u32::try_from(runs).expect("few runs")
}

fn authenticator(table: &Arc<dyn Table>, staleness_millis: i64) -> Authenticator {
    let directory = Directory::new(RecordStore::new(Arc::clone(table)), staleness_millis, 10_000);
    let cache = PrincipalCache::new(staleness_millis, 10_000);
    Authenticator::new(None, KeyStore::new(Arc::clone(table)), Arc::new(cache), Arc::new(directory))
}

fn text(number: usize) -> String {
    format!("sk-{number:020}")
}

fn credential(number: usize) -> Credential {
    Credential::new(text(number))
}

fn record(number: usize) -> KeyRecord {
    let key = text(number);
    let mut record = KeyRecord::new(key_hash::hash(&key), key_hash::abbreviate(&key), NOW, None);
    record.team_id = Some((number / KEYS_OF_A_TEAM).to_string());
    record.key_alias = Some(format!("alias-{number}"));
    record
}

/// The mean time to find one of so many models.
fn model(count: usize) -> Duration {
    let entries = (0..count).map(|number| {
        let params = json!({"model": "openai/gpt-4o", "api_key": "sk"});
        let params: DeploymentParams = serde_json::from_value(params).expect("parameters");
        let info = json!({"id": number.to_string()}).as_object().cloned().unwrap_or_default();
        ModelEntry { model_name: format!("model-{number}"), params, info, line: 0 }
    });
    let routing = Routing::new(serde_json::from_value(json!({})).expect("settings"), HealthSettings::default());
    let targets = |params: &_| target_of(params, &Environment::default()).map_err(Into::into);
    let table = ModelTable::routed(entries.collect(), Arc::new(targets), Arc::new(routing)).expect("a table");
    let names: Vec<String> = (0..RUNS).map(|run| format!("model-{}", run.wrapping_mul(7_919) % count)).collect();
    let began = Instant::now();
    for name in &names {
        black_box(table.resolve(name).expect("it is there"));
    }
    began.elapsed() / u32::try_from(RUNS).expect("few runs")
}
