//! The bound against the cost: over all models of the price data and any usage within the demand.

use super::*;
use crate::clock::Timestamp;
use crate::money::NanoDollars;
use crate::price::{CallFacts, SearchContext, ServiceTier, index};
use crate::usage::{Media, ToolUses, Usage};
use proptest::prelude::*;
use std::sync::LazyLock;

static MODELS: LazyLock<Vec<ModelPrice>> = LazyLock::new(|| {
    let names = index::entries().map(|(name, _)| name);
    names.filter_map(|name| Some(ModelPrice::from_info(name, index::entry(name)?))).collect()
});

const TIERS: [ServiceTier; 6] = [
    ServiceTier::Standard,
    ServiceTier::Flex,
    ServiceTier::Priority,
    ServiceTier::Balanced,
    ServiceTier::Ultrafast,
    ServiceTier::Batch,
];

/// A usage as an upstream may tell it: parts overlap, and can be larger than their wholes.
fn usages() -> impl Strategy<Value = Usage> {
    let tokens = || prop_oneof![Just(0), 0_u64..2000, 100_000_u64..600_000, 127_999_u64..128_002, 199_999_u64..200_002];
    let input = (tokens(), tokens(), tokens(), tokens(), tokens(), tokens());
    let output = (tokens(), tokens(), tokens(), tokens());
    let media = (0_u64..5, 0_u64..3_000_000, 0_u64..5000, 0_u64..100_000, 0_u64..100_000);
    let uses = (0_u64..5, 0_u64..3, 0_u64..3, 0_u64..3, 0_i64..900_000_000);
    (input, output, uses, tokens(), any::<prop::sample::Index>(), media).prop_map(
        |(
            input,
            output,
            (web_searches, file_searches, containers, map_queries, drawn),
            cited,
            tier,
            (images, pixels, characters, spoken_ms, recorded_ms),
        )| {
            let usage = Usage {
                prompt_tokens: input.0,
                cache_read_tokens: input.1,
                cache_write_tokens: input.2,
                cache_write_1h_tokens: input.3,
                audio_prompt_tokens: input.4,
                image_prompt_tokens: input.5,
                completion_tokens: output.0,
                reasoning_tokens: output.1,
                audio_completion_tokens: output.2,
                image_completion_tokens: output.3,
                web_searches,
                tools: ToolUses { file_searches, containers, map_queries, drawn: NanoDollars::new(drawn) },
                citation_tokens: cited,
                service_tier: Some(*tier.get(&TIERS)),
                media: Media { images, pixels, characters, spoken_ms, recorded_ms },
                ..Usage::default()
            };
            usage.checked()
        },
    )
}

/// The least demand that the usage lies within.
fn demand(usage: &Usage, facts: &CallFacts, choices: u64) -> Demand {
    Demand {
        input_tokens: usage.prompt_tokens,
        output_tokens: usage.completion_tokens.div_ceil(choices),
        choices,
        tiers: usage.service_tier.map_or(Tiers::STANDARD, Tiers::named),
        audio_input: usage.audio_prompt_tokens > 0,
        audio_output: usage.audio_completion_tokens > 0,
        hour_cache: usage.cache_write_1h_tokens > 0,
        searches: usage.web_searches,
        tools: usage.tools,
        citation_tokens: usage.citation_tokens,
        search_units: facts.search_units,
        duration_ms: facts.duration_ms,
        media: usage.media,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_usage_within_the_demand_costs_more_than_the_bound(
        usage in usages(),
        choices in 1_u64..5,
        context in 0..3,
        search_units in 0_u64..4,
        duration_ms in 0_u64..100_000,
        hour in 0_i64..200,
        slack in 0_u64..300_000,
    ) {
        let search_context = [SearchContext::Low, SearchContext::Medium, SearchContext::High][context as usize];
        let at = Timestamp::from_seconds(1_790_000_000 + hour * 3600);
        let facts = CallFacts { search_context, search_units, duration_ms, ..CallFacts::at(at) };
        let least = demand(&usage, &facts, choices);
        let wider = Demand { input_tokens: least.input_tokens + slack, tiers: Tiers::ANY, ..least };
        for model in MODELS.iter() {
            let cost = model.cost(&usage, &facts).total;
            prop_assert!(cost <= model.bound(&least), "{}: {cost} > {}", model.key(), model.bound(&least));
            prop_assert!(cost <= model.bound(&wider), "{}: {cost} > {}", model.key(), model.bound(&wider));
        }
    }

    #[test]
    fn the_largest_output_fits_and_one_more_token_does_not(
        input_tokens in 0_u64..300_000,
        asked in 0_u64..200_000,
        choices in 0_u64..4,
        nanos in 0_i64..20_000_000_000,
        model in any::<prop::sample::Index>(),
    ) {
        let (model, amount) = (model.get(&MODELS), NanoDollars::new(nanos));
        let demand = Demand { input_tokens, output_tokens: asked, choices, ..Demand::default() };
        let bound = |output_tokens| model.bound(&Demand { output_tokens, ..demand });
        match model.largest_output(&demand, amount) {
            None => prop_assert!(asked == 0 || bound(1) > amount),
            Some(most) => {
                prop_assert!((1..=asked).contains(&most) && bound(most) <= amount);
                prop_assert!(most == asked || bound(most + 1) > amount);
            }
        }
    }
}

fn model(name: &str) -> ModelPrice {
    crate::price::find(name, None).unwrap()
}

#[test]
fn a_small_call_is_bound_at_what_it_costs() {
    let demand = Demand { input_tokens: 1000, output_tokens: 100, ..Demand::default() };
    assert_eq!(model("gpt-4o").bound(&demand), NanoDollars::new(2_500_000 + 1_000_000));
    assert_eq!(model("gpt-4o").bound(&Demand { choices: 3, ..demand }), NanoDollars::new(2_500_000 + 3_000_000));
}

#[test]
fn a_dearer_tier_counts_only_where_the_call_can_end_in_it() {
    let demand = |tiers| Demand { input_tokens: 1000, tiers, ..Demand::default() };
    let bound = |tiers| model("gpt-4o").bound(&demand(tiers)).nanos();
    assert_eq!(bound(Tiers::STANDARD), 2_500_000);
    assert_eq!(bound(Tiers::named(ServiceTier::Priority)), 4_250_000);
    assert_eq!(bound(Tiers::ANY), 4_250_000);
}

#[test]
fn cache_writes_are_expected_and_those_for_an_hour_only_where_asked_for() {
    let demand = Demand { input_tokens: 1000, ..Demand::default() };
    let claude = model("claude-sonnet-4-5");
    assert_eq!(claude.bound(&demand), NanoDollars::new(3_750_000));
    assert_eq!(claude.bound(&Demand { hour_cache: true, ..demand }), NanoDollars::new(6_000_000));
}

#[test]
fn a_clamp_leaves_what_the_budget_affords() {
    let demand = Demand { input_tokens: 1000, output_tokens: 4096, ..Demand::default() };
    let afford = |nanos| model("gpt-4o").largest_output(&demand, NanoDollars::new(nanos));
    assert_eq!(afford(1_000_000_000), Some(4096));
    assert_eq!(afford(3_500_000), Some(100));
    assert_eq!(afford(2_509_999), None);
    assert_eq!(afford(-5), None);
}

#[test]
fn a_model_by_the_second_is_bound_by_its_time() {
    let info = serde_json::json!({"input_cost_per_second": 0.001});
    let price = ModelPrice::from_info("own", info.as_object().unwrap().clone());
    let demand = Demand { input_tokens: 1000, duration_ms: 1500, ..Demand::default() };
    assert_eq!(price.bound(&demand), NanoDollars::new(1_500_000));
    let facts = CallFacts { duration_ms: 1500, ..CallFacts::at(Timestamp::default()) };
    assert_eq!(price.cost(&Usage::default(), &facts).total, NanoDollars::new(1_500_000));
}
