//! One model's entry of the price data: its prices typed, and everything else as it stands there.

use super::billing::Billing;
use super::femto::FemtoDollars;
use super::off_peak::OffPeak;
use super::rates::{Component, Rates};
use super::tier::ServiceTier;
use super::tools::ToolPrices;
use serde_json::{Map, Value};

/// What is known about a model: prices, limits and abilities. Built once per deployment and kept there.
#[derive(Clone, Debug)]
pub struct ModelPrice {
    pub(super) key: String,
    pub(super) info: Map<String, Value>,
    pub(super) rates: Rates,
    pub(super) off_peak: Option<OffPeak>,
    pub(super) tools: ToolPrices,
    pub(super) cache_reads: CacheReads,
    pub(super) billing: Billing,
}

/// What an input token costs that came from the provider's cache, where the entry does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CacheReads {
    /// The entry's own price, else that of any input token.
    AsStated,
    /// The entry's own price, else half of an input token's.
    HalfUnlessStated,
    /// That of any input token, whatever the entry says.
    Full,
}

impl ModelPrice {
    /// An entry of one's own: a model that the price data does not know. `info` has LiteLLM's field names.
    pub fn from_info(key: &str, info: Map<String, Value>) -> Self {
        let provider = info.get("litellm_provider").and_then(Value::as_str).unwrap_or_default();
        let cache_reads = match provider {
            "fireworks_ai" => CacheReads::HalfUnlessStated,
            "perplexity" => CacheReads::Full,
            _ => CacheReads::AsStated,
        };
        let rates = Rates::of(&info, provider == "xai");
        let off_peak = OffPeak::of(&info);
        let tools = ToolPrices::of(key, provider, &info);
        let billing = Billing::default();
        Self { key: key.to_owned(), info, rates, off_peak, tools, cache_reads, billing }
    }

    /// The same prices, charged like this.
    #[must_use]
    pub fn billed(self, billing: Billing) -> Self {
        Self { billing, ..self }
    }

    /// The name of the entry in the price data.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The whole entry, with LiteLLM's field names.
    pub fn info(&self) -> &Map<String, Value> {
        &self.info
    }

    /// Whether any price is known. Without one every call costs nothing.
    pub fn is_priced(&self) -> bool {
        !self.rates.is_empty()
    }

    /// Whether tokens of its answers, or seconds of them, have a price.
    pub fn charges_output_tokens(&self) -> bool {
        let kinds = [Component::Output, Component::ImageOutput, Component::AudioOutput, Component::OutputSecond];
        kinds.into_iter().any(|kind| self.has_price(kind))
    }

    /// Whether seconds of a recording have a price.
    pub fn charges_seconds(&self) -> bool {
        self.has_price(Component::InputSecond) || self.has_price(Component::OutputSecond)
    }

    /// Whether images have a price by the piece or by the pixel.
    pub fn charges_images(&self) -> bool {
        let kinds = [Component::InputImage, Component::OutputImage, Component::InputPixel, Component::OutputPixel];
        kinds.into_iter().any(|kind| self.has_price(kind))
    }

    fn has_price(&self, component: Component) -> bool {
        self.rates.price(component, ServiceTier::Standard, 0).is_some_and(|price| price > FemtoDollars::ZERO)
    }

    /// What the model does: `chat`, `embedding`, `rerank`, ….
    pub fn mode(&self) -> Option<&str> {
        self.info.get("mode").and_then(Value::as_str)
    }

    /// The provider, as the price data names it (`vertex_ai-language-models`, …).
    pub fn provider(&self) -> Option<&str> {
        self.info.get("litellm_provider").and_then(Value::as_str)
    }

    /// Most tokens of an answer; for older entries, of a whole call.
    pub fn max_tokens(&self) -> Option<u64> {
        self.count("max_tokens")
    }

    /// Most tokens of an input.
    pub fn max_input_tokens(&self) -> Option<u64> {
        self.count("max_input_tokens")
    }

    /// Most tokens of an answer.
    pub fn max_output_tokens(&self) -> Option<u64> {
        self.count("max_output_tokens")
    }

    fn count(&self, field: &str) -> Option<u64> {
        self.info.get(field).and_then(Value::as_u64)
    }
}
