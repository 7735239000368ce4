//! What is sealed in the table, and the operations on all of it.

use crate::accounting::subject_keys::StoredSubjectKeys;
use crate::clock::{Clock, SystemRandom};
use crate::credentials::store::CredentialStore;
use crate::crypto::Sealer;
use crate::flow::admin::config::versions::ConfigVersions;
use crate::flow::admin::encryption::EncryptionAdmin;
use crate::flow::resealable::Resealable;
use crate::flow::sign_in::sealing_key::SealingKey;
use crate::routing::stored::StoredModels;
use crate::store::table::Table;
use std::sync::Arc;

pub(super) fn encryption(table: &Arc<dyn Table>, clock: Arc<dyn Clock>, sealer: Sealer) -> EncryptionAdmin {
    let at = || Arc::clone(table);
    let sealed = Resealable {
        credentials: CredentialStore::new(at(), sealer.clone()),
        subjects: StoredSubjectKeys::new(at(), sealer.clone(), clock, 0),
        models: StoredModels::new(at(), sealer.clone()),
        settings: ConfigVersions::new(at(), sealer.clone()),
        sign_in: SealingKey::new(at(), sealer.clone(), Arc::new(SystemRandom)),
    };
    EncryptionAdmin::new(sealed, sealer, at())
}
