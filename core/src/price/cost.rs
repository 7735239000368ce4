//! What one call costs: its usage at the model's prices, as an exact sum that is rounded once.

use super::femto::FemtoDollars;
use super::media;
use super::model::{CacheReads, ModelPrice};
use super::rates::Component;
use super::tier::{SearchContext, ServiceTier};
use crate::clock::Timestamp;
use crate::money::NanoDollars;
use crate::usage::Usage;

/// What decides about a call's price beside its usage.
#[derive(Clone, Copy, Debug)]
pub struct CallFacts {
    /// The tier asked for. It holds where the usage does not say which one was served.
    pub service_tier: ServiceTier,
    /// How much each web search was asked to read. It holds where the usage does not say.
    pub search_context: SearchContext,
    /// Search units that a rerank asks for. They hold where the usage does not say what was billed.
    pub search_units: u64,
    /// How long the call took. Only models without a price per token are charged by it.
    pub duration_ms: u64,
    /// When the call was made; some models are cheaper at night.
    pub at: Timestamp,
}

impl CallFacts {
    /// An ordinary call made at `at`.
    pub fn at(at: Timestamp) -> Self {
        Self {
            service_tier: ServiceTier::Standard,
            search_context: SearchContext::Medium,
            search_units: 0,
            duration_ms: 0,
            at,
        }
    }
}

/// A call's cost. Each part is rounded by itself, so `total` may differ from their sum by a nano-dollar, and by what
/// the operator takes off and puts on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Of the input, with prices per request and per search unit.
    pub prompt: NanoDollars,
    /// Of the output.
    pub completion: NanoDollars,
    /// Of web searches, and of other tools that are billed by their use.
    pub tools: NanoDollars,
    /// Of images, characters and seconds of sound.
    pub media: NanoDollars,
    /// Of everything: what is charged.
    pub total: NanoDollars,
    /// `total` before rounding, in dollars, for answers that clients read as a float.
    pub total_dollars: f64,
}

/// What a call costs: at the model's prices, or where none are known, what the provider itself says.
pub fn cost_of(price: Option<&ModelPrice>, usage: &Usage, facts: &CallFacts) -> Cost {
    if let Some(price) = price.filter(|price| price.is_priced()) {
        return price.cost(usage, facts);
    }
    let billing = price.map(|price| price.billing).unwrap_or_default();
    let total = billing.charge(FemtoDollars::from_nanos(usage.reported_cost));
    Cost { total: total.to_nanos(), total_dollars: total.dollars(), ..Cost::default() }
}

impl ModelPrice {
    /// What a call costs at these prices.
    pub fn cost(&self, usage: &Usage, facts: &CallFacts) -> Cost {
        let prices = Prices::of(self, usage, facts);
        let prompt = prices.prompt(usage);
        let completion = prices.completion(usage);
        let context = usage.search_context.unwrap_or(facts.search_context);
        let tools = self.tools.cost(usage.web_searches, context, &usage.tools);
        let by_tokens = prompt + completion;
        let media = media::cost(&usage.media, by_tokens > FemtoDollars::ZERO, &|component| prices.of_unit(component));
        let total = self.billing.charge(by_tokens + tools + media);
        Cost {
            prompt: prompt.to_nanos(),
            completion: completion.to_nanos(),
            tools: tools.to_nanos(),
            media: media.to_nanos(),
            total: total.to_nanos(),
            total_dollars: total.dollars(),
        }
    }
}

/// The prices that hold for one call.
struct Prices<'a> {
    model: &'a ModelPrice,
    facts: &'a CallFacts,
    tier: ServiceTier,
    prompt_tokens: u64,
}

impl<'a> Prices<'a> {
    fn of(model: &'a ModelPrice, usage: &Usage, facts: &'a CallFacts) -> Self {
        let tier = usage.service_tier.unwrap_or(facts.service_tier);
        Self { model, facts, tier, prompt_tokens: usage.prompt_tokens }
    }

    fn prompt(&self, usage: &Usage) -> FemtoDollars {
        let input = self.of_unit(Component::Input).unwrap_or_default();
        // Kinds can overlap (cached audio). Each token is charged once, as the first of its kinds.
        let mut plain = usage.prompt_tokens;
        let audio = take(&mut plain, usage.audio_prompt_tokens);
        let images = take(&mut plain, usage.image_prompt_tokens);
        let writes = take(&mut plain, usage.cache_write_tokens);
        let reads = take(&mut plain, usage.cache_read_tokens);
        let writes_1h = usage.cache_write_1h_tokens.min(writes);
        let cost = input.times(plain) + self.of_unit(Component::Request).unwrap_or_default();
        cost + self.cache_reads(reads, input)
            + self.cache_writes(writes - writes_1h, writes_1h, input)
            + self.special(Component::AudioInput, audio, input)
            + self.special(Component::ImageInput, images, input)
            + self.special(Component::Citation, usage.citation_tokens, FemtoDollars::ZERO)
            + self.special(Component::Query, usage.search_units.unwrap_or(self.facts.search_units), FemtoDollars::ZERO)
            + self.time(Component::InputSecond, input)
    }

    fn completion(&self, usage: &Usage) -> FemtoDollars {
        let output = self.of_unit(Component::Output).unwrap_or_default();
        let mut plain = usage.completion_tokens;
        let images = take(&mut plain, usage.image_completion_tokens);
        let audio = take(&mut plain, usage.audio_completion_tokens);
        let reasoning = take(&mut plain, usage.reasoning_tokens);
        output.times(plain)
            + self.special(Component::Reasoning, reasoning, output)
            + self.special(Component::AudioOutput, audio, output)
            + self.special(Component::ImageOutput, images, output)
            + self.time(Component::OutputSecond, output)
    }

    /// The price of the call's time, which counts only where tokens have none.
    fn time(&self, component: Component, per_token: FemtoDollars) -> FemtoDollars {
        let per_second = self.of_unit(component).filter(|_| per_token == FemtoDollars::ZERO);
        per_second.unwrap_or_default().for_millis(self.facts.duration_ms)
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
            CacheReads::AsStated | CacheReads::HalfUnlessStated => self.of_unit(Component::CacheWrite).unwrap_or(input),
        };
        price.times(short) + self.special(Component::CacheWrite1h, hour, price)
    }

    /// The cost of tokens of a special kind; `otherwise` is their price where the entry has none for the kind.
    fn special(&self, component: Component, count: u64, otherwise: FemtoDollars) -> FemtoDollars {
        if count == 0 { FemtoDollars::ZERO } else { self.of_unit(component).unwrap_or(otherwise).times(count) }
    }

    fn of_unit(&self, component: Component) -> Option<FemtoDollars> {
        let quiet = self.model.off_peak.as_ref().and_then(|off_peak| off_peak.price(component, self.facts.at));
        quiet.or_else(|| self.model.rates.price(component, self.tier, self.prompt_tokens))
    }
}

/// Takes as many of the rest as are there, at most `count`.
fn take(rest: &mut u64, count: u64) -> u64 {
    let taken = count.min(*rest);
    *rest -= taken;
    taken
}

#[cfg(test)]
#[path = "cost_tests.rs"]
mod tests;
