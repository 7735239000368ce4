//! `latency-based-routing`: one of the deployments that have answered fastest of late. One that was not measured yet
//! counts as the fastest, so that it is.

use super::super::deployment::Deployment;
use super::circumstances::Circumstances;
use super::least;
use std::sync::Arc;

pub(super) fn pick<'g>(
    deployments: &[&'g Arc<Deployment>],
    circumstances: &Circumstances<'_>,
) -> Option<&'g Arc<Deployment>> {
    let Circumstances { routing, wish, now, random } = *circumstances;
    let buffer = routing.settings().args.lowest_latency_buffer.unwrap_or(0.0) as f32;
    let latency = |deployment: &Deployment| routing.latency(&deployment.seen, now, wish.is_stream);
    least::pick(deployments, random, latency, |fastest| fastest + fastest * buffer)
}
