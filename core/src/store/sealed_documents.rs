//! Documents of which one field is sealed, sealed anew a page at a time: each only if nobody changed it meanwhile, as
//! whoever did sealed it with the key of now. Which field it is, and of which place its values speak, it is told.

use super::documents::{Document, DocumentError, Documents};
use super::table::ReadError;
use crate::crypto::resealed::{Judged, Resealed, Work};
use crate::crypto::{Place, SealError, Sealer};
use serde_json::Value;
use std::error::Error;

/// Documents and what of them is sealed.
#[derive(Clone, Copy)]
pub struct SealedDocuments<'d> {
    /// The list.
    pub documents: &'d Documents,
    /// What seals.
    pub sealer: &'d Sealer,
    /// The table of which values' places speak.
    pub table: &'static str,
    /// The field.
    pub field: &'static str,
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl SealedDocuments<'_> {
    /// Looks at the next `limit` documents after an id.
    ///
    /// # Errors
    /// As [`Documents::page`].
    pub async fn reseal(&self, after: Option<String>, limit: usize, work: Work) -> Result<Resealed, ReadError> {
        let (documents, next) = self.documents.page(after, limit).await?;
        let mut resealed = Resealed { next, ..Resealed::default() };
        for document in documents {
            resealed.examined += 1;
            match self.reseal_one(&document, work).await {
                Ok(Judged::Current) | Err(Fault::Document(DocumentError::Changed)) => {}
                Ok(Judged::Old) => resealed.old += 1,
                Ok(Judged::Anew(_)) => resealed.done += 1,
                Err(fault) => {
                    let (list, error) = (self.table, &fault as &dyn Error);
                    tracing::warn!(list, document = document.id, error, "a stored document is not sealed anew");
                    match &fault {
                        Fault::Seal(error) => resealed.refuse(error),
                        Fault::Document(_) => resealed.failed += 1,
                    }
                }
            }
        }
        Ok(resealed)
    }

    async fn reseal_one(&self, document: &Document, work: Work) -> Result<Judged, Fault> {
        let Some(sealed) = document.value.get(self.field).and_then(Value::as_str) else { return Ok(Judged::Current) };
        let judged = self.sealer.judged(&Place::new(self.table, &document.id, self.field), sealed, work).await?;
        if let Judged::Anew(new) = &judged {
            let mut value = document.value.clone();
            value.insert(self.field.to_owned(), new.as_str().into());
            self.documents.replace(document, value).await?;
        }
        Ok(judged)
    }
}
