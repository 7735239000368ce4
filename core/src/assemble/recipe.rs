//! What gateways of one process are made of, each with the settings that are stored by then.

use super::configuration::Found;
use super::error::StartError;
use super::gateway::{Gateway, Ground, KeyStaleness};
use super::sealing;
use super::secrets::Secrets;
use super::state::State;
use crate::config::stored::StoredSettings;
use crate::config::{Loaded, Problem};
use crate::error_text::error_text;
use crate::flow::admin::config::config_admin::{NotServable, Served};
use crate::secret::Secret;
use async_trait::async_trait;
use std::sync::{Arc, OnceLock, Weak};

/// The parts that stay.
pub struct Recipe {
    /// The configuration.
    pub found: Found,
    /// The administrator's key, where it was made for this run.
    pub master_key: Option<Secret>,
    /// Where state lives.
    pub state: State,
    /// How late changes of keys may be noticed.
    pub staleness: KeyStaleness,
    /// Time, chance, and work that outlives its request.
    pub ground: Ground,
}

/// Makes gateways.
pub(super) struct Maker {
    pub(super) recipe: Recipe,
    file: StoredSettings,
    /// Who serves what is made.
    pub(super) live: OnceLock<Weak<dyn Renews>>,
}

/// Serves what was stored last.
#[async_trait]
pub(super) trait Renews: Send + Sync {
    /// Looks what that is.
    async fn renew(&self);

    /// The public names of the models in it.
    fn model_names(&self) -> Vec<String>;
}

/// The same, as administrators' operations know it.
struct ServedBy(Arc<Maker>);

impl Maker {
    pub(super) fn new(recipe: Recipe) -> Self {
        Self { file: recipe.found.settings(), recipe, live: OnceLock::new() }
    }

    fn live(&self) -> Option<Arc<dyn Renews>> {
        self.live.get().and_then(Weak::upgrade)
    }

    /// A gateway with these settings under the file's, and what its operator should know.
    pub(super) async fn make(self: &Arc<Self>, stored: &StoredSettings) -> Result<(Gateway, Vec<Problem>), StartError> {
        let (mut loaded, secrets) = Box::pin(self.recipe.found.load_with(stored)).await?;
        let general = &mut loaded.config.general;
        general.master_key = general.master_key.take().or_else(|| self.recipe.master_key.clone());
        if let Some(sealer) = &self.recipe.state.sealer {
            sealing::check_needs(&loaded.config, sealer)?;
        }
        let warnings = loaded.warnings.clone();
        Ok((self.put_together((loaded, secrets)).await?, warnings))
    }

    /// A gateway of a configuration as it was loaded.
    pub(super) async fn put_together(self: &Arc<Self>, loaded: (Loaded, Secrets)) -> Result<Gateway, StartError> {
        let Recipe { state, staleness, ground, .. } = &self.recipe;
        let served = Arc::new(ServedBy(Arc::clone(self)));
        Box::pin(Gateway::assemble(loaded, state.clone(), *staleness, ground.clone(), served)).await
    }
}

#[async_trait]
impl Served for ServedBy {
    fn file(&self) -> &StoredSettings {
        &self.0.file
    }

    async fn check(&self, settings: &StoredSettings) -> Result<Vec<String>, NotServable> {
        let made = self.0.make(settings).await.map_err(|error| NotServable(error_text(&error)))?;
        let is_stored = |warning: &&Problem| settings.all().any(|(_, name, _)| warning.path.ends_with(name));
        Ok(made.1.iter().filter(is_stored).map(ToString::to_string).collect())
    }

    async fn changed(&self) {
        if let Some(live) = self.0.live() {
            live.renew().await;
        }
    }

    fn model_names(&self) -> Vec<String> {
        self.0.live().map(|live| live.model_names()).unwrap_or_default()
    }
}
