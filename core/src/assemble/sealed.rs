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
use crate::flow::admin::encryption::EncryptionAdmin;
use crate::flow::model_call::{KeptContents, NamedCredentials};
use crate::flow::resealable::Resealable;
use crate::flow::sign_in::sealing_key::SealingKey;
use crate::routing::Targets;
use crate::routing::stored::StoredModels;
use crate::store::table::Table;
use std::sync::Arc;

/// The parts.
pub(super) struct Sealed {
    store: CredentialStore,
    models: StoredModels,
    settings: ConfigVersions,
    sign_in: SealingKey,
    /// Where changes are recorded, and what seals there.
    ground: (Arc<dyn Table>, Sealer),
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
        (table, sealer): (&Arc<dyn Table>, &Sealer),
        (clock, random, staleness_millis): (&Arc<dyn Clock>, &Arc<dyn Random>, i64),
    ) -> Self {
        let store = CredentialStore::new(Arc::clone(table), sealer.clone());
        let models = StoredModels::new(Arc::clone(table), sealer.clone());
        let settings = ConfigVersions::new(Arc::clone(table), sealer.clone());
        let sign_in = SealingKey::new(Arc::clone(table), sealer.clone(), Arc::clone(random));
        let subjects = StoredSubjectKeys::new(Arc::clone(table), sealer.clone(), Arc::clone(clock), staleness_millis);
        let known = KnownCredentials::new(store.clone(), Arc::clone(clock), staleness_millis);
        let known = Arc::new(known.waiting(store_wait(config)));
        let keeps = config.general.store_prompts_in_spend_logs;
        let is_named = config.general.store_model_in_db == Some(true)
            || config.models.iter().any(|model| model.params.credential.is_some());
        let ground = (Arc::clone(table), sealer.clone());
        let configured = config.credentials.clone();
        Self { store, models, settings, sign_in, ground, subjects, known, configured, is_named, keeps }
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
        let (models, settings, sign_in) = (self.models.clone(), self.settings.clone(), self.sign_in.clone());
        Resealable { credentials, subjects, models, settings, sign_in }
    }

    /// Seals kept answers.
    pub(super) fn answers(&self, random: &Arc<dyn Random>) -> Sealing {
        Sealing { keys: Arc::new(self.subjects.clone()), random: Arc::clone(random) }
    }

    /// The operations on all that is sealed.
    pub(super) fn encryption(&self) -> EncryptionAdmin {
        let (table, sealer) = self.ground.clone();
        EncryptionAdmin::new(self.resealing(), sealer, table)
    }

    /// The operations on credentials.
    pub(super) fn admin(&self) -> CredentialAdmin {
        CredentialAdmin::new(self.store.clone(), Arc::clone(&self.known), self.configured.clone())
    }
}
