//! A model's prices, read from the keys of its entry: what is priced, in which service tier, above how many tokens.

use super::femto::FemtoDollars;
use super::tier::{ServiceTier, Tiers};
use serde_json::{Map, Value};

/// What a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Component {
    Input,
    CacheRead,
    CacheWrite,
    CacheWrite1h,
    AudioInput,
    ImageInput,
    Output,
    Reasoning,
    AudioOutput,
    ImageOutput,
    Citation,
    Request,
    Query,
    InputSecond,
    OutputSecond,
    InputCharacter,
    InputImage,
    OutputImage,
    InputPixel,
    OutputPixel,
}

impl Component {
    /// Whether the price belongs to the input side of a call.
    pub(super) fn is_input(self) -> bool {
        !matches!(
            self,
            Self::Output
                | Self::Reasoning
                | Self::AudioOutput
                | Self::ImageOutput
                | Self::OutputSecond
                | Self::OutputImage
                | Self::OutputPixel
        )
    }
}

/// All prices of a model, as a flat list: it is short, and most calls look at two or three of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Rates {
    list: Vec<Rate>,
    /// Whether a price "above 200k tokens" holds from exactly 200,000 tokens on.
    thresholds_inclusive: bool,
}

#[derive(Clone, Copy, Debug)]
struct Rate {
    component: Component,
    tier: ServiceTier,
    /// The price holds for inputs longer than this; 0 for the base price.
    above_tokens: u64,
    price: FemtoDollars,
}

impl Rates {
    /// The prices of an entry. Keys that are not prices of tokens or calls are skipped.
    pub(super) fn of(info: &Map<String, Value>, thresholds_inclusive: bool) -> Self {
        let mut list: Vec<_> = info.iter().filter_map(|(key, value)| rate(key, value, 0)).collect();
        let tiers = info.get("tiered_pricing").and_then(Value::as_array).into_iter().flatten();
        for tier in tiers.filter_map(Value::as_object) {
            let from = tier.get("range").and_then(|range| range.get(0)).and_then(Value::as_f64);
            // Tiers by anything but input tokens (search results) have no range and are not for this list.
            let Some(from) = from else { continue };
            list.extend(tier.iter().filter_map(|(key, value)| rate(key, value, from as u64)));
        }
        Self { list, thresholds_inclusive }
    }

    /// Whether there is no price at all.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The price of one unit in a call of this tier and input length.
    ///
    /// A price for long inputs wins over a tier's own base price; among prices for long inputs the tier's own wins.
    pub(super) fn price(&self, component: Component, tier: ServiceTier, prompt_tokens: u64) -> Option<FemtoDollars> {
        let candidates = self.list.iter().filter(|rate| {
            rate.component == component
                && (rate.tier == tier || rate.tier == ServiceTier::Standard)
                && self.reached(rate.above_tokens, prompt_tokens)
        });
        candidates
            .max_by_key(|rate| (rate.above_tokens > 0, rate.tier == tier, rate.above_tokens))
            .map(|rate| rate.price)
    }

    /// The dearest price of one unit in any call whose tier is one of these and whose input is at most this long.
    pub(super) fn dearest(&self, component: Component, tiers: Tiers, prompt_tokens_max: u64) -> Option<FemtoDollars> {
        let candidates = self.list.iter().filter(|rate| {
            rate.component == component
                && (rate.tier == ServiceTier::Standard || tiers.contains(rate.tier))
                && self.reached(rate.above_tokens, prompt_tokens_max)
        });
        candidates.map(|rate| rate.price).max()
    }

    fn reached(&self, above: u64, prompt_tokens: u64) -> bool {
        above == 0 || prompt_tokens > above || (self.thresholds_inclusive && prompt_tokens == above)
    }
}

/// Reads `input_cost_per_token_above_200k_tokens_priority` and its like.
fn rate(key: &str, value: &Value, above_tokens: u64) -> Option<Rate> {
    let (component, rest) = component(key)?;
    let price = FemtoDollars::from_dollars(value.as_f64()?);
    let (above_tokens, suffix) = match rest.strip_prefix("_above_").and_then(|rest| rest.split_once("k_tokens")) {
        Some((thousands, suffix)) => (thousands.parse::<u64>().ok()?.saturating_mul(1000), suffix),
        None => (above_tokens, rest),
    };
    Some(Rate { component, tier: ServiceTier::from_suffix(suffix)?, above_tokens, price })
}

/// What a key prices, and the rest of the key.
pub(super) fn component(key: &str) -> Option<(Component, &str)> {
    NAMES.iter().find_map(|(name, component)| Some((*component, key.strip_prefix(name)?)))
}

/// A name that begins with another stands before it.
const NAMES: [(&str, Component); 20] = [
    ("cache_creation_input_token_cost_above_1hr", Component::CacheWrite1h),
    ("cache_creation_input_token_cost", Component::CacheWrite),
    ("cache_read_input_token_cost", Component::CacheRead),
    ("input_cost_per_token", Component::Input),
    ("input_cost_per_audio_token", Component::AudioInput),
    ("input_cost_per_image_token", Component::ImageInput),
    ("input_cost_per_request", Component::Request),
    ("input_cost_per_query", Component::Query),
    ("input_cost_per_second", Component::InputSecond),
    ("citation_cost_per_token", Component::Citation),
    ("output_cost_per_token", Component::Output),
    ("output_cost_per_audio_token", Component::AudioOutput),
    ("output_cost_per_image_token", Component::ImageOutput),
    ("output_cost_per_reasoning_token", Component::Reasoning),
    ("output_cost_per_second", Component::OutputSecond),
    ("input_cost_per_character", Component::InputCharacter),
    ("input_cost_per_image", Component::InputImage),
    ("output_cost_per_image", Component::OutputImage),
    ("input_cost_per_pixel", Component::InputPixel),
    ("output_cost_per_pixel", Component::OutputPixel),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn price(info: Value, tier: ServiceTier, prompt_tokens: u64) -> Option<FemtoDollars> {
        Rates::of(info.as_object().unwrap(), false).price(Component::Input, tier, prompt_tokens)
    }

    #[test]
    fn a_threshold_holds_for_longer_inputs_only() {
        let info = json!({"input_cost_per_token": 1.0, "input_cost_per_token_above_200k_tokens": 2.0});
        let dollars = |tokens| price(info.clone(), ServiceTier::Standard, tokens).unwrap().dollars();
        assert_eq!((dollars(200_000), dollars(200_001)), (1.0, 2.0));
    }

    #[test]
    fn a_long_input_is_dear_in_a_cheap_tier_too() {
        let info = json!({
            "input_cost_per_token": 2.0, "input_cost_per_token_flex": 1.0,
            "input_cost_per_token_above_200k_tokens": 4.0
        });
        let dollars = |tokens| price(info.clone(), ServiceTier::Flex, tokens).unwrap().dollars();
        assert_eq!((dollars(10), dollars(300_000)), (1.0, 4.0));
    }

    #[test]
    fn a_key_that_only_looks_like_a_price_is_not_one() {
        let info = json!({"input_cost_per_token_cache_hit": 1.0, "input_cost_per_token": null});
        assert_eq!(price(info, ServiceTier::Standard, 1), None);
    }

    #[test]
    fn a_price_list_by_length_reads_as_thresholds() {
        let info = json!({"tiered_pricing": [
            {"range": [0, 32000.0], "input_cost_per_token": 1.0},
            {"range": [32000.0, 128000.0], "input_cost_per_token": 3.0}
        ]});
        let dollars = |tokens| price(info.clone(), ServiceTier::Standard, tokens).unwrap().dollars();
        assert_eq!((dollars(32_000), dollars(32_001), dollars(500_000)), (1.0, 3.0, 3.0));
    }
}
