//! What probes ask: is the process ready, and do its deployments answer. What they found is stored, and deployments that
//! did not answer are left out of choices for a while.

use super::admin::models::Catalogue;
use super::found;
use super::model_call::ModelCalls;
use crate::accounting::health_log::{Checked, HealthLog};
use crate::clock::Timestamp;
use crate::config::health::HealthSettings;
use crate::routing::Deployment;
use crate::store::item::Key;
use crate::store::silence::StoreWait;
use crate::store::table::{Freshness, ReadError, Table, WriteError};
use crate::upstream::policies::Policies;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Deployments asked at once: a long list must not become a burst.
const PROBES_AT_ONCE: usize = 8;
/// Seconds for one deployment where nobody says otherwise.
pub(super) const PROBE_SECONDS: f64 = 60.0;

/// What probes need.
pub struct Health {
    /// The deployments, and the way to them.
    pub calls: Arc<ModelCalls>,
    /// The store.
    pub table: Arc<dyn Table>,
    /// How long it is waited for.
    pub store_wait: StoreWait,
    /// The clients that call upstreams.
    pub policies: Arc<Policies>,
    /// Makes deployments that are not there yet.
    pub catalogue: Arc<dyn Catalogue>,
    /// How deployments are probed.
    pub settings: HealthSettings,
}

/// Which deployments are asked. Nothing: all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Those of a model, by its public name or its upstream's.
    pub model: Option<&'a str>,
    /// The one with this id.
    pub model_id: Option<&'a str>,
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

/// Why a round of probes was not made.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// Whose turn it is cannot be told.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// What others found cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Health {
    /// Whether the store answers.
    pub async fn store_answers(&self) -> bool {
        let key = Key::new("HEALTH", "READINESS");
        let read = self.table.get(&key, Freshness::Eventual);
        matches!(self.store_wait.in_time(read).await, Some(Ok(_)))
    }

    /// Asks deployments for a short answer, and remembers what came of it. Each is a real call that its provider bills; it
    /// is charged to no key.
    pub async fn probe(&self, wanted: Wanted<'_>, by: Option<&str>, address: Option<IpAddr>) -> Vec<Endpoint> {
        let deployments = self.calls.models.probed().into_iter().filter(|deployment| wanted.means(deployment));
        let asked = deployments.map(|deployment| self.ask(deployment, by, address));
        stream::iter(asked).buffered(PROBES_AT_ONCE).collect().await
    }

    /// How the deployments answered last, without asking them.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub async fn last_known(&self) -> Result<Vec<Endpoint>, ReadError> {
        let latest = self.log().latest().await?;
        let endpoints = self.calls.models.probed().into_iter().filter_map(|deployment| {
            let known = latest.iter().find(|checked| checked.id == deployment.id)?;
            Some(endpoint(&deployment, known.error.clone()))
        });
        Ok(endpoints.collect())
    }

    /// What was found, and is kept.
    pub fn log(&self) -> HealthLog {
        HealthLog::new(Arc::clone(&self.table))
    }

    /// A turn of probing in the background: where one is due, every deployment is asked; else what others found is taken
    /// in. How many were asked; `None`: nobody wants this.
    ///
    /// # Errors
    /// [`RoundError`] of the store.
    pub async fn round(&self, now: Timestamp) -> Result<Option<usize>, RoundError> {
        if !self.settings.background_health_checks {
            return Ok(None);
        }
        if self.log().take_turn(now, self.settings.interval_millis()).await? {
            let wants = |deployment: &Deployment| !is_on(&deployment.entry.info, "disable_background_health_check");
            let deployments = self.calls.models.probed().into_iter().filter(|deployment| wants(deployment));
            let asked = deployments.map(|deployment| self.ask(deployment, None, None));
            let endpoints: Vec<_> = stream::iter(asked).buffered(PROBES_AT_ONCE).collect().await;
            return Ok(Some(endpoints.len()));
        }
        for checked in self.log().latest().await? {
            self.take_in(&checked);
        }
        Ok(Some(0))
    }

    async fn ask(&self, deployment: Arc<Deployment>, by: Option<&str>, address: Option<IpAddr>) -> Endpoint {
        let began = self.calls.clock.now();
        let seconds = number(&deployment, "health_check_timeout");
        let seconds = seconds.or(self.calls.models.routing().settings().health_check_timeout).unwrap_or(PROBE_SECONDS);
        let wait = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let error = self.calls.probe(Arc::clone(&deployment), wait, address).await.err();
        let at = self.calls.clock.now();
        let checked = Checked {
            id: deployment.id.clone(),
            model_name: deployment.group.clone(),
            error: error.map(|error| error.to_string()),
            took_ms: at.millis_since(began),
            at,
            by: by.map(str::to_owned),
        };
        self.take_in(&checked);
        if let Err(error) = self.log().record(&checked).await {
            tracing::warn!(error = &error as &dyn Error, "what a probe found is not stored");
        }
        endpoint(&deployment, checked.error)
    }

    fn take_in(&self, checked: &Checked) {
        found::take_in(checked, &self.calls.models.routing(), &self.settings);
    }
}

impl Wanted<'_> {
    /// Whether nothing is said.
    pub fn is_everything(&self) -> bool {
        self.model.is_none() && self.model_id.is_none()
    }

    fn means(&self, deployment: &Deployment) -> bool {
        let has_name = |name: &str| [&deployment.group, &deployment.entry.params.model].iter().any(|own| *own == name);
        self.model.is_none_or(has_name) && self.model_id.is_none_or(|id| deployment.id.as_str() == id)
    }
}

fn endpoint(deployment: &Deployment, error: Option<String>) -> Endpoint {
    Endpoint {
        model: deployment.entry.params.model.clone(),
        model_id: deployment.id.as_str().to_owned(),
        api_base: deployment.target().map(|target| target.api_base.clone()),
        error,
    }
}

fn number(deployment: &Deployment, name: &str) -> Option<f64> {
    deployment.entry.info.get(name).and_then(Value::as_f64).filter(|number| *number > 0.0)
}

fn is_on(info: &serde_json::Map<String, Value>, name: &str) -> bool {
    info.get(name).and_then(Value::as_bool).unwrap_or(false)
}
