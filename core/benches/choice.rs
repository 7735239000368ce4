//! What it costs to choose one of a model's deployments, of which there are many, by each strategy. Prints figures; judges
//! nothing. Run with `cargo bench -p postern-core --bench choice`.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a program that prints figures")]

use postern_core::clock::{SystemRandom, Timestamp};
use postern_core::config::health::HealthSettings;
use postern_core::config::{DeploymentParams, Environment, ModelEntry};
use postern_core::providers::resolve::target_of;
use postern_core::routing::seen::Measured;
use postern_core::routing::{Deployment, Group, ModelTable, Routing, Wish};
use serde_json::json;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const RUNS: u32 = 20_000;
const STRATEGIES: [&str; 6] = [
    "simple-shuffle",
    "least-busy",
    "usage-based-routing",
    "usage-based-routing-v2",
    "latency-based-routing",
    "cost-based-routing",
];

fn main() {
    let now = Timestamp::from_seconds(1_700_000_000);
    println!("{:<40} {:>12} {:>12}", "strategy", "1 (ns)", "1,000 (ns)");
    for strategy in STRATEGIES {
        let settings = json!({"routing_strategy": strategy});
        println!("{strategy:<40} {:>12} {:>12}", cost(&settings, 1, now), cost(&settings, 1_000, now));
    }
    let settings = json!({"enable_tag_filtering": true});
    println!("{:<40} {:>12} {:>12}", "simple-shuffle, by tags", cost(&settings, 1, now), cost(&settings, 1_000, now));
}

/// Nanoseconds of a choice among so many.
fn cost(settings: &serde_json::Value, count: usize, now: Timestamp) -> u128 {
    let group = group(settings, count, now);
    let tags = ["paid".to_owned()];
    let wish = Wish { tags: &tags, ..Wish::default() };
    let began = Instant::now();
    for _ in 0..RUNS {
        // As calls ask: a deployment that cools down is left alone.
        let usable = |deployment: &Deployment| !black_box(deployment).breaker.is_cooling(now);
        black_box(group.choose(&SystemRandom, now, &wish, usable)).expect("one is left");
    }
    began.elapsed().as_nanos() / u128::from(RUNS)
}

fn group(settings: &serde_json::Value, count: usize, now: Timestamp) -> Arc<Group> {
    let entries = (0..count).map(|number| {
        let params = json!({
            "model": "openai/gpt-4o", "api_key": "sk", "rpm": number % 7 + 1,
            "tags": [if number % 2 == 0 { "paid" } else { "free" }]
        });
        let params: DeploymentParams = serde_json::from_value(params).expect("parameters");
        let info = json!({"id": number.to_string()}).as_object().cloned().unwrap_or_default();
        ModelEntry { model_name: "gpt".to_owned(), params, info, line: 0 }
    });
    let routing = Routing::new(serde_json::from_value(settings.clone()).expect("settings"), HealthSettings::default());
    let targets = |params: &_| target_of(params, &Environment::default()).map_err(Into::into);
    let table = ModelTable::routed(entries.collect(), Arc::new(targets), Arc::new(routing)).expect("a table");
    let group = table.group("gpt").expect("the group");
    for (number, deployment) in group.deployments.iter().enumerate() {
        let took_ms = 100 + number as i64 % 50;
        deployment.seen.answered(now, Measured { tokens: 10, answer_tokens: 1, took_ms, first_token_ms: None });
    }
    Arc::clone(group)
}
