//! The operator's own prices over those of the price data.

use super::model::ModelPrice;
use super::rates::component;
use serde_json::{Map, Value};

impl ModelPrice {
    /// The entry with the operator's fields in place of its own. Nulls are skipped.
    ///
    /// A price per input token (or per second of input) also removes the entry's other prices of the input (cache, audio, long inputs, service
    /// tiers), which were relative to the price that no longer holds; the same for the output. Prices that the
    /// operator states stay, and so does everything of the side that the operator does not touch.
    pub fn with_overrides(&self, overrides: &Map<String, Value>) -> Self {
        let stated = |field: &str| overrides.get(field).is_some_and(|value| !value.is_null());
        let input = stated("input_cost_per_token") || stated("input_cost_per_second");
        let output = stated("output_cost_per_token") || stated("output_cost_per_second");
        let mut info = self.info.clone();
        info.retain(|field, _| match component(field) {
            Some((component, _)) => !(if component.is_input() { input } else { output }),
            None => !(matches!(field.as_str(), "tiered_pricing" | "off_peak_pricing") && (input || output)),
        });
        for (field, value) in overrides.iter().filter(|(_, value)| !value.is_null()) {
            info.insert(field.clone(), value.clone());
        }
        Self::from_info(&self.key, info)
    }
}

/// Whether a field of `litellm_params` or `model_info` is a price.
pub fn is_price(field: &str) -> bool {
    component(field).is_some()
        || matches!(field, "tiered_pricing" | "off_peak_pricing" | "search_context_cost_per_query")
        || field.contains("cost_per_")
}

#[cfg(test)]
mod tests {
    use crate::clock::Timestamp;
    use crate::price::{CallFacts, find};
    use crate::usage::Usage;
    use serde_json::json;

    fn nanos(overrides: serde_json::Value, usage: &Usage) -> (i64, i64) {
        let price = find("gpt-4o", None).unwrap().with_overrides(overrides.as_object().unwrap());
        let cost = price.cost(usage, &CallFacts::at(Timestamp::default()));
        (cost.prompt.nanos(), cost.completion.nanos())
    }

    #[test]
    fn the_operators_price_replaces_that_of_the_data() {
        let usage = Usage { prompt_tokens: 1000, completion_tokens: 100, ..Usage::default() };
        assert_eq!(nanos(json!({}), &usage), (2_500_000, 1_000_000));
        assert_eq!(nanos(json!({"input_cost_per_token": 1e-6}), &usage), (1_000_000, 1_000_000));
        assert_eq!(nanos(json!({"output_cost_per_token": 0}), &usage), (2_500_000, 0));
    }

    #[test]
    fn cached_tokens_follow_the_operators_input_price() {
        let usage = Usage { prompt_tokens: 1000, cache_read_tokens: 600, ..Usage::default() };
        assert_eq!(nanos(json!({"input_cost_per_token": 1e-6}), &usage).0, 1_000_000);
        let stated = json!({"input_cost_per_token": 1e-6, "cache_read_input_token_cost": 0.0});
        assert_eq!(nanos(stated, &usage).0, 400_000);
    }

    #[test]
    fn a_null_overrides_nothing() {
        let usage = Usage { prompt_tokens: 1000, ..Usage::default() };
        assert_eq!(nanos(json!({"input_cost_per_token": null}), &usage).0, 2_500_000);
    }
}
