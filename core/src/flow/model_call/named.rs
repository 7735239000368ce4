//! Deployments that name a stored credential: its values are filled in when their calls are made, and the deployment that
//! comes of it is kept as long as the values are the same.

use super::error::CallError;
use crate::config::DeploymentParams;
use crate::credentials::known::{KnownCredentials, NotKnown};
use crate::credentials::values::CredentialValues;
use crate::routing::{Deployment, Targets};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Most completed deployments kept at once: a wildcard gives one for each model that was asked for.
const COMPLETED_MAX: usize = 1000;

/// Stored credentials, and the deployments that they complete.
pub struct NamedCredentials {
    known: Arc<KnownCredentials>,
    targets: Arc<Targets>,
    completed: Mutex<HashMap<(String, String), Completed>>,
}

struct Completed {
    of: Arc<Deployment>,
    values: Arc<CredentialValues>,
    deployment: Arc<Deployment>,
}

impl NamedCredentials {
    /// Completes deployments with what is known, as `targets` finds their upstreams.
    pub fn new(known: Arc<KnownCredentials>, targets: Arc<Targets>) -> Self {
        Self { known, targets, completed: Mutex::default() }
    }

    /// Makes what is known fresh enough for a call.
    pub(super) async fn refresh(&self) {
        self.known.refresh().await;
    }

    /// The deployment with its credential filled in.
    ///
    /// # Errors
    /// [`CallError::Credential`]: the credential that it names is not at hand.
    pub(super) fn complete(
        &self,
        of: &Arc<Deployment>,
        params: &DeploymentParams,
    ) -> Result<Arc<Deployment>, CallError> {
        let name = params.credential.as_deref().unwrap_or_default();
        let values = self.known.values(name)?;
        let mut completed = self.completed.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (of.id.as_str().to_owned(), of.group.clone());
        if let Some(known) = completed.get(&key)
            && Arc::ptr_eq(&known.of, of)
            && Arc::ptr_eq(&known.values, &values)
        {
            return Ok(Arc::clone(&known.deployment));
        }
        let filled = params.with_credential(values.exposed());
        let filled = filled.map_err(|reason| NotKnown::Unfit { name: name.to_owned(), reason })?;
        let deployment = Arc::new(of.completed(&filled, &*self.targets)?);
        if completed.len() >= COMPLETED_MAX {
            completed.clear();
        }
        completed.insert(key, Completed { of: Arc::clone(of), values, deployment: Arc::clone(&deployment) });
        Ok(deployment)
    }
}
