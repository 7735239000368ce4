//! The models of the file and those of the table as one: made anew when either changes. Each instance looks every few
//! seconds whether the table's have changed, with one small read.

use super::due::Due;
use super::error::StartError;
use super::routing::renewed;
use super::transports;
use crate::clock::{Clock, Random};
use crate::config::{Config, Document, Environment, ModelEntry, Resolved, Sources};
use crate::crypto::Sealer;
use crate::flow::admin::models::{Catalogue, ModelAdmin, NotADeployment};
use crate::providers::resolve::check_deployment;
use crate::routing::stored::{StoredModel, StoredModels};
use crate::routing::{Deployment, LiveModels, ModelTable, deployment_id};
use crate::store::table::Table;
use crate::upstream::policies::Policies;
use async_trait::async_trait;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How late an instance may notice a change of another.
pub const NOTICE: Duration = Duration::from_secs(5);

/// What is said where the table is slow.
const SLOW: &str = "the table is slow; requests go on with the models that are known";

/// The models of a process, from both places.
pub struct Catalog {
    models: Arc<LiveModels>,
    policies: Arc<Policies>,
    stored: Option<StoredModels>,
    parts: Mutex<Parts>,
    /// One builds at a time, so that the last one built is the newest.
    building: tokio::sync::Mutex<()>,
    due: Due,
}

struct Parts {
    /// The file's entries, with the ids that they keep.
    file: Vec<ModelEntry>,
    environment: Environment,
    /// What entries of the table take over from the file's settings.
    defaults: (bool, bool),
    entries: Vec<ModelEntry>,
    stamp: i64,
}

impl Catalog {
    /// Puts other entries in the place of the file's, as secrets have changed.
    ///
    /// # Errors
    /// [`StartError`]: the old ones stay.
    pub(super) async fn renew(&self, file: Vec<ModelEntry>, environment: Environment) -> Result<(), StartError> {
        let _building = self.building.lock().await;
        let entries = self.parts().entries.clone();
        self.build(&file, &entries, &environment)?;
        let mut parts = self.parts();
        (parts.file, parts.environment) = (file, environment);
        Ok(())
    }

    /// Looks for changed models, again and again, where there may be some in the table.
    pub async fn watching(&self) {
        while self.stored.is_some() {
            self.look_and_tell().await;
            tokio::time::sleep(NOTICE).await;
        }
    }

    /// Looks for changed models where that is due, for a process that sleeps between requests. Never waits long.
    pub async fn look_if_due(&self) {
        if self.stored.is_some() {
            self.due.look(SLOW, || self.look_and_tell()).await;
        }
    }

    async fn look_and_tell(&self) {
        if let Err(error) = self.look().await {
            tracing::error!(%error, "stored models cannot be used; those that are known stay");
        }
    }

    async fn look(&self) -> Result<(), StartError> {
        let Some(stored) = &self.stored else { return Ok(()) };
        let _building = self.building.lock().await;
        let failed = |cause| StartError::StoredModels { cause };
        let stamp = stored.stamp().await.map_err(failed)?;
        let (known, file, environment) = {
            let parts = self.parts();
            (parts.stamp, parts.file.clone(), parts.environment.clone())
        };
        if stamp == known {
            return Ok(());
        }
        let mut entries = Vec::new();
        for model in stored.all().await.map_err(failed)? {
            match self.entry(&model) {
                Ok(entry) => entries.push(entry),
                Err(NotADeployment(why)) => {
                    tracing::error!(model = model.id, why, "a stored model is no deployment, and is left out");
                }
            }
        }
        self.build(&file, &entries, &environment)?;
        let mut parts = self.parts();
        (parts.entries, parts.stamp) = (entries, stamp);
        Ok(())
    }

    fn build(&self, file: &[ModelEntry], stored: &[ModelEntry], environment: &Environment) -> Result<(), StartError> {
        let mut entries: Vec<ModelEntry> = file.iter().chain(stored).cloned().collect();
        transports::assign(&self.policies, &mut entries)?;
        self.models.replace(renewed(entries, environment, self.models.routing())?);
        Ok(())
    }

    /// The entry that a stored model is.
    fn entry(&self, model: &StoredModel) -> Result<ModelEntry, NotADeployment> {
        let (environment, (drops, modifies)) = {
            let parts = self.parts();
            (parts.environment.clone(), parts.defaults)
        };
        let mut info = model.told.get("model_info").and_then(Value::as_object).cloned().unwrap_or_default();
        info.insert("id".to_owned(), model.id.as_str().into());
        info.insert("db_model".to_owned(), true.into());
        let name = model.told.get("model_name").cloned().unwrap_or_default();
        // JSON is YAML.
        let text = json!({"model_list": [{"model_name": name, "litellm_params": model.params, "model_info": info}]});
        let faulty = |error: &dyn std::error::Error| NotADeployment(error.to_string());
        let document = Document::parse("model", &text.to_string()).map_err(|error| faulty(&error))?;
        let resolved = Resolved::default();
        let sources = Sources { environment: &environment, resolved: &resolved, provider_check: &check_deployment };
        let loaded = Config::from_document(&document, sources).map_err(|error| faulty(&error))?;
        let mut entry = loaded.config.models.into_iter().next();
        if let Some(entry) = &mut entry {
            if !model.params.contains_key("drop_params") {
                entry.params.drop_params = Some(drops);
            }
            entry.params.modify_params.get_or_insert(modifies);
            entry.line = 0;
            transports::assign(&self.policies, std::slice::from_mut(entry)).map_err(|error| faulty(&error))?;
            self.alone(entry.clone()).map_err(|error| faulty(&error))?;
        }
        entry.ok_or_else(|| NotADeployment("it has no `litellm_params`".to_owned()))
    }

    /// A table of one entry.
    fn alone(&self, entry: ModelEntry) -> Result<ModelTable, StartError> {
        let environment = self.parts().environment.clone();
        renewed(vec![entry], &environment, Arc::default())
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Catalogue for Catalog {
    fn check(&self, model: &StoredModel) -> Result<(), NotADeployment> {
        self.entry(model).map(drop)
    }

    fn deployment(&self, model: &StoredModel) -> Result<Arc<Deployment>, NotADeployment> {
        let table = self.alone(self.entry(model)?).map_err(|error| NotADeployment(error.to_string()))?;
        let nothing = || NotADeployment("a wildcard names no model that could be asked".to_owned());
        table.probed().into_iter().next().ok_or_else(nothing)
    }

    fn is_of_file(&self, id: &str) -> bool {
        self.parts().file.iter().any(|entry| deployment_id(entry).as_str() == id)
    }

    fn is_group_of_file(&self, group: &str) -> bool {
        self.parts().file.iter().any(|entry| entry.access_groups().any(|known| known == group))
    }

    async fn changed(&self) {
        self.look_and_tell().await;
    }
}

/// Whether the table keeps models and settings: where the file says so (`store_model_in_db`), else `STORE_MODEL_IN_DB`.
pub(super) fn is_kept_in_table(config: &Config, environment: &Environment) -> Result<bool, StartError> {
    match config.general.store_model_in_db {
        Some(said) => Ok(said),
        None => Ok(environment.flag("STORE_MODEL_IN_DB")?.unwrap_or(false)),
    }
}

/// What is known of the models of both places before the file's are put together.
pub(super) struct InTable {
    stored: StoredModels,
    file: Vec<ModelEntry>,
    defaults: (bool, bool),
    is_on: bool,
}

impl InTable {
    /// Models stand in the table where the file says so (`store_model_in_db`), else `STORE_MODEL_IN_DB`.
    ///
    /// # Errors
    /// [`StartError::Flag`] where the variable says neither yes nor no.
    pub(super) fn of(
        config: &mut Config,
        environment: &Environment,
        (table, sealer): (&Arc<dyn Table>, &Sealer),
    ) -> Result<Self, StartError> {
        let is_on = is_kept_in_table(config, environment)?;
        config.general.store_model_in_db = Some(is_on);
        let stored = StoredModels::new(Arc::clone(table), sealer.clone());
        let defaults = (config.litellm.drop_params, config.litellm.modify_params);
        Ok(Self { stored, file: config.models.clone(), defaults, is_on })
    }

    /// The models as one, served as `models`; and the operations on those of the table.
    pub(super) fn served(
        self,
        (models, policies): (&Arc<LiveModels>, &Arc<Policies>),
        environment: &Environment,
        (clock, random): (&Arc<dyn Clock>, &Arc<dyn Random>),
    ) -> (Arc<Catalog>, ModelAdmin) {
        let Self { stored, file, defaults, is_on } = self;
        let environment = environment.clone();
        let parts = Mutex::new(Parts { file, environment, defaults, entries: Vec::new(), stamp: 0 });
        let catalog = Arc::new(Catalog {
            models: Arc::clone(models),
            policies: Arc::clone(policies),
            stored: is_on.then(|| stored.clone()),
            parts,
            building: tokio::sync::Mutex::default(),
            due: Due::at_once(Arc::clone(clock), NOTICE),
        });
        let served: Arc<dyn Catalogue> = Arc::<Catalog>::clone(&catalog);
        let admin = ModelAdmin::new(stored, served, Arc::clone(random), is_on);
        (catalog, admin)
    }
}
