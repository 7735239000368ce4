//! Virtual keys that go to a secret manager as well: under their alias, else under their hash.

use crate::auth::key_record::KeyRecord;
use crate::secret::Secret;
use crate::secrets::{SecretError, SecretKeeper};
use std::sync::Arc;

/// Makes the manager's name of a key from our own.
type Named = Box<dyn Fn(&str) -> String + Send + Sync>;

/// Where keys are stored.
pub struct StoredKeys {
    keeper: Arc<dyn SecretKeeper>,
    named: Named,
}

impl StoredKeys {
    /// Stores keys under the names that `named` makes.
    pub fn new(keeper: Arc<dyn SecretKeeper>, named: Named) -> Self {
        Self { keeper, named }
    }

    /// Stores a key that was just made.
    pub(super) async fn store(&self, record: &KeyRecord, key: &Secret) -> Result<(), SecretError> {
        self.keeper.write(&self.name(record), key).await
    }

    /// Takes a deleted key away. It opens nothing any more, so that a failure is only told in the log.
    pub(super) async fn forget(&self, record: &KeyRecord) {
        if let Err(error) = self.keeper.delete(&self.name(record)).await {
            tracing::warn!(%error, "a deleted key is still in the secret manager; delete it there");
        }
    }

    fn name(&self, record: &KeyRecord) -> String {
        match &record.key_alias {
            Some(alias) => (self.named)(alias),
            None => (self.named)(&format!("virtual-key-{}", record.hash.as_str())),
        }
    }
}
