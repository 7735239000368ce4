//! Which TLS policy applies to which deployment, who said so, and what came of it: for administrators.

use super::health::Health;
use crate::config::ModelEntry;
use crate::config::tls::{Channel, TlsParams};
use crate::guardrails::guardrail::Guardrail;
use crate::routing::deployment_id;
use crate::tls::policy::Resolved;
use crate::upstream::handshakes::Handshakes;
use std::collections::BTreeMap;

/// The policy of one deployment.
#[derive(Debug)]
pub struct DeploymentTls {
    /// The public name; may hold `*`.
    pub model_name: String,
    /// The deployment's id.
    pub model_id: String,
    /// The upstream model.
    pub model: String,
    /// Where it is called; `None`: that is told by the model asked for, or nobody is called.
    pub api_base: Option<String>,
    /// The proxy in between.
    pub proxy: Option<String>,
    /// The client that it uses. Deployments of one policy share it.
    pub channel: Channel,
    /// The policy, and who said each part. `Err`: what holds now could not be resolved again.
    pub resolved: Result<Resolved, String>,
}

/// The policy of one guardrail.
#[derive(Debug)]
pub struct GuardrailTls {
    /// Its name.
    pub guardrail_name: String,
    /// Where it is asked.
    pub api_base: String,
    /// The proxy in between.
    pub proxy: Option<String>,
    /// The client that it uses.
    pub channel: Channel,
    /// The policy, and who said each part. `Err`: what holds now could not be resolved again.
    pub resolved: Result<Resolved, String>,
}

/// Everything there is to tell.
#[derive(Debug)]
pub struct UpstreamTls {
    /// What holds where a deployment says nothing.
    pub global: Result<Resolved, String>,
    /// Each deployment.
    pub deployments: Vec<DeploymentTls>,
    /// Each guardrail.
    pub guardrails: Vec<GuardrailTls>,
    /// What came of handshakes, by client and origin.
    pub handshakes: BTreeMap<usize, BTreeMap<String, Handshakes>>,
}

impl Health {
    /// The TLS policies of all deployments. Calls nobody.
    pub fn upstream_tls(&self) -> UpstreamTls {
        let models = self.calls.models.now();
        let named = models.names().iter().filter_map(|name| models.group(name));
        let named = named.flat_map(|group| &group.deployments).map(|deployment| {
            let api_base = deployment.target().map(|target| target.api_base.clone());
            self.tls_of(&deployment.entry, api_base)
        });
        let wildcards = models.wildcard_entries().map(|entry| self.tls_of(entry, entry.params.api_base.clone()));
        let deployments: Vec<_> = named.chain(wildcards).collect();
        let guardrails: Vec<_> =
            self.calls.guardrails.iter().map(|guardrail| self.tls_of_guardrail(guardrail)).collect();
        let channels = deployments.iter().map(|deployment| deployment.channel.0).chain([0]);
        let channels = channels.chain(guardrails.iter().map(|guardrail| guardrail.channel.0));
        let handshakes = channels.map(|channel| (channel, self.policies.handshakes(Channel(channel)))).collect();
        UpstreamTls { global: self.resolved("", &TlsParams::default()), deployments, guardrails, handshakes }
    }

    fn tls_of(&self, entry: &ModelEntry, api_base: Option<String>) -> DeploymentTls {
        let address = api_base.as_ref().and_then(|base| base.parse().ok());
        DeploymentTls {
            model_name: entry.model_name.clone(),
            model_id: deployment_id(entry).as_str().to_owned(),
            model: entry.params.model.clone(),
            proxy: address.and_then(|address| self.policies.proxies()?.name_before(&address)),
            api_base,
            channel: entry.params.tls.channel,
            resolved: self.resolved("litellm_params", &entry.params.tls),
        }
    }

    fn tls_of_guardrail(&self, guardrail: &Guardrail) -> GuardrailTls {
        let address = guardrail.address.parse().ok();
        GuardrailTls {
            guardrail_name: guardrail.name.clone(),
            api_base: guardrail.address.clone(),
            proxy: address.and_then(|address| self.policies.proxies()?.name_before(&address)),
            channel: guardrail.tls.channel,
            resolved: self.resolved("litellm_params", &guardrail.tls),
        }
    }

    fn resolved(&self, holder: &str, said: &TlsParams) -> Result<Resolved, String> {
        self.policies.resolve(holder, said).map_err(|error| error.to_string())
    }
}
