//! What one call costs: its usage at the model's prices, as an exact sum that is rounded once.

use super::femto::FemtoDollars;
use super::model::{CacheReads, ModelPrice};
use super::rates::Component;
use super::tier::{SearchContext, ServiceTier};
use crate::clock::Timestamp;
use crate::money::NanoDollars;
use crate::usage::Usage;

/// What decides about a call's price beside its usage.
#[derive(Clone, Copy, Debug)]
pub struct CallFacts {
    /// The tier that the provider says it served; where it does not say, the tier asked for.
    pub service_tier: ServiceTier,
    /// How much each web search read.
    pub search_context: SearchContext,
    /// Search units that a rerank was billed.
    pub search_units: u64,
    /// When the call was made; some models are cheaper at night.
    pub at: Timestamp,
}

impl CallFacts {
    /// An ordinary call made at `at`.
    pub fn at(at: Timestamp) -> Self {
        Self { service_tier: ServiceTier::Standard, search_context: SearchContext::Medium, search_units: 0, at }
    }
}

/// A call's cost. Each part is rounded by itself, so `total` may differ from their sum by a nano-dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Of the input, with prices per request and per search unit.
    pub prompt: NanoDollars,
    /// Of the output.
    pub completion: NanoDollars,
    /// Of web searches.
    pub searches: NanoDollars,
    /// Of everything: what is charged.
    pub total: NanoDollars,
    /// `total` before rounding, in dollars, for answers that clients read as a float.
    pub total_dollars: f64,
}

/// What a call costs: at the model's prices, or where none are known, what the provider itself says.
pub fn cost_of(price: Option<&ModelPrice>, usage: &Usage, facts: &CallFacts) -> Cost {
    match price.filter(|price| price.is_priced()) {
        Some(price) => price.cost(usage, facts),
        None => Cost { total: usage.reported_cost, total_dollars: usage.reported_cost.dollars(), ..Cost::default() },
    }
}

impl ModelPrice {
    /// What a call costs at these prices.
    pub fn cost(&self, usage: &Usage, facts: &CallFacts) -> Cost {
        let prices = Prices { model: self, facts, prompt_tokens: usage.prompt_tokens };
        let prompt = prices.prompt(usage);
        let completion = prices.completion(usage);
        let [low, medium, high] = self.searches;
        let search = match facts.search_context {
            SearchContext::Low => low,
            SearchContext::Medium => medium,
            SearchContext::High => high,
        };
        let searches = search.times(usage.web_searches);
        let total = prompt + completion + searches;
        Cost {
            prompt: prompt.to_nanos(),
            completion: completion.to_nanos(),
            searches: searches.to_nanos(),
            total: total.to_nanos(),
            total_dollars: total.dollars(),
        }
    }
}

/// The prices that hold for one call.
struct Prices<'a> {
    model: &'a ModelPrice,
    facts: &'a CallFacts,
    prompt_tokens: u64,
}

impl Prices<'_> {
    fn prompt(&self, usage: &Usage) -> FemtoDollars {
        let input = self.of(Component::Input).unwrap_or_default();
        let special =
            [usage.cache_read_tokens, usage.cache_write_tokens, usage.audio_prompt_tokens, usage.image_prompt_tokens];
        // Kinds can overlap (cached audio); the rest is never less than nothing.
        let plain = special.iter().fold(usage.prompt_tokens, |rest, count| rest.saturating_sub(*count));
        let writes_1h = usage.cache_write_1h_tokens.min(usage.cache_write_tokens);
        let request = self.of(Component::Request).unwrap_or_default();
        let cost = input.times(plain) + request + self.cache_reads(usage.cache_read_tokens, input);
        cost + self.cache_writes(usage.cache_write_tokens - writes_1h, writes_1h, input)
            + self.special(Component::AudioInput, usage.audio_prompt_tokens, input)
            + self.special(Component::ImageInput, usage.image_prompt_tokens, input)
            + self.special(Component::Query, self.facts.search_units, FemtoDollars::ZERO)
    }

    fn completion(&self, usage: &Usage) -> FemtoDollars {
        let output = self.of(Component::Output).unwrap_or_default();
        let special = [usage.reasoning_tokens, usage.audio_completion_tokens, usage.image_completion_tokens];
        let plain = special.iter().fold(usage.completion_tokens, |rest, count| rest.saturating_sub(*count));
        output.times(plain)
            + self.special(Component::Reasoning, usage.reasoning_tokens, output)
            + self.special(Component::AudioOutput, usage.audio_completion_tokens, output)
            + self.special(Component::ImageOutput, usage.image_completion_tokens, output)
    }

    fn cache_reads(&self, count: u64, input: FemtoDollars) -> FemtoDollars {
        match self.model.cache_reads {
            CacheReads::AsStated => self.special(Component::CacheRead, count, input),
            CacheReads::HalfUnlessStated => self.special(Component::CacheRead, count, input.half()),
            CacheReads::Full => input.times(count),
        }
    }

    fn cache_writes(&self, short: u64, hour: u64, input: FemtoDollars) -> FemtoDollars {
        if short == 0 && hour == 0 {
            return FemtoDollars::ZERO;
        }
        let price = match self.model.cache_reads {
            CacheReads::Full => input,
            CacheReads::AsStated | CacheReads::HalfUnlessStated => self.of(Component::CacheWrite).unwrap_or(input),
        };
        price.times(short) + self.special(Component::CacheWrite1h, hour, price)
    }

    /// The cost of tokens of a special kind; `otherwise` is their price where the entry has none for the kind.
    fn special(&self, component: Component, count: u64, otherwise: FemtoDollars) -> FemtoDollars {
        if count == 0 { FemtoDollars::ZERO } else { self.of(component).unwrap_or(otherwise).times(count) }
    }

    fn of(&self, component: Component) -> Option<FemtoDollars> {
        let quiet = self.model.off_peak.as_ref().and_then(|off_peak| off_peak.price(component, self.facts.at));
        quiet.or_else(|| self.model.rates.price(component, self.facts.service_tier, self.prompt_tokens))
    }
}

#[cfg(test)]
#[path = "cost_tests.rs"]
mod tests;
