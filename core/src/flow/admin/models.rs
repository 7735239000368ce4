//! `/model/new`, `/model/update`, `/model/{id}/update` and `/model/delete`: deployments in the table, beside those of the
//! file (`store_model_in_db`). Credentials go in and never come out.

use super::body::{self, Field, Kind};
use super::error::{AdminError, Problem};
use super::records::documents;
use super::records::forms::{id_in, required_id};
use crate::auth::rights::Actor;
use crate::calendar::rfc3339;
use crate::clock::{Random, Timestamp};
use crate::flow::model_info::shown_param;
use crate::routing::Deployment;
use crate::routing::stored::{StoredModel, StoredModelError, StoredModels};
use crate::store::documents::DocumentError;
use async_trait::async_trait;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use uuid::Builder;

/// Most times a change is tried that meets another of the same model.
const ATTEMPTS_MAX: u32 = 16;

/// Fields of a body that names a deployment.
pub const NAMED: &[Field] = &[("id", Kind::Text)];

/// Fields of a body that says what a deployment is.
pub const FIELDS: &[Field] =
    &[("model_name", Kind::Text), ("litellm_params", Kind::Map), ("model_info", Kind::Map), ("id", Kind::Text)];

/// Why stored fields are no deployment: a sentence for the administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotADeployment(pub String);

/// The models that the process serves.
#[async_trait]
pub trait Catalogue: Send + Sync {
    /// Whether the model can be called.
    ///
    /// # Errors
    /// [`NotADeployment`] says why not.
    fn check(&self, model: &StoredModel) -> Result<(), NotADeployment>;

    /// The model as it would be called.
    ///
    /// # Errors
    /// [`NotADeployment`] says why it could not.
    fn deployment(&self, model: &StoredModel) -> Result<Arc<Deployment>, NotADeployment>;

    /// Whether the file has a deployment of this id.
    fn is_of_file(&self, id: &str) -> bool;

    /// Whether a deployment of the file is in this access group.
    fn is_group_of_file(&self, group: &str) -> bool;

    /// Takes in what was stored, so that this process serves it at once.
    async fn changed(&self);
}

/// The operations on models in the table.
pub struct ModelAdmin {
    pub(super) stored: StoredModels,
    pub(super) catalogue: Arc<dyn Catalogue>,
    random: Arc<dyn Random>,
    is_on: bool,
}

impl ModelAdmin {
    /// Operations on `stored`, which `catalogue` serves, where `is_on`.
    pub fn new(stored: StoredModels, catalogue: Arc<dyn Catalogue>, random: Arc<dyn Random>, is_on: bool) -> Self {
        Self { stored, catalogue, random, is_on }
    }

    /// Stores a new deployment.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Refused`] for an id that there is already.
    pub async fn create(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = self.read(body)?;
        let name = required_id(&asked, "model_name")?;
        let params = map(&asked, "litellm_params").ok_or_else(|| Problem::missing(&["body", "litellm_params"]))?;
        if params.get("model").and_then(Value::as_str).is_none() {
            return Err(Problem::missing(&["body", "litellm_params", "model"]).into());
        }
        let mut info = map(&asked, "model_info").unwrap_or_default();
        let id = match id_in(&info, "id")? {
            Some(id) => id.to_owned(),
            None => self.new_id()?,
        };
        info.insert("id".to_owned(), id.as_str().into());
        let told = fields(json!({"model_name": name, "model_info": info, "created_at": rfc3339(now),
            "created_by": actor.user_id, "updated_at": rfc3339(now), "updated_by": actor.user_id}));
        let taken = || AdminError::Refused(format!("There is a deployment with id={id} already."));
        if self.catalogue.is_of_file(&id) {
            return Err(taken());
        }
        self.check(&StoredModel::new(&id, params.clone(), told.clone()))?;
        let stored = match self.stored.create(&id, params, told).await {
            Err(StoredModelError::Document(DocumentError::Taken)) => return Err(taken()),
            done => done?,
        };
        self.catalogue.changed().await;
        Ok(shown(&stored))
    }

    /// Changes what the body names of a deployment: that of the path (`named`), else of `model_info.id`, else of `id`. Parameters that
    /// are null go.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::NoSuchModel`], [`AdminError::Busy`].
    pub async fn update(&self, actor: &Actor, named: &str, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = self.read(body)?;
        let (params, info) = (map(&asked, "litellm_params"), map(&asked, "model_info"));
        let of_info = info.as_ref().and_then(|info| info.get("id"));
        // LiteLLM's own client names it beside the rest.
        let told = of_info.or_else(|| asked.get("id")).and_then(Value::as_str).unwrap_or_default();
        let id = if named.is_empty() { told } else { named };
        if id.is_empty() {
            return Err(Problem::missing(&["body", "model_info", "id"]).into());
        }
        let stored = self
            .change(actor, id, now, |model| {
                merge(&mut model.params, params.clone().unwrap_or_default());
                if let Some(name) = id_in(&asked, "model_name")? {
                    model.told.insert("model_name".to_owned(), name.into());
                }
                let mut known = map(&model.told, "model_info").unwrap_or_default();
                merge(&mut known, info.clone().unwrap_or_default());
                known.insert("id".to_owned(), id.into());
                model.told.insert("model_info".to_owned(), known.into());
                Ok(())
            })
            .await?;
        self.catalogue.changed().await;
        Ok(shown(&stored))
    }

    /// Changes a stored model to what `change` makes of it, as often as others change it meanwhile.
    pub(super) async fn change(
        &self,
        actor: &Actor,
        id: &str,
        now: Timestamp,
        change: impl Fn(&mut StoredModel) -> Result<(), AdminError>,
    ) -> Result<StoredModel, AdminError> {
        for _ in 0..ATTEMPTS_MAX {
            let before = self.stored.get(id).await?.ok_or_else(|| self.missing(id))?;
            let mut after = before.clone();
            change(&mut after)?;
            after.told.extend(fields(json!({"updated_at": rfc3339(now), "updated_by": actor.user_id})));
            self.check(&after)?;
            match self.stored.replace(&before, after).await {
                Err(StoredModelError::Document(DocumentError::Changed)) => {}
                done => return Ok(done?),
            }
        }
        Err(AdminError::Busy)
    }

    /// Deletes a deployment.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::NoSuchModel`].
    pub async fn delete(&self, body: &[u8]) -> Result<Value, AdminError> {
        self.on()?;
        let asked = body::read(body, NAMED)?;
        let id = required_id(&asked, "id")?;
        documents::remove(self.stored.documents(), id).await?.ok_or_else(|| self.missing(id))?;
        self.catalogue.changed().await;
        Ok(json!({"message": format!("Model: {id} deleted successfully")}))
    }

    fn read(&self, body: &[u8]) -> Result<Map<String, Value>, AdminError> {
        self.on()?;
        body::read(body, FIELDS)
    }

    /// Whether the table keeps models, and settings with them.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    pub(super) fn on(&self) -> Result<(), AdminError> {
        let reason =
            "set `general_settings.store_model_in_db: true` (or STORE_MODEL_IN_DB=True), or add it to the file";
        if self.is_on { Ok(()) } else { Err(AdminError::Unsupported { field: "model", reason }) }
    }

    fn check(&self, model: &StoredModel) -> Result<(), AdminError> {
        self.catalogue.check(model).map_err(|NotADeployment(why)| AdminError::Refused(why))
    }

    fn missing(&self, id: &str) -> AdminError {
        if self.catalogue.is_of_file(id) {
            return AdminError::Refused(format!(
                "Model with id={id} stands in the configuration file; change it there."
            ));
        }
        AdminError::NoSuchModel(id.to_owned())
    }

    fn new_id(&self) -> Result<String, AdminError> {
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes)?;
        Ok(Builder::from_random_bytes(bytes).into_uuid().to_string())
    }
}

/// The deployment without its credentials.
fn shown(model: &StoredModel) -> Value {
    let params = model.params.iter().map(|(name, value)| (name.clone(), shown_param(name, value)));
    let mut shown = fields(json!({"model_id": model.id, "litellm_params": params.collect::<Map<_, _>>(),
        "blocked": false}));
    shown.extend(model.told.clone());
    shown.into()
}

fn merge(into: &mut Map<String, Value>, changes: Map<String, Value>) {
    for (name, value) in changes {
        if value.is_null() {
            into.shift_remove(&name);
        } else {
            into.insert(name, value);
        }
    }
}

pub(super) fn map(asked: &Map<String, Value>, field: &str) -> Option<Map<String, Value>> {
    asked.get(field).and_then(Value::as_object).cloned()
}

fn fields(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}

impl From<StoredModelError> for AdminError {
    fn from(error: StoredModelError) -> Self {
        match error {
            StoredModelError::Seal(error) => Self::Sealing(error),
            StoredModelError::Document(error) => error.into(),
        }
    }
}
