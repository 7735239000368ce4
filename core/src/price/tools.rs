//! What tools cost that a provider runs and bills by their use, beside the tokens of the answer.

use super::femto::FemtoDollars;
use super::index;
use super::tier::SearchContext;
use crate::usage::ToolUses;
use serde_json::{Map, Value};

/// OpenAI's price of one search in files, in dollars, which Azure takes too:
/// <https://platform.openai.com/docs/pricing#built-in-tools>
const FILE_SEARCH: f64 = 0.0025;
/// xAI's price of one web search, in dollars: <https://docs.x.ai/docs/models#tools-pricing>
const XAI_SEARCH: f64 = 0.005;
/// Google's prices of one answer grounded on a search, in dollars, and of one grounded on maps: where each query is
/// billed, and where each prompt is. <https://ai.google.dev/gemini-api/docs/pricing>
const GOOGLE_SEARCH: f64 = 0.035;
const GOOGLE_MAPS_QUERY: f64 = 0.014;
const GOOGLE_MAPS_PROMPT: f64 = 0.025;

/// Prices of one model's tools.
#[derive(Clone, Debug)]
pub(super) struct ToolPrices {
    /// Of a web search: low, medium, high.
    searches: [FemtoDollars; 3],
    /// Of a search in files.
    file_search: FemtoDollars,
    /// Of a container that code runs in.
    container: FemtoDollars,
    /// Of a query of Google's maps.
    map_query: FemtoDollars,
    /// Whether a call's web searches are billed as one, and its queries of maps: Gemini's before its third version.
    by_prompt: bool,
}

impl ToolPrices {
    /// Those of an entry of the price data: its name, its provider and all that it says.
    pub(super) fn of(key: &str, provider: &str, info: &Map<String, Value>) -> Self {
        let is_google = provider == "gemini" || (provider.starts_with("vertex_ai") && key.contains("gemini"));
        let by_query = info.get("web_search_billing_unit").and_then(Value::as_str) == Some("per_query");
        let stated = |field: &str| info.get(field).and_then(Value::as_f64);
        let usual_search = match provider {
            _ if is_google => GOOGLE_SEARCH,
            "xai" => XAI_SEARCH,
            _ => 0.0,
        };
        let of_searches = info.get("search_context_cost_per_query");
        let otherwise = if of_searches.is_some_and(Value::is_object) { 0.0 } else { usual_search };
        let searches = ["search_context_size_low", "search_context_size_medium", "search_context_size_high"]
            .map(|size| of_searches.and_then(|prices| prices.get(size)?.as_f64()).unwrap_or(otherwise));
        let usual_maps = match is_google {
            true if by_query => GOOGLE_MAPS_QUERY,
            true => GOOGLE_MAPS_PROMPT,
            false => 0.0,
        };
        // LiteLLM's name speaks of a thousand, and its value is of one.
        let file_search = stated("file_search_cost_per_1k_calls");
        let usual_file_search = if matches!(provider, "openai" | "azure") { FILE_SEARCH } else { 0.0 };
        Self {
            searches: searches.map(FemtoDollars::from_dollars),
            file_search: FemtoDollars::from_dollars(file_search.unwrap_or(usual_file_search)),
            container: FemtoDollars::from_dollars(
                stated(CONTAINER).or_else(|| of_provider(provider)).unwrap_or_default(),
            ),
            map_query: FemtoDollars::from_dollars(stated("google_maps_grounding_cost_per_query").unwrap_or(usual_maps)),
            by_prompt: is_google && !by_query,
        }
    }

    /// Whether a web search has a price.
    pub(super) fn charge_searches(&self) -> bool {
        self.searches.into_iter().any(|price| price > FemtoDollars::ZERO)
    }

    /// What a call's tools cost.
    pub(super) fn cost(&self, web_searches: u64, context: SearchContext, uses: &ToolUses) -> FemtoDollars {
        let [low, medium, high] = self.searches;
        let search = match context {
            SearchContext::Low => low,
            SearchContext::Medium => medium,
            SearchContext::High => high,
        };
        self.at(search, web_searches, uses)
    }

    /// What they cost at most, whatever a web search reads.
    pub(super) fn bound(&self, web_searches: u64, uses: &ToolUses) -> FemtoDollars {
        self.at(self.searches.into_iter().max().unwrap_or_default(), web_searches, uses)
    }

    fn at(&self, search: FemtoDollars, web_searches: u64, uses: &ToolUses) -> FemtoDollars {
        let billed = |queries: u64| if self.by_prompt { queries.min(1) } else { queries };
        search.times(billed(web_searches))
            + self.map_query.times(billed(uses.map_queries))
            + self.file_search.times(uses.file_searches)
            + self.container.times(uses.containers)
            + FemtoDollars::from_nanos(uses.drawn)
    }
}

/// The field with the price of a container.
const CONTAINER: &str = "code_interpreter_cost_per_session";

/// What a provider takes for a container, whichever of its models runs code in it.
fn of_provider(provider: &str) -> Option<f64> {
    index::entry(&format!("{provider}/container"))?.get(CONTAINER)?.as_f64()
}

#[cfg(test)]
mod tests {
    use crate::clock::Timestamp;
    use crate::price::{CallFacts, ModelPrice, find};
    use crate::usage::{ToolUses, Usage};
    use serde_json::json;

    fn nanos(price: &ModelPrice, usage: Usage) -> i64 {
        price.cost(&usage, &CallFacts::at(Timestamp::default())).tools.nanos()
    }

    fn uses(file_searches: u64, containers: u64, map_queries: u64) -> Usage {
        let tools = ToolUses { file_searches, containers, map_queries, ..ToolUses::default() };
        Usage { tools, ..Usage::default() }
    }

    #[test]
    fn files_and_containers_cost_what_their_provider_takes() {
        let openai = find("gpt-4o", Some("openai")).unwrap();
        assert_eq!(nanos(&openai, uses(3, 0, 0)), 7_500_000);
        assert_eq!(nanos(&openai, uses(0, 2, 0)), 60_000_000);
        let azure = find("azure/gpt-4o", None).unwrap();
        assert_eq!(nanos(&azure, uses(0, 1, 0)), 33_000_000);
        let anthropic = find("claude-sonnet-4-5", None).unwrap();
        assert_eq!(nanos(&anthropic, uses(1, 1, 1)), 0);
    }

    #[test]
    fn the_operators_prices_win() {
        let own = json!({"file_search_cost_per_1k_calls": 0.001, "code_interpreter_cost_per_session": 0.5});
        let price = find("gpt-4o", Some("openai")).unwrap().with_overrides(own.as_object().unwrap());
        assert_eq!(nanos(&price, uses(2, 1, 0)), 502_000_000);
    }

    #[test]
    fn gemini_2_bills_a_prompt_and_gemini_3_each_query() {
        let searched = Usage { web_searches: 3, ..uses(0, 0, 2) };
        let older = find("gemini/gemini-2.5-pro", None).unwrap();
        assert_eq!(nanos(&older, searched), 35_000_000 + 25_000_000);
        assert_eq!(nanos(&older, Usage::default()), 0);
        let info = json!({"litellm_provider": "gemini", "web_search_billing_unit": "per_query",
            "search_context_cost_per_query": {"search_context_size_medium": 0.014}});
        let newer = ModelPrice::from_info("gemini/gemini-3", info.as_object().unwrap().clone());
        assert_eq!(nanos(&newer, searched), 3 * 14_000_000 + 2 * 14_000_000);
    }
}
