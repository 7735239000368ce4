//! Models that administrators add: documents in the table, their parameters sealed whole, as any of them may be a
//! credential.
//!
//! | list | a document holds |
//! |---|---|
//! | `MODELS` | `model_name`, `model_info`, `created_at`, `created_by`, `updated_at`, `updated_by` in the open; `litellm_params`: sealed JSON text |

use crate::crypto::resealed::{Resealed, Work};
use crate::crypto::{Place, SealError, Sealer};
use crate::secret::Secret;
use crate::store::documents::{Document, DocumentError, Documents};
use crate::store::sealed_documents::SealedDocuments;
use crate::store::table::{ReadError, Table};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The list.
const LIST: &str = "MODELS";

/// The table of which values' places speak.
const TABLE: &str = "models";

/// The field that is sealed.
pub const PARAMS: &str = "litellm_params";

/// The models of one table.
#[derive(Clone)]
pub struct StoredModels {
    documents: Documents,
    sealer: Sealer,
}

/// A stored model, open.
#[derive(Clone)]
pub struct StoredModel {
    /// Its id: that of the deployment.
    pub id: String,
    /// `litellm_params`, credentials and all.
    pub params: Map<String, Value>,
    /// Everything else.
    pub told: Map<String, Value>,
    document: Option<Document>,
}

/// Why a model was not stored or read.
#[derive(Debug, thiserror::Error)]
pub enum StoredModelError {
    /// It cannot be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The table.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl From<ReadError> for StoredModelError {
    fn from(error: ReadError) -> Self {
        Self::Document(error.into())
    }
}

impl StoredModel {
    /// A model that is not stored yet.
    pub fn new(id: &str, params: Map<String, Value>, told: Map<String, Value>) -> Self {
        Self { id: id.to_owned(), params, told, document: None }
    }
}

impl StoredModels {
    /// Models in `table`, sealed by `sealer`.
    pub fn new(table: Arc<dyn Table>, sealer: Sealer) -> Self {
        Self { documents: Documents::new(table, LIST), sealer }
    }

    /// How often they were changed.
    ///
    /// # Errors
    /// As [`Documents::stamp`].
    pub async fn stamp(&self) -> Result<i64, ReadError> {
        self.documents.stamp().await
    }

    /// All of them, by id. One that cannot be opened is left out, and the log says so.
    ///
    /// # Errors
    /// As [`Documents::list`].
    pub async fn all(&self) -> Result<Vec<StoredModel>, ReadError> {
        let mut found = Vec::new();
        for document in self.documents.list().await? {
            let id = document.id.clone();
            match self.open(document).await {
                Ok(model) => found.push(model),
                Err(error) => tracing::error!(model = id, %error, "a stored model cannot be opened, and is left out"),
            }
        }
        Ok(found)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoredModelError`].
    pub async fn get(&self, id: &str) -> Result<Option<StoredModel>, StoredModelError> {
        match self.documents.get(id).await? {
            Some(document) => Ok(Some(self.open(document).await?)),
            None => Ok(None),
        }
    }

    /// Stores a new one.
    ///
    /// # Errors
    /// [`DocumentError::Taken`], [`StoredModelError::Seal`].
    pub async fn create(
        &self,
        id: &str,
        params: Map<String, Value>,
        told: Map<String, Value>,
    ) -> Result<StoredModel, StoredModelError> {
        let document = self.documents.create(id, self.sealed(id, &params, &told).await?).await?;
        Ok(StoredModel { id: id.to_owned(), params, told, document: Some(document) })
    }

    /// Stores another in the place of one that was read.
    ///
    /// # Errors
    /// [`DocumentError::Changed`], [`StoredModelError::Seal`].
    pub async fn replace(&self, before: &StoredModel, after: StoredModel) -> Result<StoredModel, StoredModelError> {
        let sealed = self.sealed(&before.id, &after.params, &after.told).await?;
        let Some(document) = &before.document else { return Err(DocumentError::Changed.into()) };
        let document = self.documents.replace(document, sealed).await?;
        Ok(StoredModel { document: Some(document), ..after })
    }

    /// Seals the next models after an id anew, where they are sealed otherwise than they would be now, or counts them.
    ///
    /// # Errors
    /// As [`Documents::page`].
    pub async fn reseal(&self, after: Option<String>, limit: usize, work: Work) -> Result<Resealed, ReadError> {
        let (documents, sealer) = (&self.documents, &self.sealer);
        SealedDocuments { documents, sealer, table: TABLE, field: PARAMS }.reseal(after, limit, work).await
    }

    /// The documents behind, for what needs no parameters.
    pub fn documents(&self) -> &Documents {
        &self.documents
    }

    async fn sealed(
        &self,
        id: &str,
        params: &Map<String, Value>,
        told: &Map<String, Value>,
    ) -> Result<Map<String, Value>, SealError> {
        // Maps with text keys always serialise.
        let text = Secret::new(serde_json::to_string(params).unwrap_or_default());
        let mut value = told.clone();
        value.insert(PARAMS.to_owned(), self.sealer.seal(&Place::new(TABLE, id, PARAMS), &text).await?.into());
        Ok(value)
    }

    async fn open(&self, document: Document) -> Result<StoredModel, StoredModelError> {
        let mut told = document.value.clone();
        let sealed = told.shift_remove(PARAMS);
        let sealed = sealed.as_ref().and_then(Value::as_str).unwrap_or_default();
        let opened = self.sealer.open(&Place::new(TABLE, &document.id, PARAMS), sealed).await?;
        let corrupt = || ReadError::Corrupt(format!("the parameters of model `{}`", document.id));
        let params = serde_json::from_str(opened.secret.expose()).map_err(|_| corrupt())?;
        Ok(StoredModel { id: document.id.clone(), params, told, document: Some(document) })
    }
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests {
    use super::*;
    use crate::clock::{Random, SystemClock, SystemRandom};
    use crate::crypto::litellm_value::Algorithm;
    use crate::crypto::sealer::Keyring;
    use crate::store::embedded::EmbeddedTable;
    use serde_json::json;

    fn models(table: &Arc<dyn Table>, salts: &[&str]) -> StoredModels {
        let ring = salts.iter().fold(Keyring::default(), |ring, salt| ring.salt(&Secret::new(*salt)));
        let sealer = ring.sealer(Algorithm::default(), Arc::new(SystemRandom) as Arc<dyn Random>);
        StoredModels::new(Arc::clone(table), sealer)
    }

    fn params(key: &str) -> Map<String, Value> {
        json!({"model": "openai/a", "api_key": key}).as_object().unwrap().clone()
    }

    #[tokio::test]
    async fn models_are_sealed_anew_page_by_page_and_once() {
        let table: Arc<dyn Table> = Arc::new(EmbeddedTable::in_memory(Arc::new(SystemClock)).unwrap());
        let (old, new) = (models(&table, &["old"]), models(&table, &["new", "old"]));
        for id in ["a", "b", "c"] {
            old.create(id, params(id), Map::new()).await.unwrap();
        }
        models(&table, &["lost"]).create("d", params("d"), Map::new()).await.unwrap();
        let counted = new.reseal(None, 9, Work::Count).await.unwrap();
        assert_eq!((counted.examined, counted.old, counted.done, counted.closed), (4, 3, 0, 1));
        let first = new.reseal(None, 2, Work::Seal).await.unwrap();
        assert_eq!((first.examined, first.done, first.passed_over(), first.next.as_deref()), (2, 2, 0, Some("b")));
        let rest = new.reseal(first.next, 9, Work::Seal).await.unwrap();
        assert_eq!((rest.examined, rest.done, rest.passed_over(), rest.next), (2, 1, 1, None));
        let again = new.reseal(None, 9, Work::Seal).await.unwrap();
        assert_eq!((again.examined, again.done, again.passed_over()), (4, 0, 1));
        let opened = models(&table, &["new"]).all().await.unwrap();
        assert_eq!(opened.iter().map(|model| model.params["api_key"].as_str().unwrap()).collect::<String>(), "abc");
    }
}
