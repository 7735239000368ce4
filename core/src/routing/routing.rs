//! How the deployments of all models are chosen, and what is seen of each: it outlives a table of models that is replaced.

use super::breaker::Breaker;
use super::breakers::Breakers;
use super::seen::Seen;
use crate::clock::Timestamp;
use crate::config::health::HealthSettings;
use crate::config::routing::{RoutingSettings, StrategyName};
use crate::id::DeploymentId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Seconds that a measured latency counts where nobody says how long.
const LATENCY_SECONDS: u32 = 60 * 60;

/// How deployments are chosen, and what is seen of each.
#[derive(Debug, Default)]
pub struct Routing {
    settings: RoutingSettings,
    health: HealthSettings,
    seen: Mutex<HashMap<DeploymentId, Arc<Seen>>>,
    breakers: Breakers,
}

impl Routing {
    /// As the operator says; nothing is seen yet.
    pub fn new(settings: RoutingSettings, health: HealthSettings) -> Self {
        Self { settings, health, seen: Mutex::default(), breakers: Breakers::default() }
    }

    /// What the operator says.
    pub fn settings(&self) -> &RoutingSettings {
        &self.settings
    }

    /// How deployments are probed.
    pub fn health(&self) -> &HealthSettings {
        &self.health
    }

    /// What is seen of the deployment with this id.
    pub fn seen(&self, id: &DeploymentId) -> Arc<Seen> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let latencies = if self.settings.strategy == StrategyName::LatencyBased {
            self.settings.args.max_latency_list_size
        } else {
            0
        };
        Arc::clone(seen.entry(id.clone()).or_insert_with(|| Arc::new(Seen::remembering(latencies))))
    }

    /// What is seen of every deployment so far.
    pub fn all_seen(&self) -> Vec<(DeploymentId, Arc<Seen>)> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().map(|(id, seen)| (id.clone(), Arc::clone(seen))).collect()
    }

    /// The breaker of the deployments of this name.
    pub(super) fn breaker(&self, name: String) -> Arc<Breaker> {
        self.breakers.get(name)
    }

    /// The cooldowns that others are to be told of, with the names of their breakers, until when, and the breakers.
    pub fn untold_cooldowns(&self, now: Timestamp) -> Vec<(String, i64, Arc<Breaker>)> {
        let untold = |(name, breaker): (String, Arc<Breaker>)| Some((name, breaker.take_untold(now)?, breaker));
        self.breakers.all().into_iter().filter_map(untold).collect()
    }

    /// Another instance leaves the deployments of this name alone until then.
    pub fn others_cool(&self, name: &str, until_millis: i64) {
        if let Some(breaker) = self.breakers.find(name) {
            breaker.others_cool(until_millis);
        }
    }

    /// Whether a choice asks what calls did before it. Where none does, nobody counts.
    pub fn watches(&self) -> bool {
        self.settings.strategy != StrategyName::SimpleShuffle
    }

    /// Seconds that a measured latency counts.
    pub fn latency_seconds(&self) -> u32 {
        self.settings.args.ttl.map_or(LATENCY_SECONDS, |seconds| (seconds.ceil() as u32).max(1))
    }

    /// The mean latency in seconds that a choice goes by: for each token of an answer, or until a stream begins.
    pub fn latency(&self, seen: &Seen, now: Timestamp, is_stream: bool) -> f32 {
        let ttl = self.latency_seconds();
        let first = is_stream.then(|| seen.first_token.mean(now, ttl)).flatten();
        first.or_else(|| seen.latency.mean(now, ttl)).unwrap_or(0.0)
    }
}
