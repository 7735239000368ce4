//! `simple-shuffle`: chance, in proportion to the deployments' shares.

use super::super::deployment::Deployment;
use super::chance::{fraction, number_below};
use crate::clock::Random;
use std::sync::Arc;

type Measure = fn(&Deployment) -> Option<f64>;

const MEASURES: [Measure; 3] = [
    |deployment| deployment.traits.weight,
    |deployment| deployment.traits.rpm.map(|rpm| rpm as f64),
    |deployment| deployment.traits.tpm.map(|tpm| tpm as f64),
];

/// Shares are `weight`, else `rpm`, else `tpm`: the first of these that the first deployment has. A deployment that lacks
/// it then gets no traffic; where all shares are 0, or no deployment has any, all are equal.
pub(super) fn pick<'g>(deployments: &[&'g Arc<Deployment>], random: &dyn Random) -> Option<&'g Arc<Deployment>> {
    let first = deployments.first()?;
    let even = || deployments.get(number_below(deployments.len(), random)).copied();
    let Some(measure) = MEASURES.iter().find(|measure| measure(first).is_some()) else { return even() };
    let share = |deployment: &Deployment| measure(deployment).unwrap_or(0.0).max(0.0);
    let total: f64 = deployments.iter().map(|deployment| share(deployment)).sum();
    if !(total.is_finite() && total > 0.0) {
        return even();
    }
    let mut left = fraction(random) * total;
    for deployment in deployments {
        left -= share(deployment);
        if left < 0.0 {
            return Some(*deployment);
        }
    }
    deployments.iter().rev().find(|deployment| share(deployment) > 0.0).copied()
}
