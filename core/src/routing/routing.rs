//! How the deployments of all models are chosen, and what is seen of each: it outlives a table of models that is replaced.

use super::breaker::Breaker;
use super::breakers::Breakers;
use super::cost_rules::CostRules;
use super::seen::Seen;
use crate::clock::Timestamp;
use crate::config::health::HealthSettings;
use crate::config::routing::{RoutingSettings, StrategyName};
use crate::id::DeploymentId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Seconds that a measured latency counts where nobody says how long.
const LATENCY_SECONDS: u32 = 60 * 60;

/// As many are made at a time, so that they lie side by side in memory: a choice looks at all of them.
const SIDE_BY_SIDE: usize = 64;

/// What is seen of each deployment.
#[derive(Debug, Default)]
struct AllSeen {
    by_id: HashMap<DeploymentId, Arc<Seen>>,
    spare: Vec<Arc<Seen>>,
}

/// How deployments are chosen, and what is seen of each.
#[derive(Debug, Default)]
pub struct Routing {
    settings: RoutingSettings,
    health: HealthSettings,
    costs: CostRules,
    seen: Mutex<AllSeen>,
    breakers: Breakers,
}

impl Routing {
    /// As the operator says; nothing is seen yet.
    pub fn new(settings: RoutingSettings, health: HealthSettings) -> Self {
        Self { settings, health, ..Self::default() }
    }

    /// The same, where the cost of calls is charged like this.
    pub fn charging(self, costs: CostRules) -> Self {
        Self { costs, ..self }
    }

    /// How the cost of calls is charged.
    pub(super) fn costs(&self) -> &CostRules {
        &self.costs
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
        if let Some(known) = seen.by_id.get(id) {
            return Arc::clone(known);
        }
        let latencies = if self.settings.strategy == StrategyName::LatencyBased {
            self.settings.args.max_latency_list_size
        } else {
            0
        };
        let new = || Arc::new(Seen::remembering(latencies));
        if seen.spare.is_empty() {
            seen.spare.extend(std::iter::repeat_with(new).take(SIDE_BY_SIDE));
        }
        let taken = seen.spare.pop().unwrap_or_else(new);
        seen.by_id.insert(id.clone(), Arc::clone(&taken));
        taken
    }

    /// What is seen of every deployment so far.
    pub fn all_seen(&self) -> Vec<(DeploymentId, Arc<Seen>)> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.by_id.iter().map(|(id, seen)| (id.clone(), Arc::clone(seen))).collect()
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
}
