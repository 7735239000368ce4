//! Seals stored credentials anew where they are sealed otherwise than they would be now, or counts them: a page at a
//! time, each credential only if nobody changed it meanwhile. Values are readable before, while and after.

use super::store::{CredentialError, CredentialStore, PARTITION, VALUES, from_item};
use crate::crypto::resealed::{Judged, Resealed, Work};
use crate::store::table::{Query, ReadError};
use crate::store::write::Change;

impl CredentialStore {
    /// Looks at the next `limit` credentials after `after`.
    ///
    /// # Errors
    /// As [`crate::store::table::Table::query`].
    pub async fn reseal(&self, after: Option<String>, limit: usize, work: Work) -> Result<Resealed, ReadError> {
        let query = Query { limit, after, ..Query::partition(PARTITION) };
        let page = self.table.query(&query).await?;
        let mut resealed = Resealed { next: page.next, ..Resealed::default() };
        for item in &page.items {
            let sealed = from_item(item);
            resealed.examined += 1;
            let moved = match self.judged(&sealed, work).await {
                Ok(Judged::Current) => continue,
                Ok(Judged::Old) => {
                    resealed.old += 1;
                    continue;
                }
                Ok(Judged::Anew(values)) => {
                    let changes = vec![Change::Set(VALUES.to_owned(), values.into())];
                    self.change(&sealed.name, sealed.values, changes).await
                }
                Err(error) => Err(error.into()),
            };
            match moved {
                Ok(()) => resealed.done += 1,
                // Whoever changed or removed it sealed it with the key of now.
                Err(CredentialError::Changed | CredentialError::NotFound) => {}
                Err(error) => {
                    match &error {
                        CredentialError::Seal(error) => resealed.refuse(error),
                        _ => resealed.failed += 1,
                    }
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(credential = sealed.name, error, "a credential is not sealed anew");
                }
            }
        }
        Ok(resealed)
    }
}
