//! A chosen deployment, ready to be called: with the stored credential that it may name.

use super::error::CallError;
use super::parts::ModelCalls;
use crate::credentials::known::NotKnown;
use crate::routing::{Backend, Deployment};
use std::sync::Arc;

impl ModelCalls {
    /// Makes stored credentials fresh enough for a call, where any deployment names one.
    pub(super) async fn refresh_credentials(&self) {
        if let Some(named) = &self.named {
            Box::pin(named.refresh()).await;
        }
    }

    /// The deployment, ready to be called.
    ///
    /// # Errors
    /// [`CallError::Credential`]: the credential that it names is not at hand.
    pub(super) fn completed(&self, deployment: Arc<Deployment>) -> Result<Arc<Deployment>, CallError> {
        match (&deployment.backend, &self.named) {
            (Backend::Unready(params), Some(named)) => named.complete(&deployment, params),
            (Backend::Unready(params), None) => {
                Err(NotKnown::Missing(params.credential.clone().unwrap_or_default()).into())
            }
            (Backend::Upstream(_) | Backend::Mock(_), _) => Ok(deployment),
        }
    }
}
