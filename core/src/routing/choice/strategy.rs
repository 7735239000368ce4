//! Which strategy takes one.

use super::chance::number_below;
use super::circumstances::Circumstances;
use super::{cost, latency, least_busy, shuffle, usage};
use crate::config::routing::StrategyName;

/// Which one of the deployments with these numbers, that can be used; `None`: there is none. Those that did not answer
/// when they were last probed are left for when there is no other.
pub(crate) fn one_of(
    indices: impl Iterator<Item = usize> + Clone,
    circumstances: &Circumstances<'_>,
    is_usable: impl Fn(usize) -> bool,
) -> Option<usize> {
    match circumstances.routing.settings().strategy {
        StrategyName::SimpleShuffle => shuffle::pick(indices.filter(|index| is_usable(*index)), circumstances),
        StrategyName::LeastBusy => least_busy::pick(indices, circumstances, is_usable),
        StrategyName::UsageBased => usage::pick(indices, circumstances, |_| 0, is_usable),
        StrategyName::UsageBasedV2 => {
            usage::pick(indices, circumstances, |count| number_below(count, circumstances.random), is_usable)
        }
        StrategyName::LatencyBased => latency::pick(indices, circumstances, is_usable),
        StrategyName::CostBased => cost::pick(indices, circumstances, is_usable),
    }
}
