//! What stands sealed in the table, put together: stored credentials, and the keys of users.

use crate::accounting::subject_keys::StoredSubjectKeys;
use crate::clock::Clock;
use crate::config::{Config, ConfiguredCredential};
use crate::credentials::known::KnownCredentials;
use crate::credentials::store::CredentialStore;
use crate::crypto::Sealer;
use crate::flow::admin::credentials::CredentialAdmin;
use crate::flow::model_call::NamedCredentials;
use crate::routing::Targets;
use crate::store::table::Table;
use std::sync::Arc;

/// The parts.
pub(super) struct Sealed {
    pub(super) store: CredentialStore,
    pub(super) subjects: StoredSubjectKeys,
    known: Arc<KnownCredentials>,
    configured: Vec<ConfiguredCredential>,
    is_named: bool,
}

impl Sealed {
    /// What is in `table`, sealed by `sealer`, noticed within so many milliseconds of a change.
    pub(super) fn new(
        config: &Config,
        (table, sealer): (&Arc<dyn Table>, Sealer),
        (clock, staleness_millis): (&Arc<dyn Clock>, i64),
    ) -> Self {
        let store = CredentialStore::new(Arc::clone(table), sealer.clone());
        let subjects = StoredSubjectKeys::new(Arc::clone(table), sealer, Arc::clone(clock), staleness_millis);
        let known = Arc::new(KnownCredentials::new(store.clone(), Arc::clone(clock), staleness_millis));
        let is_named = config.models.iter().any(|model| model.params.credential.is_some());
        Self { store, subjects, known, configured: config.credentials.clone(), is_named }
    }

    /// Credentials for calls, where a deployment names one.
    pub(super) fn named(&self, targets: &Arc<Targets>) -> Option<Arc<NamedCredentials>> {
        let named = || Arc::new(NamedCredentials::new(Arc::clone(&self.known), Arc::clone(targets)));
        self.is_named.then(named)
    }

    /// The operations on credentials.
    pub(super) fn admin(&self) -> CredentialAdmin {
        CredentialAdmin::new(self.store.clone(), Arc::clone(&self.known), self.configured.clone())
    }
}
