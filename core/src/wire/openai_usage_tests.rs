//! What is read of vendors' own usage objects, and of the recorded answers.

use super::*;
use crate::clock::Timestamp;
use crate::price::{self, CallFacts};
use crate::usage::ServiceTier;
use serde_json::Value;

#[test]
fn counts_and_their_details_are_read() {
    let usage = usage_from_openai(
        br#"{"prompt_tokens": 12, "completion_tokens": 5.0, "total_tokens": 17, "cost": {"x": [1]},
             "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": null},
             "completion_tokens_details": {"reasoning_tokens": 3, "accepted_prediction_tokens": 0}}"#,
    );
    let wanted = Usage {
        prompt_tokens: 12,
        completion_tokens: 5,
        total_tokens: 17,
        cache_read_tokens: 4,
        reasoning_tokens: 3,
        ..Usage::default()
    };
    assert_eq!(usage, Some(wanted));
}

#[test]
fn an_object_that_counts_nothing_is_no_usage() {
    for object in ["null", "{}", "{\"prompt_tokens\": null}", "[]", "7", "{\"prompt_tokens\": -3}", "{\"pro"] {
        assert_eq!(usage_from_openai(object.as_bytes()), None, "{object}");
    }
}

#[test]
fn vendors_own_names_are_understood() {
    let of = |object: &str| usage_from_openai(object.as_bytes()).unwrap();
    assert_eq!(of(r#"{"prompt_tokens": 9, "prompt_cache_hit_tokens": 4}"#).cache_read_tokens, 4);
    assert_eq!(of(r#"{"prompt_tokens": 9, "cached_tokens": 5}"#).cache_read_tokens, 5);
    assert_eq!(of(r#"{"input_tokens": 9, "output_tokens": 2}"#).total(), 11);
    assert_eq!(of(r#"{"prompt_tokens": 9, "num_search_queries": 2}"#).web_searches, 2);
    let calls = r#"{"prompt_tokens": 9, "server_side_tool_usage_details": {"web_search_calls": 3}}"#;
    assert_eq!(of(calls).web_searches, 3);
}

#[test]
fn reasoning_that_is_counted_beside_the_completion_becomes_part_of_it() {
    let object = r#"{"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 35,
                     "completion_tokens_details": {"reasoning_tokens": 20}}"#;
    assert_eq!(usage_from_openai(object.as_bytes()).unwrap().completion_tokens, 25);
}

#[test]
fn a_total_alone_counts_the_input() {
    assert_eq!(usage_from_openai(br#"{"total_tokens": 5}"#).unwrap().prompt_tokens, 5);
}

#[test]
fn the_vendors_own_cost_is_kept() {
    let of = |object: &str| usage_from_openai(object.as_bytes()).unwrap().reported_cost.nanos();
    assert_eq!(of(r#"{"prompt_tokens": 1, "cost": 0.00042}"#), 420_000);
    assert_eq!(of(r#"{"prompt_tokens": 1, "cost": {"total_cost": 0.1, "input": 0}}"#), 100_000_000);
    assert_eq!(of(r#"{"prompt_tokens": 1, "cost": -3}"#), 0);
    assert_eq!(of(r#"{"prompt_tokens": 1, "cost": "free"}"#), 0);
}

#[test]
fn odd_counts_are_flagged() {
    let doubts = |object: &str| {
        let usage = usage_from_openai(object.as_bytes()).unwrap();
        usage.doubts.iter().map(Doubt::name).collect::<Vec<_>>()
    };
    assert!(doubts(r#"{"prompt_tokens": 3, "completion_tokens": 4}"#).is_empty());
    assert_eq!(doubts(r#"{"prompt_tokens": 3, "completion_tokens": -4}"#), ["negative"]);
    assert_eq!(doubts(r#"{"prompt_tokens": 3, "completion_tokens": 1e30}"#), ["absurd"]);
    assert_eq!(doubts(r#"{"prompt_tokens": 3, "cache_read_input_tokens": 40}"#), ["inconsistent"]);
}

#[test]
fn an_answer_names_the_tier_that_was_served() {
    let tier = |answer: &str| usage_of(&serde_json::from_str(answer).unwrap()).unwrap().service_tier;
    assert_eq!(tier(r#"{"usage": {"prompt_tokens": 3}}"#), None);
    assert_eq!(tier(r#"{"service_tier": "priority", "usage": {"prompt_tokens": 3}}"#), Some(ServiceTier::Priority));
    assert_eq!(tier(r#"{"usage": {"prompt_tokens": 3, "service_tier": "default"}}"#), Some(ServiceTier::Standard));
    assert_eq!(tier(r#"{"service_tier": null, "usage": {"prompt_tokens": 3}}"#), None);
}

#[test]
fn a_cost_is_read_in_any_vendors_unit() {
    let of = |object: &str| usage_from_openai(object.as_bytes()).unwrap().reported_cost.nanos();
    assert_eq!(of(r#"{"prompt_tokens": 1, "cost_in_usd_ticks": 37756000}"#), 3_775_600);
    let own_key =
        r#"{"prompt_tokens": 1, "cost": 0.001, "is_byok": true, "cost_details": {"upstream_inference_cost": 0.02}}"#;
    assert_eq!(of(own_key), 21_000_000);
    assert_eq!(of(&own_key.replace("true", "false")), 1_000_000);
}

#[test]
fn a_search_is_priced_by_how_much_it_read() {
    let usage = usage_from_openai(br#"{"prompt_tokens": 1, "num_search_queries": 1, "search_context_size": "low"}"#);
    let cost =
        price::find("perplexity/sonar-pro", None).unwrap().cost(&usage.unwrap(), &CallFacts::at(Timestamp::default()));
    assert_eq!(cost.tools.nanos(), 6_000_000);
}

/// The usage of a recorded answer or last chunk, found where the decoders find it.
fn usage_of(answer: &Value) -> Option<Usage> {
    #[derive(serde::Deserialize)]
    struct Answer {
        usage: Option<Box<RawValue>>,
        x_groq: Option<Vendor>,
        service_tier: Option<Box<RawValue>>,
    }
    #[derive(serde::Deserialize)]
    struct Vendor {
        usage: Option<Box<RawValue>>,
    }
    let answer: Answer = serde_json::from_str(&answer.to_string()).unwrap();
    let usage = answer.usage.or_else(|| answer.x_groq?.usage);
    usage_and_tier(usage.as_deref(), answer.service_tier.as_deref())
}

fn recorded() -> impl Iterator<Item = Value> {
    include_str!("../../data/corpus/answers.jsonl").lines().map(|line| serde_json::from_str(line).unwrap())
}

#[test]
fn recorded_answers_have_the_usage_that_the_client_was_told() {
    let mut wrong = Vec::new();
    // Recorded with an oracle that counts again what this vendor's streams have told.
    for row in recorded().filter(|row| row["id"] != "snowflake/stream_req/stream_usage") {
        let usage = usage_of(&row["upstream"]).unwrap();
        let told = |path: &str| row["client"].pointer(path).and_then(Value::as_u64).unwrap_or(0);
        let pairs = [
            (usage.prompt_tokens, told("/prompt_tokens")),
            (usage.completion_tokens, told("/completion_tokens")),
            (usage.total(), told("/total_tokens")),
            (usage.cache_read_tokens, told("/prompt_tokens_details/cached_tokens")),
            (usage.audio_prompt_tokens, told("/prompt_tokens_details/audio_tokens")),
            (usage.audio_completion_tokens, told("/completion_tokens_details/audio_tokens")),
            (usage.reasoning_tokens, told("/completion_tokens_details/reasoning_tokens")),
        ];
        if pairs.iter().any(|(read, told)| read != told) {
            wrong.push(format!("{pairs:?} {row}"));
        }
    }
    assert!(wrong.is_empty(), "{} {}", wrong.len(), wrong.join("\n"));
}

#[test]
fn recorded_answers_cost_what_the_client_was_told() {
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for row in recorded() {
        // A deployment with a price of its own, and a search that the oracle did not charge.
        let apart = ["plumbing/params/dummy_price", "perplexity/response/citations_top"];
        let Some(told) = row["cost"].as_f64().filter(|_| !apart.iter().any(|id| row["id"] == *id)) else { continue };
        let usage = usage_of(&row["upstream"]).unwrap();
        let asked = row["tier"].as_str().map_or(ServiceTier::Standard, ServiceTier::from_name);
        let facts = CallFacts { service_tier: asked, ..CallFacts::at(Timestamp::from_seconds(1_795_237_200)) };
        let model = row["model"].as_str().unwrap();
        let price = price::find(model, model.split_once('/').map(|(provider, _)| provider));
        let cost = price::cost_of(price.as_ref(), &usage, &facts).total_dollars;
        checked += 1;
        if (cost - told).abs() > 1e-9 * told {
            wrong.push(format!("{cost} {row}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {checked}\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(checked, 65);
}
