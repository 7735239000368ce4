//! What a Claude model can do, as far as a request depends on it: by the price data, and by the version in its name for
//! models that the data does not know.

use crate::price::ModelPrice;
use serde_json::Value;

/// Most tokens of an answer for models of which nothing is known.
const MAX_TOKENS_UNKNOWN: u64 = 4096;

/// Claude 3.7 was the first to think.
const FIRST_THINKING: (u32, u32) = (3, 7);
/// Claude 4.6 was the first to decide by itself how long.
const FIRST_ADAPTIVE: (u32, u32) = (4, 6);

/// What a model can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// Most tokens of an answer.
    pub max_output_tokens: u64,
    /// It can think before it answers.
    pub thinks: bool,
    /// It decides by itself how long it thinks, within an effort.
    pub is_adaptive: bool,
    /// It takes a budget of tokens to think with.
    pub takes_budget: bool,
    /// It knows the effort `xhigh`.
    pub knows_extra_high: bool,
    /// It knows the effort `max`.
    pub knows_max: bool,
    /// It can be held to a schema without a tool.
    pub has_native_schema: bool,
    /// It takes the operator's words in the middle of a conversation as such. Only where Anthropic itself serves it.
    pub hears_operator_later: bool,
    /// It takes `temperature`, `top_p` and `top_k`.
    pub takes_sampling: bool,
}

impl Abilities {
    /// What the model of this name can do.
    pub fn of(model: &str, known: Option<&ModelPrice>) -> Self {
        let flag = |name: &str| known.and_then(|price| price.info().get(name)).and_then(Value::as_bool);
        let is = |name: &str| flag(name).unwrap_or(false);
        let version = version(model);
        let (thinks, is_adaptive) = match known {
            Some(_) => (is("supports_reasoning"), is("supports_adaptive_thinking")),
            None => (version >= FIRST_THINKING, version >= FIRST_ADAPTIVE),
        };
        Self {
            max_output_tokens: known.and_then(ModelPrice::max_output_tokens).unwrap_or(MAX_TOKENS_UNKNOWN),
            thinks,
            is_adaptive,
            takes_budget: !is_adaptive || is("supports_legacy_thinking"),
            knows_extra_high: is("supports_xhigh_reasoning_effort"),
            knows_max: is("supports_max_reasoning_effort"),
            has_native_schema: is("supports_native_structured_output"),
            hears_operator_later: is("supports_mid_conversation_system"),
            takes_sampling: flag("supports_sampling_params").unwrap_or(true),
        }
    }
}

/// The version in a model's name: `claude-3-7-sonnet-20250219` is 3.7, `claude-opus-4@20250514` is 4.0. A name without
/// one is taken for the newest.
fn version(model: &str) -> (u32, u32) {
    let name = model.split_once("claude").map_or(model, |(_, rest)| rest);
    let is_date = |number: &str| number.len() > 3;
    let mut numbers = name
        .split(|character: char| !character.is_ascii_alphanumeric())
        .skip_while(|part| part.parse::<u32>().is_err())
        .map_while(|part| part.parse::<u32>().ok().filter(|_| !is_date(part)));
    numbers.next().map_or((u32::MAX, 0), |major| (major, numbers.next().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price;

    fn of(model: &str) -> Abilities {
        Abilities::of(model, price::find(model, Some("anthropic")).as_ref())
    }

    #[test]
    fn the_version_stands_in_the_name() {
        for (name, wanted) in [
            ("claude-3-7-sonnet-20250219", (3, 7)),
            ("claude-3-haiku-20240307", (3, 0)),
            ("claude-sonnet-4@20250514", (4, 0)),
            ("claude-opus-4-1-20250805", (4, 1)),
            ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", (3, 7)),
            ("claude-2.1", (2, 1)),
            ("claude-latest", (u32::MAX, 0)),
        ] {
            assert_eq!(version(name), wanted, "{name}");
        }
    }

    #[test]
    fn known_models_go_by_the_data_and_others_by_their_version() {
        let opus = of("claude-opus-4-6");
        assert!(opus.is_adaptive && opus.takes_budget && opus.has_native_schema && opus.max_output_tokens == 128_000);
        let sonnet = of("claude-sonnet-4-5");
        assert!(sonnet.thinks && !sonnet.is_adaptive && sonnet.has_native_schema);
        let old = of("claude-3-haiku-20240307");
        assert!(!old.thinks && !old.has_native_schema && old.max_output_tokens == MAX_TOKENS_UNKNOWN);
        let new = of("claude-future-9");
        assert!(new.thinks && new.is_adaptive && !new.takes_budget && new.takes_sampling);
        assert!(!of("claude-opus-4-7").takes_sampling && of("claude-opus-4-8").hears_operator_later);
    }
}
