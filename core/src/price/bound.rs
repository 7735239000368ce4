//! The most that a call can cost: what is set aside before it is sent. Sound as long as the call stays within its
//! [`Demand`]: no usage within it costs more than the bound.

use super::femto::FemtoDollars;
use super::media;
use super::model::ModelPrice;
use super::rates::Component;
use super::tier::{ServiceTier, Tiers};
use crate::money::NanoDollars;
use crate::usage::{Media, ToolUses};

/// What a call can use at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Most tokens of the input, all kinds together.
    pub input_tokens: u64,
    /// Most tokens of one answer.
    pub output_tokens: u64,
    /// Answers that are generated and billed (`n`, `best_of`, prompts in a list); 0 counts as 1.
    pub choices: u64,
    /// The tiers that the answer may be served in.
    pub tiers: Tiers,
    /// Whether input tokens may be audio.
    pub audio_input: bool,
    /// Whether output tokens may be audio.
    pub audio_output: bool,
    /// Whether the request may keep its input in the provider's cache for an hour, which is dearer than the usual.
    pub hour_cache: bool,
    /// Most web searches.
    pub searches: u64,
    /// Most uses of other tools.
    pub tools: ToolUses,
    /// Most tokens of cited sources, which some providers charge beside the input.
    pub citation_tokens: u64,
    /// Most search units of a rerank.
    pub search_units: u64,
    /// Most milliseconds that the call may take.
    pub duration_ms: u64,
    /// What it uses at most that is not counted in tokens.
    pub media: Media,
}

impl ModelPrice {
    /// The most that a call within `demand` can cost, at the dearest prices that it can reach, rounded up.
    ///
    /// Nothing for a model without prices, see [`ModelPrice::is_priced`]: its call costs what its provider says.
    pub fn bound(&self, demand: &Demand) -> NanoDollars {
        let dearest = Dearest { model: self, demand };
        let cost = dearest.but_output() + dearest.output_token().times(demand.output_tokens);
        self.billing.charge(cost).to_nanos_up()
    }

    /// The most tokens of one answer for which the bound is at most `amount`, never more than
    /// `demand.output_tokens`. `None` where it does not pay for the input and one token.
    pub fn largest_output(&self, demand: &Demand, amount: NanoDollars) -> Option<u64> {
        let dearest = Dearest { model: self, demand };
        let (fixed, all) = (dearest.but_output(), self.billing.affords(FemtoDollars::from_nanos(amount))?);
        if fixed > all {
            return None;
        }
        let affordable = all.without(fixed).pays_for(dearest.output_token()).unwrap_or(u64::MAX);
        Some(affordable.min(demand.output_tokens)).filter(|tokens| *tokens > 0)
    }

    /// Whether the model's provider charges the sources that an answer cites beside the input.
    pub fn charges_citations(&self) -> bool {
        self.rates.price(Component::Citation, ServiceTier::Standard, 0).is_some()
    }

    /// Whether the model searches the web unasked, at a price.
    pub fn always_searches(&self) -> bool {
        self.tools.charge_searches() && (self.provider() == Some("perplexity") || self.key.contains("search"))
    }
}

struct Dearest<'a> {
    model: &'a ModelPrice,
    demand: &'a Demand,
}

impl Dearest<'_> {
    /// Of one output token in every choice.
    fn output_token(&self) -> FemtoDollars {
        let audio = self.demand.audio_output.then(|| self.price(Component::AudioOutput)).flatten();
        let kinds = [Component::Output, Component::Reasoning, Component::ImageOutput].map(|kind| self.price(kind));
        let dearest = kinds.into_iter().chain([audio]).flatten().max().unwrap_or_default();
        dearest.times(self.demand.choices.max(1))
    }

    fn but_output(&self) -> FemtoDollars {
        let demand = self.demand;
        self.input_token().times(demand.input_tokens)
            + self.price(Component::Request).unwrap_or_default()
            + self.price(Component::Query).unwrap_or_default().times(demand.search_units)
            + self.price(Component::Citation).unwrap_or_default().times(demand.citation_tokens)
            + self.model.tools.bound(demand.searches, &demand.tools)
            + self.time(Component::InputSecond)
            + self.time(Component::OutputSecond)
            + media::cost(&demand.media, false, &|component| self.price(component))
    }

    /// Of one input token: plain, written to the cache, read from it, or of a special kind.
    fn input_token(&self) -> FemtoDollars {
        let kinds = [Component::Input, Component::CacheRead, Component::CacheWrite, Component::ImageInput];
        let audio = self.demand.audio_input.then_some(Component::AudioInput);
        let hour = self.demand.hour_cache.then_some(Component::CacheWrite1h);
        let kinds = kinds.into_iter().chain(audio).chain(hour);
        kinds.filter_map(|kind| self.price(kind)).max().unwrap_or_default()
    }

    /// Time is charged only where tokens have no price; a model with both is over-estimated by its time.
    fn time(&self, component: Component) -> FemtoDollars {
        self.price(component).unwrap_or_default().for_millis(self.demand.duration_ms)
    }

    fn price(&self, component: Component) -> Option<FemtoDollars> {
        let usual = self.model.rates.dearest(component, self.demand.tiers, self.demand.input_tokens);
        usual.max(self.model.off_peak.as_ref().and_then(|quiet| quiet.any_time(component)))
    }
}

#[cfg(test)]
#[path = "bound_tests.rs"]
mod tests;
