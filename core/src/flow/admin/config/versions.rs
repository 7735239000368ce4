//! The versions of the stored settings: each change makes one more, so that two changes cannot overwrite each other and
//! any of them can be gone back to.
//!
//! | list | a document | holds |
//! |---|---|---|
//! | `CONFIG` | the version's number, ten digits | `created_at`, `created_by`, and `settings` with secrets masked, in the open; `secret_settings`: sealed JSON text of all |

use crate::config::stored::StoredSettings;
use crate::crypto::resealed::{Resealed, Work};
use crate::crypto::{Place, SealError, Sealer};
use crate::secret::Secret;
use crate::store::documents::{Document, DocumentError, Documents};
use crate::store::sealed_documents::SealedDocuments;
use crate::store::table::{ReadError, Table};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The list.
const LIST: &str = "CONFIG";

/// The table of which values' places speak.
const TABLE: &str = "config";

/// The field that is sealed. Its name keeps it out of the record of changes.
const SEALED: &str = "secret_settings";

/// Versions that are kept.
const KEPT: i64 = 100;

/// One version.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// From 1 on.
    pub number: i64,
    /// What is told of it: when and by whom it was made, and its settings, masked.
    pub told: Map<String, Value>,
    /// All that is set.
    pub settings: StoredSettings,
}

/// Why a version was not stored or read.
#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    /// Somebody else made the version of this number.
    #[error("the settings were changed meanwhile")]
    Changed,
    /// It cannot be sealed or opened.
    #[error("the stored settings cannot be sealed or opened")]
    Seal(#[from] SealError),
    /// The table.
    #[error(transparent)]
    Document(DocumentError),
}

impl VersionError {
    /// Whether the table is out of reach, silent or overloaded.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Document(DocumentError::Read(error)) if error.is_outage())
    }
}

impl From<DocumentError> for VersionError {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Taken => Self::Changed,
            error => Self::Document(error),
        }
    }
}

impl From<ReadError> for VersionError {
    fn from(error: ReadError) -> Self {
        Self::Document(error.into())
    }
}

/// The versions of one table.
#[derive(Clone)]
pub struct ConfigVersions {
    documents: Documents,
    sealer: Sealer,
}

impl ConfigVersions {
    /// Versions in `table`, sealed by `sealer`.
    pub fn new(table: Arc<dyn Table>, sealer: Sealer) -> Self {
        Self { documents: Documents::new(table, LIST), sealer }
    }

    /// Moves with every version.
    ///
    /// # Errors
    /// As [`Documents::stamp`].
    pub async fn stamp(&self) -> Result<i64, ReadError> {
        self.documents.stamp().await
    }

    /// The one that counts; `None`: nothing was ever stored.
    ///
    /// # Errors
    /// [`VersionError`].
    pub async fn latest(&self) -> Result<Option<Version>, VersionError> {
        match self.documents.newest(None, 1).await?.into_iter().next() {
            Some(document) => Ok(Some(self.open(&document).await?)),
            None => Ok(None),
        }
    }

    /// One of those that are kept.
    ///
    /// # Errors
    /// [`VersionError`].
    pub async fn get(&self, number: i64) -> Result<Option<Version>, VersionError> {
        match self.documents.get(&id(number)).await? {
            Some(document) => Ok(Some(self.open(&document).await?)),
            None => Ok(None),
        }
    }

    /// What is told of the versions before one, the newest first.
    ///
    /// # Errors
    /// As [`Documents::newest`].
    pub async fn told(&self, before: Option<i64>, limit: usize) -> Result<Vec<(i64, Map<String, Value>)>, ReadError> {
        let documents = self.documents.newest(before.map(id), limit).await?;
        Ok(documents.iter().map(|document| (number(document), told(document))).collect())
    }

    /// Stores the version after the latest.
    ///
    /// # Errors
    /// [`VersionError::Changed`] where somebody else did.
    pub async fn add(&self, version: &Version) -> Result<(), VersionError> {
        let id = id(version.number);
        // Maps with text keys always serialise.
        let text = Secret::new(serde_json::to_string(&version.settings).unwrap_or_default());
        let mut value = version.told.clone();
        value.insert(SEALED.to_owned(), self.sealer.seal(&Place::new(TABLE, &id, SEALED), &text).await?.into());
        self.documents.create(&id, value).await?;
        self.forget(version.number - KEPT).await;
        Ok(())
    }

    /// Removes what is too old to be gone back to. What stays by accident does no harm.
    async fn forget(&self, number: i64) {
        let Ok(Some(old)) = self.documents.get(&id(number)).await else { return };
        if let Err(error) = self.documents.remove(&old).await {
            tracing::debug!(%error, number, "an old version of the settings stays");
        }
    }

    /// Seals the next versions after an id anew, where they are sealed otherwise than they would be now, or counts
    /// them.
    ///
    /// # Errors
    /// As [`Documents::page`].
    pub async fn reseal(&self, after: Option<String>, limit: usize, work: Work) -> Result<Resealed, ReadError> {
        let (documents, sealer) = (&self.documents, &self.sealer);
        SealedDocuments { documents, sealer, table: TABLE, field: SEALED }.reseal(after, limit, work).await
    }

    async fn open(&self, document: &Document) -> Result<Version, VersionError> {
        let opened = self.sealer.open(&Place::new(TABLE, &document.id, SEALED), sealed(document)).await?;
        let corrupt = || ReadError::Corrupt(format!("version `{}` of the settings", document.id));
        let settings = serde_json::from_str(opened.secret.expose()).map_err(|_| corrupt())?;
        Ok(Version { number: number(document), told: told(document), settings })
    }
}

/// Ten digits, so that the order of texts is that of numbers.
fn id(number: i64) -> String {
    format!("{:010}", number.max(0))
}

fn number(document: &Document) -> i64 {
    document.id.parse().unwrap_or(0)
}

fn sealed(document: &Document) -> &str {
    document.value.get(SEALED).and_then(Value::as_str).unwrap_or_default()
}

fn told(document: &Document) -> Map<String, Value> {
    let mut told = document.value.clone();
    told.shift_remove(SEALED);
    told
}
