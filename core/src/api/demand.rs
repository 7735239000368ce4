//! What a request can use at most, read from its members: the link between a body and the price of it. Pure.

use super::billed_tools::{BilledTools, CALLS, Search};
use super::care::Care;
use super::members::Members;
use crate::clock::Timestamp;
use crate::price::{CallFacts, Demand, ModelPrice, SearchContext, ServiceTier, Tiers};
use crate::usage::ToolUses;
use crate::wire::input_weight::{InputWeight, Unbounded};
use memchr::memmem;
use serde::de::IgnoredAny;

/// What a body asks for, as far as it decides about the most that the call can cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The cap on one answer's tokens; `None`: none, or none that can be read.
    pub output_tokens: Option<u64>,
    /// Answers that are generated and billed; at least 1.
    pub choices: u64,
    /// The class of service, where one is named that decides.
    service: Service,
    audio_output: bool,
    search: Search,
    search_context: SearchContext,
    /// Documents that are ranked.
    documents: u64,
    /// Whether the input goes on from what the provider keeps.
    goes_on: bool,
    /// Whether the provider may run tools other than a search.
    runs_tools: bool,
    /// Uses of them that the call is taken for.
    tool_uses: ToolUses,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Service {
    /// Not named: the provider's project settings decide, which ask for no dearer one as a rule.
    #[default]
    Open,
    /// `auto`: the provider decides, and may take a dearer one.
    Auto,
    Standard,
    Named(ServiceTier),
    Unknown,
}

/// Tokens of cited sources that a call is taken for which is charged for them.
const CITATION_TOKENS: u64 = 50_000;

/// Documents that a rerank ranks for one search unit, and the tokens beyond which a document counts once more:
/// <https://docs.cohere.com/docs/rate-limits>
const DOCUMENTS_OF_UNIT: u64 = 100;
const TOKENS_OF_DOCUMENT: u64 = 500;

/// Tokens that what a provider keeps of a conversation is taken for.
const KEPT_TOKENS: u64 = 10_000;

impl Asked {
    /// Reads a body. `caps` are the members that cap an answer's tokens.
    pub fn read(members: &Members<'_>, caps: &[&str]) -> Self {
        let count = |name: &str| members.read::<u64>(name).filter(|count| *count > 0);
        let answers = count("n").max(count("best_of")).unwrap_or(1);
        let BilledTools { search, runs_tools, uses: tool_uses } = BilledTools::of(members);
        Self {
            output_tokens: caps.iter().filter_map(|cap| count(cap)).max(),
            choices: answers.saturating_mul(prompts(members)),
            service: service(members),
            audio_output: mentions(members, "modalities", b"\"audio\""),
            search,
            search_context: search_context(members),
            documents: documents(members),
            goes_on: ["previous_response_id", "conversation"].iter().any(|name| members.has(name)),
            runs_tools,
            tool_uses,
        }
    }

    /// What decides about the price of a call made at `at`, as far as the request says.
    pub fn facts(&self, at: Timestamp) -> CallFacts {
        let service_tier = if let Service::Named(tier) = self.service { tier } else { ServiceTier::Standard };
        let search_units = self.documents.div_ceil(DOCUMENTS_OF_UNIT);
        CallFacts { service_tier, search_context: self.search_context, search_units, ..CallFacts::at(at) }
    }

    /// What the call can use at most, or is likely to, as `care` says. `generates` is false for what
    /// writes nothing, such as embeddings.
    ///
    /// # Errors
    /// With [`Care::Strict`]: what in the request has no bound.
    pub fn demand(
        &self,
        weight: &InputWeight,
        price: Option<&ModelPrice>,
        care: Care,
        generates: bool,
    ) -> Result<Demand, Unbounded> {
        let is_strict = matches!(care, Care::Strict { .. });
        match self {
            Self { goes_on: true, .. } if is_strict => return Err(Unbounded::Kept),
            Self { runs_tools: true, .. } if is_strict => return Err(Unbounded::Tool),
            _ => {}
        }
        let input_tokens = match care {
            Care::Strict { .. } => weight.most()?,
            // A reranker's context is each document's.
            Care::Balanced { .. } if self.documents > 0 => weight.estimate(),
            // A longer input than the model takes is refused by the provider and costs nothing.
            Care::Balanced { .. } => {
                let kept = if self.goes_on { KEPT_TOKENS } else { 0 };
                (weight.estimate() + kept).min(price.and_then(ModelPrice::max_input_tokens).unwrap_or(u64::MAX))
            }
        };
        let cites = price.is_some_and(ModelPrice::charges_citations);
        let searches = match self.search {
            Search::AnyNumber if is_strict => return Err(Unbounded::Search),
            _ if is_strict && cites => return Err(Unbounded::Search),
            Search::AnyNumber => CALLS,
            Search::AtMost(count) => count,
            Search::No if price.is_some_and(ModelPrice::always_searches) => {
                if cites {
                    CALLS
                } else {
                    1
                }
            }
            Search::No => 0,
        };
        Ok(Demand {
            input_tokens,
            output_tokens: if generates { self.output_cap(price, care).unwrap_or(u64::MAX) } else { 0 },
            choices: self.choices,
            tiers: self.tiers(is_strict),
            audio_input: weight.audios > 0,
            audio_output: self.audio_output,
            hour_cache: weight.hour_cache,
            searches: searches.saturating_mul(self.choices.max(1)),
            tools: self.tool_uses,
            citation_tokens: if cites { CITATION_TOKENS } else { 0 },
            // A reranker reads documents one by one: a limit on its input is not one on all of them.
            search_units: self.search_units(input_tokens.max(weight.estimate())),
            ..Demand::default()
        })
    }

    /// Search units of a rerank whose query and documents have so many tokens.
    fn search_units(&self, input_tokens: u64) -> u64 {
        if self.documents == 0 {
            return 0;
        }
        (self.documents + input_tokens / TOKENS_OF_DOCUMENT).div_ceil(DOCUMENTS_OF_UNIT)
    }

    /// The most tokens of one answer. Balanced: the least of the request's cap, the model's and the reserve. Strict:
    /// the request's cap, else the policy's, never above the model's; this cap must be sent upstream.
    ///
    /// `None`: strict, and nobody says one.
    pub fn output_cap(&self, price: Option<&ModelPrice>, care: Care) -> Option<u64> {
        let of_model = price.and_then(|price| price.max_output_tokens().or_else(|| price.max_tokens()));
        let said = match care {
            Care::Balanced { reserve_output_tokens } => {
                Some(self.output_tokens.unwrap_or(u64::MAX).min(reserve_output_tokens))
            }
            Care::Strict { output_tokens } => self.output_tokens.or(output_tokens),
        };
        [said, of_model.filter(|tokens| *tokens > 0)].into_iter().flatten().min()
    }

    fn tiers(&self, is_strict: bool) -> Tiers {
        match self.service {
            Service::Standard => Tiers::STANDARD,
            Service::Named(tier) => Tiers::named(tier),
            Service::Open if !is_strict => Tiers::STANDARD,
            Service::Open | Service::Auto => Tiers::named(ServiceTier::Priority),
            Service::Unknown => Tiers::ANY,
        }
    }
}

/// Legacy completions take a list of prompts and answer each.
fn prompts(members: &Members<'_>) -> u64 {
    let Some(prompts) = members.get("prompt").filter(|prompt| prompt.get().starts_with('[')) else { return 1 };
    // A list of numbers is one prompt in tokens.
    let first = prompts.get().get(1..).unwrap_or_default().trim_ascii_start();
    if !first.starts_with(['"', '[']) {
        return 1;
    }
    serde_json::from_str::<Vec<IgnoredAny>>(prompts.get()).map_or(1, |list| list.len().max(1) as u64)
}

fn documents(members: &Members<'_>) -> u64 {
    let documents = members.get("documents").filter(|documents| documents.get().starts_with('['));
    let list = documents.and_then(|documents| serde_json::from_str::<Vec<IgnoredAny>>(documents.get()).ok());
    list.map_or(0, |list| list.len() as u64)
}

fn service(members: &Members<'_>) -> Service {
    match members.read::<&str>("service_tier") {
        None if members.has("service_tier") => Service::Unknown,
        None => Service::Open,
        Some("auto") => Service::Auto,
        Some("default" | "standard" | "standard_only") => Service::Standard,
        Some(name) => match ServiceTier::from_name(name) {
            ServiceTier::Standard => Service::Unknown,
            tier => Service::Named(tier),
        },
    }
}

fn search_context(members: &Members<'_>) -> SearchContext {
    #[derive(serde::Deserialize)]
    struct Options<'a> {
        #[serde(borrow, default)]
        search_context_size: Option<std::borrow::Cow<'a, str>>,
    }
    if !members.has("web_search_options") {
        return SearchContext::default();
    }
    let options = members.read::<Options<'_>>("web_search_options");
    options
        .and_then(|options| options.search_context_size)
        .map_or_else(SearchContext::default, |size| SearchContext::from_name(&size))
}

fn mentions(members: &Members<'_>, name: &str, word: &[u8]) -> bool {
    members.get(name).is_some_and(|value| memmem::find(value.get().as_bytes(), word).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price;

    const BALANCED: Care = Care::Balanced { reserve_output_tokens: 4096 };
    const STRICT: Care = Care::Strict { output_tokens: Some(2048) };

    fn asked(body: &str) -> Asked {
        Asked::read(&Members::parse(body.as_bytes()).unwrap(), &["max_completion_tokens", "max_tokens"])
    }

    fn demand(body: &str, model: &str, care: Care) -> Result<Demand, Unbounded> {
        let price = price::find(model, None);
        asked(body).demand(&InputWeight::of(body.as_bytes()), price.as_ref(), care, true)
    }

    #[test]
    fn the_output_cap_is_the_least_that_anybody_says() {
        let cap = |body: &str, care| demand(body, "gpt-4o", care).unwrap().output_tokens;
        assert_eq!((cap("{}", BALANCED), cap("{}", STRICT)), (4096, 2048));
        assert_eq!(cap(r#"{"max_tokens":7}"#, BALANCED), 7);
        assert_eq!(cap(r#"{"max_tokens":7,"max_completion_tokens":9}"#, STRICT), 9);
        assert_eq!(cap(r#"{"max_tokens":100000}"#, BALANCED), 4096);
        assert_eq!(cap(r#"{"max_tokens":100000}"#, STRICT), 16_384);
        assert_eq!(asked("{}").output_cap(None, Care::Strict { output_tokens: None }), None);
    }

    #[test]
    fn every_answer_that_is_generated_counts() {
        let choices = |body: &str| asked(body).choices;
        assert_eq!(choices("{}"), 1);
        assert_eq!(choices(r#"{"n":3}"#), 3);
        assert_eq!(choices(r#"{"n":2,"best_of":5,"prompt":["a","b"]}"#), 10);
        assert_eq!(choices(r#"{"prompt":[[1,2],[3]]}"#), 2);
        assert_eq!(choices(r#"{"prompt":[1,2,3]}"#), 1);
        assert_eq!(choices(r#"{"n":0,"prompt":[]}"#), 1);
    }

    #[test]
    fn the_dearest_tier_counts_that_a_request_can_reach_and_in_strict_mode_that_of_the_providers_settings() {
        let tiers = |body: &str, care| demand(body, "gpt-4o", care).unwrap().tiers;
        assert_eq!(tiers("{}", BALANCED), Tiers::STANDARD);
        assert_eq!(tiers("{}", STRICT), Tiers::named(ServiceTier::Priority));
        assert_eq!(tiers(r#"{"service_tier":"default"}"#, STRICT), Tiers::STANDARD);
        assert_eq!(tiers(r#"{"service_tier":"flex"}"#, BALANCED), Tiers::named(ServiceTier::Flex));
        for care in [BALANCED, STRICT] {
            assert_eq!(tiers(r#"{"service_tier":"auto"}"#, care), Tiers::named(ServiceTier::Priority));
            assert_eq!(tiers(r#"{"service_tier":"warp"}"#, care), Tiers::ANY);
            assert_eq!(tiers(r#"{"service_tier":{"type":"priority"}}"#, care), Tiers::ANY);
        }
    }

    #[test]
    fn searches_count_where_tools_can_make_them() {
        let searches = |body: &str| demand(body, "claude-sonnet-4-5", BALANCED).unwrap().searches;
        assert_eq!(searches("{}"), 0);
        assert_eq!(searches(r#"{"web_search_options":{}}"#), 1);
        assert_eq!(searches(r#"{"tools":[{"type":"web_search_20250305","max_uses":3}]}"#), 3);
        let unbounded = r#"{"tools":[{"type":"web_search_20250305"}]}"#;
        assert_eq!(searches(unbounded), CALLS);
        assert_eq!(demand(unbounded, "gpt-4o", STRICT), Err(Unbounded::Search));
        assert_eq!(demand("{}", "perplexity/sonar", BALANCED).unwrap().searches, 1);
        for google in [r#"{"tools":[{"googleSearch":{}}]}"#, r#"{"tools":[{"enterprise_web_search":{}}]}"#] {
            assert_eq!(searches(google), CALLS);
            assert_eq!(demand(google, "gpt-4o", STRICT), Err(Unbounded::Search), "{google}");
        }
        let unread = r#"{"tools":[{"type":"web_search","max_uses":"3"}]}"#;
        assert_eq!(searches(unread), CALLS, "a number that is none bounds nothing");
    }

    #[test]
    fn strict_mode_bounds_the_input_by_its_bytes_and_refuses_what_they_do_not_bound() {
        let body = r#"{"messages":[{"role":"user","content":"hi"}]}"#;
        assert!(demand(body, "gpt-4o", STRICT).unwrap().input_tokens >= body.len() as u64);
        assert!(demand(body, "gpt-4o", BALANCED).unwrap().input_tokens < 20);
        assert_eq!(demand(r#"{"a":[{"type":"file"}]}"#, "gpt-4o", STRICT), Err(Unbounded::File));
    }

    #[test]
    fn what_a_provider_keeps_or_runs_has_no_bound() {
        let kept = r#"{"input":"x","previous_response_id":"r"}"#;
        assert!(demand(kept, "gpt-4o", BALANCED).unwrap().input_tokens > KEPT_TOKENS);
        assert_eq!(demand(kept, "gpt-4o", STRICT), Err(Unbounded::Kept));
        let tool = r#"{"input":"x","tools":[{"type":"code_interpreter"}]}"#;
        assert_eq!(demand(tool, "gpt-4o", STRICT), Err(Unbounded::Tool));
        assert!(demand(tool, "gpt-4o", BALANCED).is_ok());
        for tool in
            [r#"{"type":"web_fetch_20250910"}"#, r#"{"type":"code_execution_20250522"}"#, r#"{"urlContext":{}}"#]
        {
            let body = format!(r#"{{"tools":[{tool}]}}"#);
            assert_eq!(demand(&body, "gpt-4o", STRICT), Err(Unbounded::Tool), "{tool}");
        }
    }

    #[test]
    fn tools_of_the_provider_count_as_far_as_they_are_billed_by_their_use() {
        let uses = |body: &str| {
            let uses = demand(body, "gpt-4o", BALANCED).unwrap().tools;
            (uses.file_searches, uses.containers, uses.map_queries)
        };
        assert_eq!(uses(r#"{"tools":[{"type":"file_search"}]}"#), (CALLS, 0, 0));
        assert_eq!(uses(r#"{"tools":[{"type":"file_search"}],"max_tool_calls":2}"#), (2, 0, 0));
        assert_eq!(uses(r#"{"tools":[{"type":"code_interpreter","container":{"type":"auto"}}]}"#), (0, 1, 0));
        assert_eq!(uses(r#"{"tools":[{"googleMaps":{}}]}"#), (0, 0, CALLS));
        assert_eq!(uses(r#"{"tools":[{"urlContext":{}},{"type":"mcp"}]}"#), (0, 0, 0));
        assert_eq!(uses(r#"{"tools":[{"type":"file_search"},7]}"#), (CALLS, 1, CALLS), "what cannot be read");
    }

    #[test]
    fn a_picture_that_the_provider_draws_is_set_aside_at_the_price_of_what_draws_it() {
        let drawn = |tool: &str| {
            let body = format!(r#"{{"tools":[{{"type":"function","name":"f"}},{tool}]}}"#);
            demand(&body, "gpt-4o", BALANCED).unwrap().tools.drawn.nanos()
        };
        let low = r#"{"type":"image_generation","model":"gpt-image-1-mini","size":"1024x1024","quality":"low"}"#;
        assert_eq!(drawn(low), 5_000_000);
        assert_eq!(drawn(r#"{"type":"image_generation"}"#), 264_600_000);
        assert_eq!(drawn(r#"{"type":"file_search"}"#), 0);
    }

    #[test]
    fn functions_cost_nothing_whatever_they_are_called() {
        for name in ["mcp", "google_search", "web_search", "code_interpreter", "urlContext"] {
            let body = format!(r#"{{"tools":[{{"type":"function","function":{{"name":"{name}"}}}}]}}"#);
            for care in [BALANCED, STRICT] {
                assert_eq!(demand(&body, "gpt-4o", care).map(|demand| demand.searches), Ok(0), "{name}");
            }
        }
    }

    #[test]
    fn a_rerank_is_searches_by_its_documents_and_their_length() {
        let units = |body: &str| demand(body, "rerank-v3.5", BALANCED).unwrap().search_units;
        assert_eq!(units("{}"), 0);
        assert_eq!(units(r#"{"query":"q","documents":["a","b"]}"#), 1);
        assert_eq!(units(&format!(r#"{{"query":"q","documents":[{}"a"]}}"#, "\"a\",".repeat(100))), 2);
        let long = format!(r#"{{"query":"q","documents":["{}"]}}"#, "long ".repeat(60_000));
        assert!(units(&long) >= 2);
    }

    #[test]
    fn an_embedding_generates_nothing() {
        let weight = InputWeight::of(b"{}");
        assert_eq!(asked("{}").demand(&weight, None, BALANCED, false).unwrap().output_tokens, 0);
    }
}
