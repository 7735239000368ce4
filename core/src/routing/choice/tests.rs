//! How each strategy shares traffic, over many choices with a fixed seed: counts lie within five standard deviations of
//! what they should be, so that chance does not fail them and a wrong share does.

use crate::clock::{NoEntropy, Random, Timestamp};
use crate::routing::seen::Measured;
use crate::routing::tests::{group, group_by};
use crate::routing::{Deployment, Group, Wish};
use serde_json::{Value, json};
use std::sync::Mutex;

const NOW: Timestamp = Timestamp::from_seconds(600_000);
const TRIES: usize = 20_000;

/// SplitMix64 from a fixed seed.
struct Seeded(Mutex<u64>);

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        let mut state = self.0.lock().unwrap();
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

fn counts(group: &Group, seed: u64, wish: &Wish<'_>) -> Vec<usize> {
    let random = Seeded(Mutex::new(seed));
    let mut counts = vec![0; group.deployments.len()];
    for _ in 0..TRIES {
        let chosen = group.choose(&random, NOW, wish, |_| true).unwrap();
        counts[chosen.id.as_str().parse::<usize>().unwrap()] += 1;
    }
    counts
}

/// Whether the counts are these shares of all tries.
fn assert_shares(group: &Group, wish: &Wish<'_>, shares: &[f64]) {
    for seed in [1, 7, 42] {
        assert_close(&counts(group, seed, wish), shares);
    }
}

fn assert_close(counts: &[usize], shares: &[f64]) {
    let total: f64 = shares.iter().sum();
    for (count, share) in counts.iter().zip(shares) {
        let p = share / total;
        let (mean, deviation) = (TRIES as f64 * p, (TRIES as f64 * p * (1.0 - p)).sqrt());
        assert!((*count as f64 - mean).abs() <= 5.0 * deviation, "{counts:?}, wanted {shares:?}");
    }
}

fn by(strategy: &str, count: usize) -> Group {
    group_by(json!({"routing_strategy": strategy}), &vec![json!({}); count])
}

fn answered(group: &Group, index: usize, tokens: u64, took_ms: i64) {
    let seen = &group.deployments[index].seen;
    seen.answered(NOW, Measured { tokens, answer_tokens: 1, took_ms, first_token_ms: Some(took_ms / 10) });
}

#[test]
fn a_shuffle_follows_weights_then_rpm_then_tpm_and_else_is_even() {
    let shares = |params: &[Value], shares: &[f64]| assert_shares(&group(params), &Wish::default(), shares);
    shares(&[json!({}), json!({}), json!({}), json!({})], &[1.0, 1.0, 1.0, 1.0]);
    shares(&[json!({"weight": 3}), json!({"weight": 1})], &[3.0, 1.0]);
    shares(&[json!({"weight": 3, "rpm": 1}), json!({"rpm": 9})], &[1.0, 0.0]);
    shares(&[json!({"rpm": 1, "tpm": 9}), json!({"rpm": 9, "tpm": 1})], &[1.0, 9.0]);
    shares(&[json!({"tpm": 1_000}), json!({"tpm": 3_000}), json!({})], &[1.0, 3.0, 0.0]);
    shares(&[json!({"weight": 0}), json!({"weight": 0})], &[1.0, 1.0]);
}

#[test]
fn the_least_busy_share_the_traffic_evenly() {
    let group = by("least-busy", 4);
    assert_shares(&group, &Wish::default(), &[1.0; 4]);
    group.deployments[0].seen.begun(NOW);
    assert_shares(&group, &Wish::default(), &[0.0, 1.0, 1.0, 1.0]);
    for index in 1..4 {
        group.deployments[index].seen.begun(NOW);
    }
    group.deployments[2].seen.over();
    assert_shares(&group, &Wish::default(), &[0.0, 0.0, 1.0, 0.0]);
}

#[test]
fn the_least_used_of_this_minute_is_chosen() {
    let (first, any) = (by("usage-based-routing", 3), by("usage-based-routing-v2", 3));
    assert_shares(&first, &Wish::default(), &[1.0, 0.0, 0.0]);
    assert_shares(&any, &Wish::default(), &[1.0; 3]);
    for group in [&first, &any] {
        answered(group, 0, 50, 1);
        answered(group, 1, 10, 1);
        answered(group, 2, 20, 1);
        assert_shares(group, &Wish::default(), &[0.0, 1.0, 0.0]);
    }
}

#[test]
fn a_deployment_whose_minute_is_full_waits_until_all_are() {
    let limited = [json!({"litellm_params": {"rpm": 1}}), json!({"litellm_params": {"tpm": 100}}), json!({})];
    for strategy in ["usage-based-routing-v2", "latency-based-routing", "cost-based-routing"] {
        let group = group_by(json!({"routing_strategy": strategy}), &limited);
        group.deployments[0].seen.begun(NOW);
        let long = || 101;
        let wish = Wish { input_tokens: Some(&long), ..Wish::default() };
        assert_shares(&group, &wish, &[0.0, 0.0, 1.0]);
        let full = group_by(json!({"routing_strategy": strategy}), &limited[..1]);
        full.deployments[0].seen.begun(NOW);
        assert_shares(&full, &wish, &[1.0]);
    }
}

#[test]
fn the_fastest_is_chosen_once_all_are_measured() {
    let group = by("latency-based-routing", 3);
    answered(&group, 0, 1, 300);
    assert_shares(&group, &Wish::default(), &[0.0, 1.0, 1.0]);
    answered(&group, 1, 1, 100);
    answered(&group, 2, 1, 200);
    assert_shares(&group, &Wish::default(), &[0.0, 1.0, 0.0]);
    group.deployments[1].seen.timed_out(NOW);
    assert_shares(&group, &Wish::default(), &[0.0, 0.0, 1.0]);
}

#[test]
fn a_stream_goes_where_streams_begin_first() {
    let group = by("latency-based-routing", 2);
    let measured = |took_ms, first_token_ms| Measured { tokens: 1, answer_tokens: 1, took_ms, first_token_ms };
    group.deployments[0].seen.answered(NOW, measured(900, Some(10)));
    group.deployments[1].seen.answered(NOW, measured(100, Some(50)));
    assert_shares(&group, &Wish { is_stream: true, ..Wish::default() }, &[1.0, 0.0]);
    assert_shares(&group, &Wish::default(), &[0.0, 1.0]);
}

#[test]
fn a_buffer_shares_the_traffic_among_those_about_as_fast_as_the_fastest() {
    let settings = json!({"routing_strategy": "latency-based-routing", "routing_strategy_args": {
        "lowest_latency_buffer": 0.5, "ttl": 60
    }});
    let group = group_by(settings, &[json!({}), json!({}), json!({})]);
    answered(&group, 0, 1, 100);
    answered(&group, 1, 1, 149);
    answered(&group, 2, 1, 151);
    assert_shares(&group, &Wish::default(), &[1.0, 1.0, 0.0]);
    let later = NOW.plus_millis(61_000);
    group.deployments[2].seen.answered(later, Measured { took_ms: 500, ..Measured::default() });
    let chosen = group.choose(&Seeded(Mutex::new(1)), later, &Wish::default(), |_| true).unwrap();
    assert_ne!(chosen.id.as_str(), "2", "what was measured before counts no more");
}

#[test]
fn what_cannot_be_used_changes_nothing_among_the_others() {
    let shares = |group: &Group, unusable: &str, wanted: &[f64]| {
        let random = Seeded(Mutex::new(5));
        let mut counts = vec![0; group.deployments.len()];
        for _ in 0..TRIES {
            let usable = |deployment: &Deployment| unusable.split(' ').all(|id| id != deployment.id.as_str());
            let chosen = group.choose(&random, NOW, &Wish::default(), usable).unwrap();
            counts[chosen.id.as_str().parse::<usize>().unwrap()] += 1;
        }
        assert_close(&counts, wanted);
    };
    let settings = json!({"routing_strategy": "latency-based-routing", "routing_strategy_args": {
        "lowest_latency_buffer": 0.5, "ttl": 60
    }});
    let by_latency = group_by(settings, &[json!({}), json!({}), json!({})]);
    for (index, took_ms) in [100, 149, 200].into_iter().enumerate() {
        answered(&by_latency, index, 1, took_ms);
    }
    shares(&by_latency, "", &[1.0, 1.0, 0.0]);
    shares(&by_latency, "0", &[0.0, 1.0, 1.0]);
    shares(&by_latency, "1", &[1.0, 0.0, 0.0]);
    shares(&by("least-busy", 12), "1 2 3 4 5 6 7 8 9 10 11", &[vec![1.0], vec![0.0; 11]].concat());
    let weighted = group(&[json!({"weight": 8}), json!({"weight": 3}), json!({"weight": 1}), json!({"weight": 0})]);
    shares(&weighted, "0", &[0.0, 3.0, 1.0, 0.0]);
    shares(&weighted, "0 1 2", &[0.0, 0.0, 0.0, 1.0]);
    weighted.deployments[1].seen.is_unhealthy_until(NOW.plus_millis(1));
    shares(&weighted, "", &[8.0, 0.0, 1.0, 0.0]);
}

#[test]
fn the_cheapest_is_chosen_and_one_without_a_price_last() {
    let priced = |dollars: f64| {
        json!({"litellm_params": {
            "input_cost_per_token": dollars, "output_cost_per_token": dollars
        }})
    };
    let group = group_by(json!({"routing_strategy": "cost-based-routing"}), &[priced(0.1), priced(0.001), json!({})]);
    assert_shares(&group, &Wish::default(), &[0.0, 1.0, 0.0]);
    let equal = group_by(json!({"routing_strategy": "cost-based-routing"}), &[priced(0.1), priced(0.1), json!({})]);
    assert_shares(&equal, &Wish::default(), &[1.0, 1.0, 0.0]);
}
