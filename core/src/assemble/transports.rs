//! The ways to upstreams: one for each distinct TLS policy, given to the entries of `model_list` before deployments are
//! made of them.

use super::aws::AwsOnDemand;
use super::error::StartError;
use crate::config::tls::{OBJECT, TlsParams};
use crate::config::{Config, Environment, LitellmSettings, ModelEntry};
use crate::secret::Secret;
use crate::tls::material::Objects;
use crate::tls::policy::CERT_FILE;
use crate::upstream::connect::Roads;
use crate::upstream::policies::Policies;
use crate::upstream::proxies::Proxies;
use crate::upstream::transport::Transport;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Variables that may name an object with certificates or a key.
const VARIABLES: [&str; 4] = ["SSL_VERIFY", CERT_FILE, "SSL_CERTIFICATE", "SSL_KEY"];

/// Fetches the objects (`s3://…`) that settings and variables about TLS name.
///
/// # Errors
/// [`StartError`] names the first that cannot be fetched.
pub(super) async fn objects(
    config: &Config,
    environment: &Environment,
    aws: &AwsOnDemand,
) -> Result<Objects, StartError> {
    let guardrails = config.guardrails.iter().map(|guardrail| &guardrail.tls);
    let settings = config.models.iter().map(|model| &model.params.tls).chain(guardrails).chain([&config.litellm.tls]);
    let variables = VARIABLES.iter().filter_map(|name| environment.text(name)).filter(|text| text.starts_with(OBJECT));
    let named: BTreeSet<&str> = settings.flat_map(TlsParams::objects).chain(variables).collect();
    let mut objects = Objects::new();
    for location in named {
        let fetched = aws.object(location).await.map_err(|error| match error {
            StartError::ConfigObject { location, cause } => StartError::CertificateObject { location, cause },
            other => other,
        })?;
        objects.insert(location.to_owned(), Secret::new(fetched));
    }
    Ok(objects)
}

/// The clients of a process, and each entry with the channel of its policy.
///
/// # Errors
/// [`StartError`] names the setting or variable at fault.
pub(super) fn policies(
    config: &mut Config,
    environment: &Environment,
    objects: Objects,
) -> Result<Arc<Policies>, StartError> {
    let settings = &config.litellm;
    let proxies = Proxies::of(environment, settings)?.map(Arc::new);
    let roads = Roads { proxies, ipv4_only: settings.force_ipv4 };
    let policies = Policies::new(environment.clone(), settings.tls.clone(), objects, roads)?;
    assign(&policies, &mut config.models)?;
    Ok(Arc::new(policies))
}

/// Gives each entry the channel of its policy.
///
/// # Errors
/// [`StartError::DeploymentTls`] names the entry.
pub fn assign(policies: &Policies, entries: &mut [ModelEntry]) -> Result<(), StartError> {
    for entry in entries {
        let tls = &mut entry.params.tls;
        let channel = policies.channel("litellm_params", tls);
        tls.channel = channel.map_err(|cause| StartError::DeploymentTls {
            model_name: entry.model_name.clone(),
            line: entry.line,
            cause,
        })?;
    }
    Ok(())
}

/// The way to a secret manager, before anything else of the configuration is known: the variables of the environment hold,
/// and what the manager's own variables say.
///
/// # Errors
/// [`StartError`] names the variable at fault.
pub(super) fn of_managers(environment: &Environment, own: &TlsParams) -> Result<Arc<dyn Transport>, StartError> {
    let settings = LitellmSettings::default();
    let proxies = Proxies::of(environment, &settings)?.map(Arc::new);
    let roads = Roads { proxies, ipv4_only: settings.force_ipv4 };
    let policies = Policies::new(environment.clone(), TlsParams::default(), Objects::new(), roads)?;
    let channel = policies.channel("HCP_VAULT_CLIENT_CERT", own)?;
    Ok(Arc::clone(policies.transports().of(channel)))
}
