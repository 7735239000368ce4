//! `router_settings`, as far as they say which deployment of a model answers.

use super::aliases::{self, ModelAlias};
use super::lenient;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// How a deployment is chosen among those that could answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StrategyName {
    /// By chance, in proportion to `weight`, `rpm` or `tpm`.
    #[default]
    SimpleShuffle,
    /// The one with the fewest calls in flight.
    LeastBusy,
    /// The one that has used the fewest tokens in this minute.
    UsageBased,
    /// As [`StrategyName::UsageBased`]; chance decides among equals.
    UsageBasedV2,
    /// One of those that have answered fastest of late.
    LatencyBased,
    /// The cheapest.
    CostBased,
}

/// The names that `routing_strategy` may have. LiteLLM's `provider-budget-routing` shuffles, too: budgets of providers
/// hold whatever the strategy is. With what each does.
pub const STRATEGIES: [(&str, StrategyName, &str); 7] = [
    ("simple-shuffle", StrategyName::SimpleShuffle, "By chance, in proportion to weight, rpm or tpm."),
    ("least-busy", StrategyName::LeastBusy, "The deployment with the fewest calls in flight."),
    ("usage-based-routing", StrategyName::UsageBased, "The one that has used the fewest tokens in this minute."),
    ("usage-based-routing-v2", StrategyName::UsageBasedV2, "The same; chance decides among equals."),
    ("latency-based-routing", StrategyName::LatencyBased, "One of those that have answered fastest of late."),
    ("cost-based-routing", StrategyName::CostBased, "The cheapest."),
    ("provider-budget-routing", StrategyName::SimpleShuffle, "By chance, within the budgets of providers."),
];

/// What a strategy can be told: `routing_strategy_args`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct StrategyArgs {
    /// Seconds after which a measured latency no longer counts.
    #[serde(deserialize_with = "lenient::seconds")]
    pub ttl: Option<f64>,
    /// How much slower than the fastest a deployment may be and still share the traffic: 0.5 is half as much again.
    #[serde(deserialize_with = "lenient::amount")]
    pub lowest_latency_buffer: Option<f64>,
    /// How many of the latest latencies count.
    #[serde(deserialize_with = "latencies")]
    pub max_latency_list_size: usize,
}

/// Latencies that count where nobody says how many.
const LATENCIES: usize = 10;
/// Most latencies that may be kept: each takes eight bytes of every deployment.
const LATENCIES_MAX: i64 = 1_000;

impl Default for StrategyArgs {
    fn default() -> Self {
        Self { ttl: None, lowest_latency_buffer: None, max_latency_list_size: LATENCIES }
    }
}

/// Which deployment of a model answers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct RoutingSettings {
    /// How one is chosen among those that could answer.
    #[serde(rename = "routing_strategy", deserialize_with = "strategy")]
    pub strategy: StrategyName,
    /// What the strategy is told.
    #[serde(rename = "routing_strategy_args")]
    pub args: StrategyArgs,
    /// Deployments are chosen by the request's tags.
    #[serde(deserialize_with = "lenient::flag")]
    pub enable_tag_filtering: bool,
    /// One tag in common is enough; otherwise a deployment must have all of the request's.
    #[serde(deserialize_with = "lenient::flag")]
    pub tag_filtering_match_any: bool,
    /// Deployments are left out whose context window is too small, which are in the wrong region, or which do not take
    /// the request's parameters.
    #[serde(alias = "enable_pre_call_check", deserialize_with = "lenient::flag")]
    pub enable_pre_call_checks: bool,
    /// Other names of models.
    #[serde(deserialize_with = "aliases::read")]
    pub model_group_alias: Vec<ModelAlias>,
    /// Seconds that a probe of a deployment may take which says nothing itself.
    #[serde(deserialize_with = "lenient::seconds")]
    pub health_check_timeout: Option<f64>,
}

impl Default for RoutingSettings {
    fn default() -> Self {
        Self {
            strategy: StrategyName::default(),
            args: StrategyArgs::default(),
            enable_tag_filtering: false,
            tag_filtering_match_any: true,
            enable_pre_call_checks: false,
            model_group_alias: Vec::new(),
            health_check_timeout: None,
        }
    }
}

fn strategy<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StrategyName, D::Error> {
    let name = lenient::text(deserializer)?;
    let known = STRATEGIES.iter().find(|(known, ..)| *known == name);
    known.map(|(_, strategy, _)| *strategy).ok_or_else(|| {
        let names: Vec<_> = STRATEGIES.iter().map(|(name, ..)| format!("`{name}`")).collect();
        D::Error::custom(format!("must be one of {}", names.join(", ")))
    })
}

fn latencies<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let count = lenient::count(deserializer)?.filter(|count| (1..=LATENCIES_MAX).contains(count));
    let count = count.and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| D::Error::custom(format!("must be a whole number from 1 to {LATENCIES_MAX}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: serde_json::Value) -> Result<RoutingSettings, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn every_strategy_has_the_name_that_litellm_gives_it() {
        for (name, strategy, _) in STRATEGIES {
            assert_eq!(read(json!({"routing_strategy": name})).unwrap().strategy, strategy);
        }
        assert!(read(json!({"routing_strategy": "nope"})).unwrap_err().contains("`latency-based-routing`"));
    }

    #[test]
    fn what_nobody_says_is_as_with_litellm() {
        let settings = read(json!({})).unwrap();
        assert_eq!(settings, RoutingSettings::default());
        assert!(settings.tag_filtering_match_any);
        assert_eq!(settings.args.max_latency_list_size, 10);
    }

    #[test]
    fn arguments_are_read_and_wrong_ones_are_named() {
        let args = read(json!({"routing_strategy_args": {"ttl": "60", "lowest_latency_buffer": 0.5}})).unwrap().args;
        assert_eq!((args.ttl, args.lowest_latency_buffer), (Some(60.0), Some(0.5)));
        assert!(read(json!({"routing_strategy_args": {"max_latency_list_size": 0}})).is_err());
    }
}
