//! Room within the minute: deployments whose `rpm` or `tpm` the call would pass are left for when there is no other. What
//! is counted here may be late by what others have not told yet; the ledger refuses what is really too much.

use super::super::deployment::Deployment;
use super::super::wish::Wish;
use crate::clock::Timestamp;
use std::cell::OnceCell;
use std::sync::Arc;

pub(super) fn prefer(deployments: &mut Vec<&Arc<Deployment>>, wish: &Wish<'_>, now: Timestamp) {
    let is_limited = |deployment: &Deployment| deployment.traits.rpm.is_some() || deployment.traits.tpm.is_some();
    if !deployments.iter().any(|deployment| is_limited(deployment)) {
        return;
    }
    let input = OnceCell::new();
    let has_room = |deployment: &Deployment| {
        let (used, traits) = (deployment.seen.used(now), &deployment.traits);
        traits.rpm.is_none_or(|most| used.requests < most)
            && traits.tpm.is_none_or(|most| used.tokens + *input.get_or_init(|| wish.input_tokens()) <= most)
    };
    let roomy: Vec<_> = deployments.iter().copied().filter(|deployment| has_room(deployment)).collect();
    if !roomy.is_empty() {
        *deployments = roomy;
    }
}
