//! A place at a deployment that takes few calls at once, for as long as a call has it.

use super::parts::ModelCalls;
use crate::admission::queue::Queue;
use crate::routing::Deployment;
use std::sync::Arc;

/// A place at a deployment that has few. Whoever waits is told when it is free.
#[derive(Debug)]
pub(super) struct Place {
    queue: Arc<Queue>,
    deployment: Arc<Deployment>,
}

impl Place {
    /// `None` where places are not counted.
    pub(super) fn at(calls: &ModelCalls, deployment: &Arc<Deployment>) -> Option<Self> {
        deployment.entry.params.max_parallel_requests?;
        Some(Self { queue: Arc::clone(&calls.queue), deployment: Arc::clone(deployment) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.queue.freed(&self.deployment.group);
    }
}
