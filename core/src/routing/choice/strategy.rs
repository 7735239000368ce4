//! Which strategy takes one.

use super::super::deployment::Deployment;
use super::circumstances::Circumstances;
use super::{cost, latency, least_busy, room, shuffle, usage};
use crate::config::routing::StrategyName;
use std::sync::Arc;

/// One of several; `None` where there is none.
pub(crate) fn one_of<'g>(
    mut deployments: Vec<&'g Arc<Deployment>>,
    circumstances: &Circumstances<'_>,
) -> Option<&'g Arc<Deployment>> {
    if deployments.len() < 2 {
        return deployments.pop();
    }
    let Circumstances { routing, wish, now, random } = *circumstances;
    match routing.settings().strategy {
        StrategyName::SimpleShuffle => shuffle::pick(&deployments, random),
        StrategyName::LeastBusy => least_busy::pick(&deployments, random),
        StrategyName::UsageBased => {
            room::prefer(&mut deployments, wish, now);
            usage::first(&deployments, now)
        }
        StrategyName::UsageBasedV2 => {
            room::prefer(&mut deployments, wish, now);
            usage::any(&deployments, now, random)
        }
        StrategyName::LatencyBased => {
            room::prefer(&mut deployments, wish, now);
            latency::pick(&deployments, circumstances)
        }
        StrategyName::CostBased => {
            room::prefer(&mut deployments, wish, now);
            cost::pick(&deployments, random)
        }
    }
}
