//! A gateway that becomes another one when the stored settings change: the new one answers what comes from then on, the
//! old one ends what it began. Each process looks every few seconds, with one small read, whether there is a new version.
//!
//! What a process knows by itself the new gateway learns anew: answers kept in memory, cooldowns, connections to upstreams.
//! State is not concerned: it is in the table.

use super::catalog::{NOTICE, is_kept_in_table};
use super::due::Due;
use super::error::StartError;
use super::gateway::{Gateway, Serves};
use super::recipe::{Maker, Recipe, Renews};
use super::sealing;
use super::secrets::Secrets;
use crate::config::Loaded;
use crate::config::stored::StoredSettings;
use crate::flow::admin::config::versions::{ConfigVersions, VersionError};
use crate::surface::front::Front;
use crate::surface::security_headers::SecurityHeaders;
use arc_swap::ArcSwap;
use async_trait::async_trait;
use std::sync::{Arc, OnceLock, Weak};
use tokio::sync::watch;

/// What is said where new settings take their time.
const SLOW: &str = "new settings are slow to come; requests go on with those that are known";

/// The gateway of a process, as it is now.
pub struct Live {
    maker: Arc<Maker>,
    /// `None`: settings are not kept in the table.
    versions: Option<ConfigVersions>,
    now: ArcSwap<Generation>,
    /// What was last read of the table. One looks at a time, so that the last gateway made is the newest.
    known: tokio::sync::Mutex<Known>,
    due: Due,
    moved: watch::Sender<()>,
}

/// A gateway from one change of the settings to the next.
pub struct Generation {
    /// The gateway.
    pub gateway: Gateway,
    front: OnceLock<Front>,
}

#[derive(Clone, Copy, Default)]
struct Known {
    stamp: i64,
    number: i64,
}

/// Why the process goes on with the settings that it has.
#[derive(Debug, thiserror::Error)]
enum NotRenewed {
    #[error(transparent)]
    Stored(#[from] VersionError),
    #[error(transparent)]
    Settings(#[from] StartError),
}

impl Live {
    /// Makes the first gateway, of a configuration as it was loaded and of the stored settings.
    ///
    /// # Errors
    /// [`StartError`] names the setting at fault.
    pub async fn begin(recipe: Recipe, loaded: (Loaded, Secrets)) -> Result<Arc<Self>, StartError> {
        let keeps = is_kept_in_table(&loaded.0.config, &loaded.0.environment)?;
        let sealer = recipe.state.sealer.clone();
        let sealer = sealer.unwrap_or_else(|| sealing::without_keys(Arc::clone(&recipe.ground.random)));
        let versions = keeps.then(|| ConfigVersions::new(Arc::clone(&recipe.state.table), sealer));
        let due = Due::at_once(Arc::clone(&recipe.ground.clock), NOTICE);
        let maker = Arc::new(Maker::new(recipe));
        let read = match &versions {
            Some(versions) => read(versions, Known::default()).await,
            None => Ok(None),
        };
        let stored = match read {
            Ok(stored) => stored,
            // It does not keep a process from starting: without the table no key is known either.
            Err(error) if error.is_outage() => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "the stored settings cannot be read; the file's alone count until they can");
                None
            }
            Err(error) => return Err(StartError::StoredSettings(Box::new(error))),
        };
        let (known, gateway) = match stored {
            Some((known, Some(settings))) => {
                let made = maker.make(&settings).await;
                let (gateway, warnings) = made.map_err(|cause| StartError::StoredSettings(Box::new(cause)))?;
                warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
                (known, gateway)
            }
            Some((known, None)) => (known, maker.put_together(loaded).await?),
            None => (Known::default(), maker.put_together(loaded).await?),
        };
        let live = Arc::new(Self {
            maker,
            versions,
            now: ArcSwap::from_pointee(Generation::of(gateway)),
            known: tokio::sync::Mutex::new(known),
            due,
            moved: watch::Sender::new(()),
        });
        // Set once: this is the only place that does.
        let renews: Weak<dyn Renews> = Arc::<Self>::downgrade(&live);
        let _ = live.maker.live.set(renews);
        Ok(live)
    }

    /// The gateway that answers what comes now.
    pub fn now(&self) -> Arc<Generation> {
        self.now.load_full()
    }

    /// Changes whenever another gateway takes over.
    pub fn moves(&self) -> watch::Receiver<()> {
        self.moved.subscribe()
    }

    /// Looks for changed settings, again and again, where there may be some.
    pub async fn watching(&self) {
        while self.versions.is_some() {
            tokio::time::sleep(NOTICE).await;
            self.look_and_tell().await;
        }
    }

    /// Looks for whatever may have changed, where that is due, for a process that sleeps between requests. Never waits
    /// long.
    pub async fn tend(&self) {
        self.look_if_due().await;
        let generation = self.now();
        if let Some(rotation) = &generation.gateway.rotation {
            rotation.turn_if_due().await;
        }
        generation.gateway.catalog.look_if_due().await;
    }

    async fn look_if_due(&self) {
        if self.versions.is_some() {
            self.due.look(SLOW, || self.look_and_tell()).await;
        }
    }

    async fn look_and_tell(&self) {
        if let Err(error) = self.look().await {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "stored settings cannot be used; those that are known stay");
        }
    }

    async fn look(&self) -> Result<(), NotRenewed> {
        let Some(versions) = &self.versions else { return Ok(()) };
        let mut known = self.known.lock().await;
        let Some((found, settings)) = read(versions, *known).await? else { return Ok(()) };
        if found.number != known.number {
            let (gateway, warnings) = self.maker.make(&settings.unwrap_or_default()).await?;
            warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
            // It begins with the table's models.
            gateway.catalog.look_if_due().await;
            self.now.store(Arc::new(Generation::of(gateway)));
            self.moved.send_replace(());
            tracing::info!(
                version = found.number,
                "the settings have changed; what comes from now on goes by the new ones"
            );
        }
        *known = found;
        Ok(())
    }
}

#[async_trait]
impl Renews for Live {
    async fn renew(&self) {
        self.look_and_tell().await;
    }

    fn model_names(&self) -> Vec<String> {
        self.now.load().gateway.model_names()
    }
}

impl Generation {
    fn of(gateway: Gateway) -> Self {
        Self { gateway, front: OnceLock::new() }
    }

    /// Its routes, put together when they are first asked for.
    pub(super) fn front(&self, serves: Serves, security: &SecurityHeaders) -> &Front {
        self.front.get_or_init(|| self.gateway.router(serves).with_security(security.clone()))
    }
}

/// What the table has, where it was changed since.
async fn read(
    versions: &ConfigVersions,
    known: Known,
) -> Result<Option<(Known, Option<StoredSettings>)>, VersionError> {
    let stamp = versions.stamp().await?;
    if stamp == known.stamp {
        return Ok(None);
    }
    let latest = versions.latest().await?;
    let number = latest.as_ref().map_or(0, |version| version.number);
    Ok(Some((Known { stamp, number }, latest.map(|version| version.settings))))
}
