//! What every operation on keys works with.

use super::rules::KeyRules;
use super::stored_keys::StoredKeys;
use crate::auth::cache::PrincipalCache;
use crate::auth::key_record::{KeyRecord, StoredKey};
use crate::auth::key_store::KeyStore;
use crate::auth::records::{RecordId, RecordKind, RecordStore};
use crate::clock::Random;
use crate::crypto::key_hash;
use crate::flow::admin::error::AdminError;
use crate::id::KeyHash;
use crate::secret::Secret;
use crate::secrets::SecretError;
use std::error::Error;
use std::sync::Arc;

/// The operations on virtual keys; each stands in a file of its own.
pub struct KeyAdmin {
    pub(in crate::flow::admin) keys: KeyStore,
    pub(super) records: RecordStore,
    pub(super) cache: Arc<PrincipalCache>,
    pub(super) random: Arc<dyn Random>,
    pub(super) stored: Option<StoredKeys>,
    pub(super) rules: KeyRules,
}

impl KeyAdmin {
    /// Operations on the keys of `keys`, which stand below `records`. `cache` is the one that requests are authenticated with, so that a change made
    /// here counts at once in this process.
    pub fn new(keys: KeyStore, records: RecordStore, cache: Arc<PrincipalCache>, random: Arc<dyn Random>) -> Self {
        Self { keys, records, cache, random, stored: None, rules: KeyRules::default() }
    }

    /// With keys stored in a secret manager as well.
    #[must_use]
    pub fn storing(self, stored: Option<StoredKeys>) -> Self {
        Self { stored, ..self }
    }

    /// With the configuration's rules for keys.
    #[must_use]
    pub fn ruled_by(self, rules: KeyRules) -> Self {
        Self { rules, ..self }
    }

    /// Stores a key that was just made. One that cannot be stored is no key: nobody has seen it, and it is taken back.
    pub(super) async fn store(&self, record: &KeyRecord, key: &Secret) -> Result<(), AdminError> {
        let Some(stored) = &self.stored else { return Ok(()) };
        let Err(error) = stored.store(record, key).await else { return Ok(()) };
        tracing::warn!(%error, cause = cause(&error), "a new key could not be stored in the secret manager");
        self.remove(&record.hash).await?;
        Err(AdminError::NotStored(error))
    }

    /// That there is a shared budget of this id.
    ///
    /// # Errors
    /// [`AdminError::Missing`].
    pub(in crate::flow::admin) async fn check_budget(&self, id: &str) -> Result<(), AdminError> {
        let id = RecordId::of(RecordKind::Budget, id);
        match self.records.record(&id).await? {
            Some(_) => Ok(()),
            None => Err(AdminError::Missing(id)),
        }
    }

    /// The key that a caller means by a key, a hash or an alias.
    pub(in crate::flow::admin) async fn find(
        &self,
        key: Option<&str>,
        alias: Option<&str>,
    ) -> Result<Option<StoredKey>, AdminError> {
        let hash = match (key, alias) {
            (Some(key), _) => key_hash::hash_if_needed(key),
            (None, Some(alias)) => self.keys.find_alias(alias).await?,
            (None, None) => None,
        };
        match hash {
            Some(hash) => Ok(self.keys.meant(&hash).await?),
            None => Ok(None),
        }
    }

    /// The key with this hash.
    pub(in crate::flow::admin) async fn load(&self, hash: &KeyHash) -> Result<Option<StoredKey>, AdminError> {
        Ok(self.keys.get(hash).await?)
    }
}

fn cause(error: &SecretError) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}
