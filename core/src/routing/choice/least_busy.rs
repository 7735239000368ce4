//! `least-busy`: the deployment with the fewest calls of this process in flight.

use super::super::deployment::Deployment;
use super::least;
use crate::clock::Random;
use std::sync::Arc;

pub(super) fn pick<'g>(deployments: &[&'g Arc<Deployment>], random: &dyn Random) -> Option<&'g Arc<Deployment>> {
    least::pick(deployments, random, |deployment| deployment.seen.in_flight(), |fewest| fewest)
}
