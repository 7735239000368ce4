//! Which addresses of clients are called, from the settings.

use super::error::StartError;
use crate::config::tls::TlsParams;
use crate::config::{Config, Environment};
use crate::egress::Egress;
use crate::tls::client;
use crate::upstream::guarded::GuardedClient;
use crate::upstream::policies::Policies;
use std::sync::Arc;

/// Where AWS Lambda's runtime listens.
const RUNTIME_VARIABLE: &str = "AWS_LAMBDA_RUNTIME_API";

/// What may be called.
pub(super) fn egress(config: &Config, environment: &Environment) -> Egress {
    let (litellm, general) = (&config.litellm, &config.general);
    let allowed = [&litellm.user_url_allowed_hosts[..], &general.user_url_allowed_hosts[..]].concat();
    let is_checked = litellm.user_url_validation.or(general.user_url_validation).unwrap_or(true);
    Egress::new(&allowed, environment.text(RUNTIME_VARIABLE)).checked(is_checked)
}

/// The way to clients' files: under the policy of whoever says nothing of its own, and without our certificate, which
/// is for providers.
///
/// # Errors
/// [`StartError`] names the setting or variable at fault.
pub(super) fn files(policies: &Arc<Policies>, egress: Egress) -> Result<GuardedClient, StartError> {
    let mut policy = policies.resolve("", &TlsParams::default())?.policy;
    policy.certificate = None;
    Ok(GuardedClient::new(client::config(&policy)?, egress).through(Arc::clone(policies)))
}
