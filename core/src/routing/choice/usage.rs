//! `usage-based-routing` and `usage-based-routing-v2`: the deployment that has used the fewest tokens in this minute.

use super::super::deployment::Deployment;
use super::least;
use crate::clock::{Random, Timestamp};
use std::sync::Arc;

/// The first in the configuration's order of those that have used the fewest.
pub(super) fn first<'g>(deployments: &[&'g Arc<Deployment>], now: Timestamp) -> Option<&'g Arc<Deployment>> {
    deployments.iter().min_by_key(|deployment| deployment.seen.used(now).tokens).copied()
}

/// Any of those that have used the fewest.
pub(super) fn any<'g>(
    deployments: &[&'g Arc<Deployment>],
    now: Timestamp,
    random: &dyn Random,
) -> Option<&'g Arc<Deployment>> {
    least::pick(deployments, random, |deployment| deployment.seen.used(now).tokens, |fewest| fewest)
}
