//! What probes ask: is the process ready, and do its deployments answer.

use super::model_call::ModelCalls;
use crate::principal::Principal;
use crate::routing::Deployment;
use crate::store::item::Key;
use crate::store::table::{Freshness, Table};
use crate::upstream::policies::Policies;
use futures_util::{StreamExt, stream};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for the store before the process counts as not ready.
const STORE_WAIT: Duration = Duration::from_millis(250);
/// Deployments asked at once: a long list must not become a burst.
const PROBES_AT_ONCE: usize = 8;

/// What probes need.
pub struct Health {
    /// The deployments, and the way to them.
    pub calls: Arc<ModelCalls>,
    /// The store.
    pub table: Arc<dyn Table>,
    /// The clients that call upstreams.
    pub policies: Arc<Policies>,
}

/// How one deployment answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The upstream model, as `provider/model`.
    pub model: String,
    /// The deployment's id.
    pub model_id: String,
    /// Where it was called.
    pub api_base: Option<String>,
    /// What went wrong; `None`: it answered.
    pub error: Option<String>,
}

impl Health {
    /// Whether the store answers.
    pub async fn store_answers(&self) -> bool {
        let key = Key::new("HEALTH", "READINESS");
        let read = self.table.get(&key, Freshness::Eventual);
        matches!(tokio::time::timeout(STORE_WAIT, read).await, Ok(Ok(_)))
    }

    /// Asks every deployment, or those of one model, for a short answer. Each is a real call that its provider bills;
    /// `asker` pays.
    pub async fn probe(
        &self,
        model: Option<&str>,
        asker: &Arc<Principal>,
        client_address: Option<IpAddr>,
    ) -> Vec<Endpoint> {
        let models = &self.calls.models;
        let groups = models.names().iter().filter_map(|name| models.group(name));
        let chosen = groups.filter(|group| model.is_none_or(|model| group.name == model));
        let deployments: Vec<_> = chosen.flat_map(|group| group.deployments.iter().cloned()).collect();
        let asked = deployments.into_iter().map(|deployment| self.ask(deployment, Arc::clone(asker), client_address));
        stream::iter(asked).buffered(PROBES_AT_ONCE).collect().await
    }

    async fn ask(
        &self,
        deployment: Arc<Deployment>,
        asker: Arc<Principal>,
        client_address: Option<IpAddr>,
    ) -> Endpoint {
        let error = self.calls.probe(Arc::clone(&deployment), asker, client_address).await.err();
        Endpoint {
            model: deployment.entry.params.model.clone(),
            model_id: deployment.id.as_str().to_owned(),
            api_base: deployment.target().map(|target| target.api_base.clone()),
            error: error.map(|error| error.to_string()),
        }
    }
}
