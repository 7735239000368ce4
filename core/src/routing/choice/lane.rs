//! What a choice among many asks of each deployment, side by side in memory: deployments themselves lie far apart, and
//! to fetch each of a thousand would take longer than all the rest of a choice.

use super::super::deployment::Deployment;
use super::super::seen::Seen;
use std::sync::Arc;

/// What is asked of one deployment.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(super) seen: Arc<Seen>,
    /// Requests a minute that it can take; the largest number: any.
    pub(super) rpm: u64,
    /// Tokens a minute that it can take; the largest number: any.
    pub(super) tpm: u64,
    /// Dollars for a token in and a token out.
    pub(super) cost: f64,
}

impl Lane {
    pub(crate) fn of(deployment: &Deployment) -> Self {
        let traits = &deployment.traits;
        Self {
            seen: Arc::clone(&deployment.seen),
            rpm: traits.rpm.unwrap_or(u64::MAX),
            tpm: traits.tpm.unwrap_or(u64::MAX),
            cost: traits.cost,
        }
    }
}
