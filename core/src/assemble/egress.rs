//! Which addresses of clients are called, from the settings.

use super::gateway::way;
use crate::config::{Config, Environment};
use crate::egress::Egress;
use crate::upstream::client::Way;
use crate::upstream::guarded::GuardedClient;
use crate::upstream::transport::Transport;
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

/// The way to clients' files: as calls go where the environment names a proxy.
pub(super) fn files(client: GuardedClient, transport: &Arc<dyn Transport>, environment: &Environment) -> GuardedClient {
    match way(environment) {
        Way::Direct => client,
        Way::Proxied => client.through(Arc::clone(transport)),
    }
}
