//! Costs against recorded vectors, and what the vectors do not say.

use super::*;
use crate::price::find;
use serde_json::Value;

fn count(value: &Value, path: &str) -> u64 {
    value.pointer(path).and_then(Value::as_u64).unwrap_or(0)
}

fn usage(vector: &Value) -> Usage {
    let usage = &vector["usage"];
    let either = |first: &str, second: &str| count(usage, first).max(count(usage, second));
    Usage {
        prompt_tokens: count(usage, "/prompt_tokens"),
        completion_tokens: count(usage, "/completion_tokens"),
        total_tokens: count(usage, "/total_tokens"),
        cache_read_tokens: either("/prompt_tokens_details/cached_tokens", "/cache_read_input_tokens"),
        cache_write_tokens: either("/prompt_tokens_details/cache_creation_tokens", "/cache_creation_input_tokens"),
        cache_write_1h_tokens: count(
            usage,
            "/prompt_tokens_details/cache_creation_token_details/ephemeral_1h_input_tokens",
        ),
        audio_prompt_tokens: count(usage, "/prompt_tokens_details/audio_tokens"),
        image_prompt_tokens: count(usage, "/prompt_tokens_details/image_tokens"),
        audio_completion_tokens: count(usage, "/completion_tokens_details/audio_tokens"),
        image_completion_tokens: count(usage, "/completion_tokens_details/image_tokens"),
        reasoning_tokens: count(usage, "/completion_tokens_details/reasoning_tokens"),
        ..Usage::default()
    }
}

/// A Saturday: the vectors were recorded at an hour that is quiet for the models that know such hours.
fn recorded() -> Timestamp {
    Timestamp::from_seconds("2026-11-21T05:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second())
}

fn close(got: FemtoDollars, wanted: &Value) -> bool {
    let wanted = wanted.as_f64().unwrap();
    (got.dollars() - wanted).abs() <= 1e-9 * wanted.abs()
}

#[test]
fn costs_are_those_that_the_corpus_records() {
    let vectors = include_str!("../../data/corpus/cost_vectors.jsonl");
    let mut checked = 0;
    for line in vectors.lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        let price = find(vector["model"].as_str().unwrap(), vector["provider"].as_str());
        let price = price.unwrap_or_else(|| panic!("no entry: {line}"));
        let facts = CallFacts {
            service_tier: vector["service_tier"].as_str().map_or(ServiceTier::Standard, ServiceTier::from_name),
            search_units: count(&vector, "/usage/billed_units/search_units"),
            ..CallFacts::at(recorded())
        };
        let usage = usage(&vector);
        let prices = Prices::of(&price, &usage, &facts);
        let (prompt, completion) = (prices.prompt(&usage), prices.completion(&usage));
        assert!(close(prompt, &vector["prompt_cost"]), "{prompt:?} for {line}");
        assert!(close(completion, &vector["completion_cost"]), "{completion:?} for {line}");
        checked += 1;
    }
    assert_eq!(checked, 1160);
}

#[test]
fn a_model_without_prices_costs_nothing() {
    let price = ModelPrice::from_info("own", serde_json::Map::new());
    let usage = Usage { prompt_tokens: 10, completion_tokens: 10, ..Usage::default() };
    assert!(!price.is_priced());
    assert_eq!(price.cost(&usage, &CallFacts::at(recorded())), Cost::default());
}

#[test]
fn the_providers_own_cost_counts_where_no_price_is_known() {
    let usage = Usage { prompt_tokens: 1000, reported_cost: NanoDollars::new(7), ..Usage::default() };
    let known = find("gpt-4o", None);
    let facts = CallFacts::at(recorded());
    assert_eq!(cost_of(None, &usage, &facts).total, NanoDollars::new(7));
    assert_eq!(cost_of(known.as_ref(), &usage, &facts).total, NanoDollars::new(2_500_000));
}

#[test]
fn web_searches_and_requests_are_charged_beside_tokens() {
    let usage = Usage { prompt_tokens: 1000, web_searches: 2, ..Usage::default() };
    let cost = find("claude-sonnet-4-5", None).unwrap().cost(&usage, &CallFacts::at(recorded()));
    assert_eq!((cost.prompt.nanos(), cost.tools.nanos(), cost.total.nanos()), (3_000_000, 20_000_000, 23_000_000));
    let online = find("perplexity/pplx-7b-online", None).unwrap();
    assert_eq!(online.cost(&Usage::default(), &CallFacts::at(recorded())).total, NanoDollars::new(5_000_000));
}

#[test]
fn token_kinds_that_overlap_never_make_a_cost_negative() {
    let usage = Usage { prompt_tokens: 10, cache_read_tokens: 10, audio_prompt_tokens: 10, ..Usage::default() };
    let cost = find("gpt-4o", None).unwrap().cost(&usage, &CallFacts::at(recorded()));
    assert!(cost.total > NanoDollars::ZERO && cost.total < NanoDollars::new(1_000_000));
}
