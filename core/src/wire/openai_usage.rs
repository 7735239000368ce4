//! Reads the token counts of an answer in the OpenAI dialect, and only those. Counts that vendors write in their own
//! way (null, `12.0`, other names) are understood; everything else is skipped without being built.

use crate::money::NanoDollars;
use crate::usage::Usage;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The counts of a usage object: the value of `usage`. `None` where it is null or counts nothing.
pub fn usage_from_openai(object: &[u8]) -> Option<Usage> {
    serde_json::from_slice::<Option<Counts>>(object).ok()??.usage()
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Counts {
    prompt_tokens: Count,
    completion_tokens: Count,
    total_tokens: Count,
    input_tokens: Count,
    output_tokens: Count,
    prompt_tokens_details: Option<Details>,
    input_tokens_details: Option<Details>,
    completion_tokens_details: Option<Details>,
    output_tokens_details: Option<Details>,
    cached_tokens: Count,
    prompt_cache_hit_tokens: Count,
    cache_read_input_tokens: Count,
    cache_creation_input_tokens: Count,
    reasoning_tokens: Count,
    num_search_queries: Count,
    server_tool_use: Option<ServerTools>,
    cost: Dollars,
}

#[derive(Clone, Copy, Default, serde::Deserialize)]
#[serde(default)]
struct Details {
    cached_tokens: Count,
    cache_creation_tokens: Count,
    cache_write_tokens: Count,
    cache_creation_token_details: Option<Lifetimes>,
    audio_tokens: Count,
    image_tokens: Count,
    reasoning_tokens: Count,
}

#[derive(Clone, Copy, Default, serde::Deserialize)]
#[serde(default)]
struct Lifetimes {
    ephemeral_1h_input_tokens: Count,
}

#[derive(Clone, Copy, Default, serde::Deserialize)]
#[serde(default)]
struct ServerTools {
    web_search_requests: Count,
}

impl Counts {
    fn usage(self) -> Option<Usage> {
        let prompt_tokens = self.prompt_tokens.or(self.input_tokens);
        let completion_tokens = self.completion_tokens.or(self.output_tokens);
        if prompt_tokens.0.is_none() && completion_tokens.0.is_none() && self.total_tokens.0.is_none() {
            return None;
        }
        let input = self.prompt_tokens_details.or(self.input_tokens_details).unwrap_or_default();
        let output = self.completion_tokens_details.or(self.output_tokens_details).unwrap_or_default();
        let cached = input.cached_tokens.or(self.cached_tokens).or(self.prompt_cache_hit_tokens);
        let written = input.cache_creation_tokens.or(input.cache_write_tokens).or(self.cache_creation_input_tokens);
        let lifetimes = input.cache_creation_token_details.unwrap_or_default();
        let tools = self.server_tool_use.unwrap_or_default();
        let usage = Usage {
            prompt_tokens: prompt_tokens.get(),
            completion_tokens: completion_tokens.get(),
            total_tokens: self.total_tokens.get(),
            cache_read_tokens: cached.or(self.cache_read_input_tokens).get(),
            cache_write_tokens: written.get(),
            cache_write_1h_tokens: lifetimes.ephemeral_1h_input_tokens.get(),
            audio_prompt_tokens: input.audio_tokens.get(),
            audio_completion_tokens: output.audio_tokens.get(),
            reasoning_tokens: output.reasoning_tokens.or(self.reasoning_tokens).get(),
            image_prompt_tokens: input.image_tokens.get(),
            image_completion_tokens: output.image_tokens.get(),
            web_searches: tools.web_search_requests.or(self.num_search_queries).get(),
            reported_cost: NanoDollars::from_dollars(self.cost.0.max(0.0)),
        };
        Some(normal(usage))
    }
}

/// Counts as the OpenAI dialect means them. Some vendors count reasoning beside the completion instead of in it: their
/// own total gives it away. Some give a total alone, where only an input is counted.
fn normal(mut usage: Usage) -> Usage {
    let apart = usage.prompt_tokens.saturating_add(usage.completion_tokens).saturating_add(usage.reasoning_tokens);
    if usage.reasoning_tokens > 0 && usage.total_tokens == apart {
        usage.completion_tokens = usage.completion_tokens.saturating_add(usage.reasoning_tokens);
    }
    if usage.prompt_tokens == 0 && usage.completion_tokens == 0 {
        usage.prompt_tokens = usage.total_tokens;
    }
    usage
}

/// A count as vendors write it; empty where it is missing, null, negative or no number at all.
#[derive(Clone, Copy, Default)]
struct Count(Option<u64>);

impl Count {
    fn get(self) -> u64 {
        self.0.unwrap_or(0)
    }

    /// This count, or the other where this one is missing or zero.
    fn or(self, other: Self) -> Self {
        if self.get() > 0 || other.0.is_none() { self } else { other }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor)
    }
}

struct CountVisitor;

impl<'de> Visitor<'de> for CountVisitor {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a count")
    }

    fn visit_u64<E>(self, count: u64) -> Result<Count, E> {
        Ok(Count(Some(count)))
    }

    fn visit_i64<E>(self, count: i64) -> Result<Count, E> {
        Ok(Count(u64::try_from(count).ok()))
    }

    fn visit_f64<E>(self, count: f64) -> Result<Count, E> {
        // A float-to-int cast saturates; a negative count is none.
        Ok(Count((count >= 0.0).then_some(count as u64)))
    }

    fn visit_unit<E>(self) -> Result<Count, E> {
        Ok(Count(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Count, E> {
        Ok(Count(None))
    }

    fn visit_str<E>(self, text: &str) -> Result<Count, E> {
        Ok(Count(text.parse().ok()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Count, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Count(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Count, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Count(None))
    }
}

/// The cost that a vendor states in dollars, as a number or as `{"total_cost": number}`; 0 for anything else.
#[derive(Clone, Copy, Default)]
struct Dollars(f64);

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Cost {
            Number(f64),
            Parts { total_cost: f64 },
            Other(IgnoredAny),
        }
        Ok(match Cost::deserialize(deserializer)? {
            Cost::Number(dollars) | Cost::Parts { total_cost: dollars } => Self(dollars),
            Cost::Other(_) => Self(0.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_their_details_are_read() {
        let usage = usage_from_openai(
            br#"{"prompt_tokens": 12, "completion_tokens": 5.0, "total_tokens": 17, "cost": {"x": [1]},
                 "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": null},
                 "completion_tokens_details": {"reasoning_tokens": 3, "accepted_prediction_tokens": 0}}"#,
        );
        let wanted = Usage {
            prompt_tokens: 12,
            completion_tokens: 5,
            total_tokens: 17,
            cache_read_tokens: 4,
            reasoning_tokens: 3,
            ..Usage::default()
        };
        assert_eq!(usage, Some(wanted));
    }

    #[test]
    fn an_object_that_counts_nothing_is_no_usage() {
        for object in ["null", "{}", "{\"prompt_tokens\": null}", "[]", "7", "{\"prompt_tokens\": -3}", "{\"pro"] {
            assert_eq!(usage_from_openai(object.as_bytes()), None, "{object}");
        }
    }

    #[test]
    fn vendors_own_names_are_understood() {
        let of = |object: &str| usage_from_openai(object.as_bytes()).unwrap();
        assert_eq!(of(r#"{"prompt_tokens": 9, "prompt_cache_hit_tokens": 4}"#).cache_read_tokens, 4);
        assert_eq!(of(r#"{"prompt_tokens": 9, "cached_tokens": 5}"#).cache_read_tokens, 5);
        assert_eq!(of(r#"{"input_tokens": 9, "output_tokens": 2}"#).total(), 11);
        assert_eq!(of(r#"{"prompt_tokens": 9, "num_search_queries": 2}"#).web_searches, 2);
    }

    #[test]
    fn reasoning_that_is_counted_beside_the_completion_becomes_part_of_it() {
        let object = r#"{"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 35,
                         "completion_tokens_details": {"reasoning_tokens": 20}}"#;
        assert_eq!(usage_from_openai(object.as_bytes()).unwrap().completion_tokens, 25);
    }

    #[test]
    fn a_total_alone_counts_the_input() {
        assert_eq!(usage_from_openai(br#"{"total_tokens": 5}"#).unwrap().prompt_tokens, 5);
    }

    #[test]
    fn the_vendors_own_cost_is_kept() {
        let of = |object: &str| usage_from_openai(object.as_bytes()).unwrap().reported_cost.nanos();
        assert_eq!(of(r#"{"prompt_tokens": 1, "cost": 0.00042}"#), 420_000);
        assert_eq!(of(r#"{"prompt_tokens": 1, "cost": {"total_cost": 0.1, "input": 0}}"#), 100_000_000);
        assert_eq!(of(r#"{"prompt_tokens": 1, "cost": -3}"#), 0);
        assert_eq!(of(r#"{"prompt_tokens": 1, "cost": "free"}"#), 0);
    }
}
