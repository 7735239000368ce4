//! The least of a measure, and chance among those that share it.

use super::super::deployment::Deployment;
use super::chance::number_below;
use crate::clock::Random;
use std::sync::Arc;

/// One of those whose measure is within `most` of the least one: `most` says for the least measure how much may be.
pub(super) fn pick<'g, M: Copy + PartialOrd>(
    deployments: &[&'g Arc<Deployment>],
    random: &dyn Random,
    measure: impl Fn(&Deployment) -> M,
    most: impl Fn(M) -> M,
) -> Option<&'g Arc<Deployment>> {
    let measured: Vec<M> = deployments.iter().map(|deployment| measure(deployment)).collect();
    let least = measured.iter().copied().reduce(|least, next| if next < least { next } else { least })?;
    let most = most(least);
    let equal = measured.iter().filter(|measure| **measure <= most).count();
    let number = number_below(equal, random);
    let mut among = deployments.iter().zip(&measured).filter(|(_, measure)| **measure <= most);
    among.nth(number).map(|(deployment, _)| *deployment)
}
