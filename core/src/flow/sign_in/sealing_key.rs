//! The key that what browsers and command lines keep of a sign-in is sealed with: a random one in the table, the same for
//! all processes, itself sealed as everything at rest is. It is made of no master key: anybody can begin a sign-in, and
//! could guess a weak one from what it is given.

use super::error::SignInFailure;
use crate::clock::Random;
use crate::crypto::resealed::{Resealed, Work};
use crate::crypto::{CipherKey, Place, Sealer};
use crate::store::documents::{DocumentError, Documents};
use crate::store::sealed_documents::SealedDocuments;
use crate::store::table::{ReadError, Table};
use serde_json::{Map, Value};
use std::error::Error;
use std::sync::Arc;

/// The list of documents that it stands in.
const LIST: &str = "SSO_KEYS";
/// Its name there, and the field that holds it.
const NAME: &str = "sign_in";
const FIELD: &str = "key";
/// Most times it is looked for while others put one there.
const ATTEMPTS_MAX: u32 = 4;

/// Where the key is.
#[derive(Clone)]
pub struct SealingKey {
    documents: Documents,
    sealer: Sealer,
    random: Arc<dyn Random>,
}

impl SealingKey {
    /// The one in this table.
    pub fn new(table: Arc<dyn Table>, sealer: Sealer, random: Arc<dyn Random>) -> Self {
        Self { documents: Documents::new(table, LIST), sealer, random }
    }

    /// Chance, for those who seal with it.
    pub fn random(&self) -> &dyn Random {
        self.random.as_ref()
    }

    /// Seals it anew where it is sealed otherwise than it would be now, or counts it.
    ///
    /// # Errors
    /// As [`Documents::page`].
    pub async fn reseal(&self, after: Option<String>, limit: usize, work: Work) -> Result<Resealed, ReadError> {
        let (documents, sealer) = (&self.documents, &self.sealer);
        SealedDocuments { documents, sealer, table: LIST, field: FIELD }.reseal(after, limit, work).await
    }

    /// The key. Where there is none, or it cannot be opened any more, it is a new one.
    ///
    /// # Errors
    /// [`SignInFailure::Key`], [`SignInFailure::Store`].
    pub async fn key(&self) -> Result<CipherKey, SignInFailure> {
        let place = Place::new(LIST, NAME, FIELD);
        for _ in 0..ATTEMPTS_MAX {
            let stored = self.documents.get(NAME).await?;
            if let Some(sealed) = stored.as_ref().and_then(|stored| stored.value.get(FIELD)?.as_str()) {
                match self.sealer.open(&place, sealed).await {
                    Ok(opened) => {
                        if let Some(key) = CipherKey::from_text(&opened.secret) {
                            return Ok(key);
                        }
                    }
                    Err(error) if error.is_outage() => return Err(SignInFailure::Key(error)),
                    Err(error) => {
                        let error = &error as &dyn Error;
                        tracing::warn!(error, "the key of sign-ins cannot be opened and is made anew");
                    }
                }
            }
            let key = CipherKey::random(self.random.as_ref())?;
            let sealed = self.sealer.seal(&place, &key.to_text()).await.map_err(SignInFailure::Key)?;
            let value: Map<String, Value> = std::iter::once((FIELD.to_owned(), sealed.into())).collect();
            let done = match stored {
                None => self.documents.create(NAME, value).await,
                Some(before) => self.documents.replace(&before, value).await,
            };
            match done {
                Ok(_) => return Ok(key),
                // Another process was first: its key counts.
                Err(DocumentError::Taken | DocumentError::Changed) => {}
                Err(error) => return Err(SignInFailure::Store(error)),
            }
        }
        Err(SignInFailure::Store(DocumentError::Changed))
    }
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests {
    use super::*;
    use crate::clock::{SystemClock, SystemRandom};
    use crate::crypto::litellm_value::Algorithm;
    use crate::crypto::sealer::Keyring;
    use crate::secret::Secret;
    use crate::store::embedded::EmbeddedTable;

    async fn signature(table: &Arc<dyn Table>, salt: &str) -> Result<[u8; 32], SignInFailure> {
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let ring = if salt.is_empty() { Keyring::default() } else { Keyring::default().salt(&Secret::new(salt)) };
        let sealer = ring.sealer(Algorithm::default(), Arc::clone(&random));
        Ok(SealingKey::new(Arc::clone(table), sealer, random).key().await?.sign(b"message"))
    }

    #[tokio::test]
    async fn all_processes_have_one_key_that_is_made_of_no_other() {
        let table = || Arc::new(EmbeddedTable::in_memory(Arc::new(SystemClock)).unwrap()) as Arc<dyn Table>;
        let (first, second) = (table(), table());
        let key = signature(&first, "salt").await.unwrap();
        assert_eq!(signature(&first, "salt").await.unwrap(), key);
        assert_ne!(signature(&second, "salt").await.unwrap(), key, "another table, the same salt");
        // What cannot be opened any more is made anew.
        let next = signature(&first, "next").await.unwrap();
        assert_ne!(next, key);
        assert_eq!(signature(&first, "next").await.unwrap(), next);
        assert!(matches!(signature(&table(), "").await, Err(SignInFailure::Key(_))));
    }
}
