//! Keeps a running process's secrets fresh: what is made from them is made anew when they change. Calls under way end
//! with the secrets that they began with.

use super::catalog::Catalog;
use super::due::Due;
use super::secrets::Secrets;
use crate::auth::master::MasterKey;
use crate::clock::Clock;
use crate::config::ModelEntry;
use crate::id::DeploymentId;
use crate::routing::deployment_id;
use std::sync::Arc;
use std::time::Duration;

/// What is said where secrets take their time.
const SLOW: &str = "the secret manager is slow; requests go on with the secrets that are known";

/// What is replaced when a secret changes, and how that is noticed.
pub struct Rotation {
    secrets: Secrets,
    interval: Duration,
    catalog: Arc<Catalog>,
    master: Option<MasterKey>,
    /// Names of the deployments in the configuration's order: a new key does not make them others.
    ids: Vec<DeploymentId>,
    due: Due,
}

impl Rotation {
    /// Replaces these when a secret changes. `None`: there is none that could.
    pub(super) async fn of(
        secrets: Secrets,
        catalog: Arc<Catalog>,
        (master, ids): (Option<MasterKey>, Vec<DeploymentId>),
        clock: Arc<dyn Clock>,
    ) -> Option<Arc<Self>> {
        let interval = secrets.interval().await?;
        let due = Due::at_once(clock, interval);
        due.put_off();
        Some(Arc::new(Self { secrets, interval, catalog, master, ids, due }))
    }

    /// The names that deployments keep.
    pub(super) fn ids(entries: &[ModelEntry]) -> Vec<DeploymentId> {
        entries.iter().map(deployment_id).collect()
    }

    /// Looks for changed secrets, again and again.
    pub async fn turning(&self) {
        loop {
            tokio::time::sleep(self.interval).await;
            self.turn().await;
        }
    }

    /// Looks for changed secrets where that is due, for a process that sleeps between requests. Never waits long.
    pub async fn turn_if_due(self: &Arc<Self>) {
        self.due.look(SLOW, || self.turn()).await;
    }

    /// Looks for changed secrets, and replaces what is made from them.
    pub(super) async fn turn(&self) {
        self.due.put_off();
        let loaded = match self.secrets.renewed().await {
            Ok(Some(loaded)) => loaded,
            Ok(None) => return,
            Err(error) => {
                tracing::error!(%error, "secrets have changed, but cannot be used; the old ones stay");
                return;
            }
        };
        let (mut config, environment) = (loaded.config, loaded.environment);
        if let (Some(held), Some(key)) = (&self.master, &config.general.master_key) {
            held.replace(key);
        }
        if config.models.len() == self.ids.len() {
            for (entry, id) in config.models.iter_mut().zip(&self.ids) {
                entry.info.insert("id".to_owned(), id.as_str().into());
            }
        }
        match self.catalog.renew(config.models, environment).await {
            Ok(()) => tracing::info!("secrets have changed; calls use the new ones from now on"),
            Err(error) => tracing::error!(%error, "secrets have changed, but cannot be used; the old ones stay"),
        }
    }
}
