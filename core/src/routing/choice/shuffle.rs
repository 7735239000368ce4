//! `simple-shuffle`: chance, in proportion to the deployments' shares.

use super::super::deployment::Deployment;
use super::chance::{fraction, number_below};
use super::circumstances::Circumstances;
use crate::clock::Random;
use std::sync::Arc;

type Measure = fn(&Deployment) -> Option<f64>;

const MEASURES: [Measure; 3] = [
    |deployment| deployment.traits.weight,
    |deployment| deployment.traits.rpm.map(|rpm| rpm as f64),
    |deployment| deployment.traits.tpm.map(|tpm| tpm as f64),
];

/// Deployments that are drawn before all are looked at. Where half of them can be used, all but one call in 256 are
/// served by a draw.
const DRAWS: usize = 8;

/// The shares of a model's deployments, so that one can be drawn without a look at the others. What cannot be used is
/// drawn again, which leaves the others' shares among themselves as they are.
#[derive(Debug)]
pub(crate) struct Shares {
    /// For each deployment, its share and those before it together. Empty: all are equal.
    sums: Vec<f64>,
}

impl Shares {
    /// `None` where a share depends on which deployments are left.
    pub(crate) fn of(deployments: &[Arc<Deployment>]) -> Option<Self> {
        let measure_of = |deployment: &Deployment| MEASURES.iter().position(|measure| measure(deployment).is_some());
        let measure = measure_of(deployments.first()?);
        if deployments.iter().any(|deployment| measure_of(deployment) != measure) {
            return None;
        }
        let Some(measure) = measure.and_then(|index| MEASURES.get(index)) else {
            return Some(Self { sums: Vec::new() });
        };
        let summed = |sum: &mut f64, deployment: &Arc<Deployment>| {
            *sum += share(*measure, deployment);
            Some(*sum)
        };
        let sums: Vec<f64> = deployments.iter().scan(0.0, summed).collect();
        let total = sums.last().copied().filter(|total| total.is_finite())?;
        Some(Self { sums: if total > 0.0 { sums } else { Vec::new() } })
    }

    /// One that can be used; `None`: none of those that were drawn can be, which says nothing of the others.
    pub(crate) fn draw<'g>(
        &self,
        deployments: &'g [Arc<Deployment>],
        random: &dyn Random,
        is_usable: impl Fn(&Deployment) -> bool,
    ) -> Option<&'g Arc<Deployment>> {
        let mut drawn = std::iter::repeat_with(|| deployments.get(self.index(deployments.len(), random))).take(DRAWS);
        drawn.find_map(|drawn| drawn.filter(|deployment| is_usable(deployment)))
    }

    fn index(&self, count: usize, random: &dyn Random) -> usize {
        let Some(total) = self.sums.last().filter(|_| count > 1) else { return number_below(count, random) };
        let point = fraction(random) * total;
        self.sums.partition_point(|sum| *sum <= point)
    }
}

fn share(measure: Measure, deployment: &Deployment) -> f64 {
    measure(deployment).unwrap_or(0.0).max(0.0)
}

/// Shares are `weight`, else `rpm`, else `tpm`: the first of these that the first deployment has. A deployment that lacks
/// it then gets no traffic; where all shares are 0, or no deployment has any, all are equal.
pub(super) fn pick(indices: impl Iterator<Item = usize>, circumstances: &Circumstances<'_>) -> Option<usize> {
    let Circumstances { deployments, now, random, .. } = *circumstances;
    let mut left: Vec<(usize, &Deployment)> =
        indices.filter_map(|index| Some((index, deployments.get(index)?.as_ref()))).collect();
    if left.iter().any(|(_, deployment)| deployment.seen.is_healthy(now)) {
        left.retain(|(_, deployment)| deployment.seen.is_healthy(now));
    }
    let (_, first) = left.first()?;
    let even = || left.get(number_below(left.len(), random)).map(|(index, _)| *index);
    let Some(measure) = MEASURES.iter().find(|measure| measure(first).is_some()) else { return even() };
    let total: f64 = left.iter().map(|(_, deployment)| share(*measure, deployment)).sum();
    if !(total.is_finite() && total > 0.0) {
        return even();
    }
    let mut ahead = fraction(random) * total;
    for (index, deployment) in &left {
        ahead -= share(*measure, deployment);
        if ahead < 0.0 {
            return Some(*index);
        }
    }
    left.iter().rev().find(|(_, deployment)| share(*measure, deployment) > 0.0).map(|(index, _)| *index)
}
