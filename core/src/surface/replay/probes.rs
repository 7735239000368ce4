//! What probes ask, of deployments whose answers are made up.

use super::served::Served;
use crate::config::Environment;
use crate::config::health::HealthSettings;
use crate::config::tls::TlsParams;
use crate::flow::health::Health;
use crate::flow::model_call::ModelCalls;
use crate::store::silence::StoreWait;
use crate::store::table::Table;
use crate::tls::material::Objects;
use crate::upstream::connect::Roads;
use crate::upstream::policies::Policies;
use std::sync::Arc;
use std::time::Duration;

pub(super) fn health(calls: &Arc<ModelCalls>, table: &Arc<dyn Table>) -> Arc<Health> {
    let policies = Policies::new(Environment::default(), TlsParams::default(), Objects::new(), Roads::default());
    Arc::new(Health {
        calls: Arc::clone(calls),
        table: Arc::clone(table),
        store_wait: StoreWait(Duration::from_secs(60)),
        policies: Arc::new(policies.unwrap()),
        catalogue: Arc::new(Served),
        settings: HealthSettings::default(),
    })
}
