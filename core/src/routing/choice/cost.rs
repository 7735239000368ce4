//! `cost-based-routing`: the deployment whose tokens are the cheapest, one in and one out taken together.

use super::super::deployment::Deployment;
use super::least;
use crate::clock::Random;
use std::sync::Arc;

pub(super) fn pick<'g>(deployments: &[&'g Arc<Deployment>], random: &dyn Random) -> Option<&'g Arc<Deployment>> {
    least::pick(deployments, random, |deployment| deployment.traits.cost, |cheapest| cheapest)
}
