//! What stands sealed in the table, put together: stored credentials, models and settings, and the keys of users.

use super::state::store_wait;
use crate::accounting::subject_keys::StoredSubjectKeys;
use crate::cache::sealed::Sealing;
use crate::clock::{Clock, Random};
use crate::config::{Config, ConfiguredCredential};
use crate::credentials::known::KnownCredentials;
use crate::credentials::store::CredentialStore;
use crate::crypto::Sealer;
use crate::flow::admin::config::versions::ConfigVersions;
use crate::flow::admin::credentials::CredentialAdmin;
use crate::flow::maintenance::Resealable;
use crate::flow::model_call::{KeptContents, NamedCredentials};
use crate::routing::Targets;
use crate::routing::stored::StoredModels;
use crate::store::table::Table;
use std::sync::Arc;

/// The parts.
pub(super) struct Sealed {
    store: CredentialStore,
    models: StoredModels,
    settings: ConfigVersions,
    pub(super) subjects: StoredSubjectKeys,
    known: Arc<KnownCredentials>,
    configured: Vec<ConfiguredCredential>,
    is_named: bool,
    keeps: bool,
}

impl Sealed {
    /// What is in `table`, sealed by `sealer`, noticed within so many milliseconds of a change.
    pub(super) fn new(
        config: &Config,
        (table, sealer): (&Arc<dyn Table>, Sealer),
        (clock, staleness_millis): (&Arc<dyn Clock>, i64),
    ) -> Self {
        let store = CredentialStore::new(Arc::clone(table), sealer.clone());
        let models = StoredModels::new(Arc::clone(table), sealer.clone());
        let settings = ConfigVersions::new(Arc::clone(table), sealer.clone());
        let subjects = StoredSubjectKeys::new(Arc::clone(table), sealer, Arc::clone(clock), staleness_millis);
        let known = KnownCredentials::new(store.clone(), Arc::clone(clock), staleness_millis);
        let known = Arc::new(known.waiting(store_wait(config)));
        let keeps = config.general.store_prompts_in_spend_logs;
        let is_named = config.general.store_model_in_db == Some(true)
            || config.models.iter().any(|model| model.params.credential.is_some());
        Self { store, models, settings, subjects, known, configured: config.credentials.clone(), is_named, keeps }
    }

    /// Credentials for calls, where a deployment names one.
    pub(super) fn named(&self, targets: &Arc<Targets>) -> Option<Arc<NamedCredentials>> {
        let named = || Arc::new(NamedCredentials::new(Arc::clone(&self.known), Arc::clone(targets)));
        self.is_named.then(named)
    }

    /// Keeps requests and answers, where the operator asks for it.
    pub(super) fn kept(&self, random: &Arc<dyn Random>) -> Option<Arc<KeptContents>> {
        let kept = || Arc::new(KeptContents { keys: Arc::new(self.subjects.clone()), random: Arc::clone(random) });
        self.keeps.then(kept)
    }

    /// All that is sealed anew when keys change.
    pub(super) fn resealing(&self) -> Resealable {
        let (credentials, subjects) = (self.store.clone(), self.subjects.clone());
        Resealable { credentials, subjects, models: self.models.clone(), settings: self.settings.clone() }
    }

    /// Seals kept answers.
    pub(super) fn answers(&self, random: &Arc<dyn Random>) -> Sealing {
        Sealing { keys: Arc::new(self.subjects.clone()), random: Arc::clone(random) }
    }

    /// The operations on credentials.
    pub(super) fn admin(&self) -> CredentialAdmin {
        CredentialAdmin::new(self.store.clone(), Arc::clone(&self.known), self.configured.clone())
    }
}
