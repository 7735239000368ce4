//! The parts that choose deployments, and those that see whether they answer.

use super::error::StartError;
use crate::accounting::health_log::HealthLog;
use crate::accounting::shared_cooldowns::SharedCooldowns;
use crate::accounting::shared_use::SharedUse;
use crate::config::{Config, Environment, ModelEntry};
use crate::flow::admin::models::Catalogue;
use crate::flow::health::Health;
use crate::flow::maintenance::Maintenance;
use crate::flow::model_call::ModelCalls;
use crate::flow::sharing::Sharing;
use crate::providers::resolve::target_of;
use crate::routing::{CostRules, LiveModels, ModelTable, Routing, Targets};
use crate::store::silence::StoreWait;
use crate::store::table::Table;
use crate::upstream::policies::Policies;
use std::collections::HashSet;
use std::sync::Arc;

/// Finds upstreams with this environment.
pub(super) fn targets(environment: &Environment) -> Arc<Targets> {
    let environment = environment.clone();
    Arc::new(move |params: &_| target_of(params, &environment).map_err(Into::into))
}

/// The models, taken out of the configuration, and what instances tell each other of them: where choices go by what was
/// seen, and there may be others.
pub(super) fn models(
    config: &mut Config,
    targets: Arc<Targets>,
    table: &Arc<dyn Table>,
    is_only_writer: bool,
) -> Result<(Arc<LiveModels>, Option<Arc<Sharing>>), StartError> {
    let costs = CostRules {
        discounts: config.litellm.cost_discount_config.clone(),
        margins: config.litellm.cost_margin_config.clone(),
    };
    let routing = Arc::new(Routing::new(config.routing.clone(), config.health.clone()).charging(costs));
    let cools = config.failing.disable_cooldowns != Some(true) && has_choice(&config.models);
    let models = ModelTable::routed(std::mem::take(&mut config.models), targets, Arc::clone(&routing))?;
    let health = routing.health().clone();
    let is_shared = !is_only_writer && (health.background_health_checks || routing.watches() || cools);
    let sharing = is_shared.then(|| {
        let mut sharing = Sharing::new(SharedUse::new(Arc::clone(table)), routing);
        if cools {
            sharing = sharing.cooling_together(SharedCooldowns::new(Arc::clone(table)));
        }
        let looks = health.background_health_checks;
        Arc::new(if looks { sharing.looking_at(HealthLog::new(Arc::clone(table)), health) } else { sharing })
    });
    Ok((Arc::new(LiveModels::new(models)), sharing))
}

/// Whether some model has several deployments: a cooldown of an only one changes nothing.
fn has_choice(entries: &[ModelEntry]) -> bool {
    let mut names = HashSet::new();
    !entries.iter().all(|entry| names.insert(&entry.model_name))
}

/// The models anew, as secrets have changed. What was seen of their deployments stays.
pub(super) fn renewed(
    entries: Vec<ModelEntry>,
    environment: &Environment,
    routing: Arc<Routing>,
) -> Result<ModelTable, StartError> {
    Ok(ModelTable::routed(entries, targets(environment), routing)?)
}

/// What probes deployments, by itself too.
pub(super) fn health(
    calls: &Arc<ModelCalls>,
    (table, store_wait): (Arc<dyn Table>, StoreWait),
    (policies, catalogue): (&Arc<Policies>, Arc<dyn Catalogue>),
    maintenance: &Maintenance,
) -> Arc<Health> {
    let settings = calls.models.routing().health().clone();
    let policies = Arc::clone(policies);
    let health = Arc::new(Health { calls: Arc::clone(calls), table, store_wait, policies, catalogue, settings });
    maintenance.probing(Arc::clone(&health));
    health
}
