//! What probes ask: is the process ready, and do its deployments answer.

use super::model_call::attempt;
use super::model_call::plan::Upstream;
use crate::api::members::Members;
use crate::providers::operation::Operation;
use crate::providers::provider::Call;
use crate::providers::registry;
use crate::routing::{Backend, Deployment, ModelTable};
use crate::store::item::Key;
use crate::store::table::{Freshness, Table};
use crate::upstream::transport::{Bounds, Transport};
use futures_util::{StreamExt, stream};
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for the store before the process counts as not ready.
const STORE_WAIT: Duration = Duration::from_millis(250);
/// Longest wait for one deployment.
const PROBE_WAIT: Duration = Duration::from_secs(60);
/// Deployments asked at once: a long list must not become a burst.
const PROBES_AT_ONCE: usize = 8;

/// What probes need.
pub struct Health {
    /// The deployments.
    pub models: Arc<ModelTable>,
    /// The way to them.
    pub transport: Arc<dyn Transport>,
    /// The store.
    pub table: Arc<dyn Table>,
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

    /// Asks every deployment, or those of one model, for a short answer. Each is a real call that its provider bills.
    pub async fn probe(&self, model: Option<&str>) -> Vec<Endpoint> {
        let groups = self.models.names().iter().filter_map(|name| self.models.group(name));
        let chosen = groups.filter(|group| model.is_none_or(|model| group.name == model));
        let deployments: Vec<_> = chosen.flat_map(|group| group.deployments.iter().cloned()).collect();
        stream::iter(deployments).map(|deployment| self.ask(deployment)).buffered(PROBES_AT_ONCE).collect().await
    }

    async fn ask(&self, deployment: Arc<Deployment>) -> Endpoint {
        let error = self.call(&deployment).await.err();
        let target = deployment.target();
        Endpoint {
            model: deployment.entry.params.model.clone(),
            model_id: deployment.id.as_str().to_owned(),
            api_base: target.map(|target| target.api_base.clone()),
            error,
        }
    }

    async fn call(&self, deployment: &Deployment) -> Result<(), String> {
        let Backend::Upstream(target) = &deployment.backend else { return Ok(()) };
        let operation = match deployment.price.as_ref().and_then(|price| price.mode()) {
            Some("embedding") => Operation::Embedding,
            Some("completion") => Operation::Completion,
            _ => Operation::Chat,
        };
        let body = question(operation);
        let mut members = Members::parse(body).map_err(|error| error.to_string())?;
        let provider = registry::provider(target.provider);
        let call = Call { operation, members: &mut members, stream: false };
        let request = provider.request(call, target).map_err(|error| error.to_string())?;
        let bounds = Bounds { first_byte: PROBE_WAIT, between_chunks: PROBE_WAIT, total: PROBE_WAIT };
        let answered =
            attempt::send(self.transport.as_ref(), provider, Upstream::Provider(Box::new(request)), bounds).await;
        let answered = answered.map_err(|error| error.to_string())?;
        attempt::whole(provider, operation, answered.body).await.map(drop).map_err(|error| error.to_string())
    }
}

fn question(operation: Operation) -> &'static [u8] {
    match operation {
        Operation::Chat => br#"{"messages":[{"role":"user","content":"What's 1 + 1?"}],"max_tokens":16}"#,
        Operation::Completion => br#"{"prompt":"1 + 1 =","max_tokens":16}"#,
        Operation::Embedding => br#"{"input":["test"]}"#,
    }
}
