//! One pooled client for each distinct TLS policy, and which one a deployment uses.

use super::client::HttpClient;
use super::connect::Roads;
use super::handshakes::Handshakes;
use super::proxies::Proxies;
use super::transports::{CHANNELS_MAX, Transports};
use crate::config::Environment;
use crate::config::tls::{Channel, TlsParams};
use crate::tls::client;
use crate::tls::material::{Material, Objects};
use crate::tls::policy::{Policy, PolicyError, Resolved, Sources, Trust};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// How often files are looked at. A renewed certificate is shown this much late, at most.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(5);

/// The clients, and what policies are made from.
pub struct Policies {
    environment: Environment,
    settings: TlsParams,
    objects: Objects,
    roads: Roads,
    transports: Transports,
    clients: Mutex<Vec<Client>>,
}

struct Client {
    policy: Policy,
    client: Arc<HttpClient>,
    /// The files that it was made of, as they were then.
    files: Vec<(PathBuf, Stamp)>,
}

/// What tells two states of a file apart.
type Stamp = Option<(SystemTime, u64)>;

impl Policies {
    /// The clients of a process, with one for whoever says nothing of its own.
    ///
    /// # Errors
    /// [`PolicyError`] names the setting or variable at fault.
    pub fn new(
        environment: Environment,
        settings: TlsParams,
        objects: Objects,
        roads: Roads,
    ) -> Result<Self, PolicyError> {
        let sources = Sources { environment: &environment, settings: &settings, objects: &objects };
        let Resolved { policy, warnings, .. } = sources.resolve("", &TlsParams::default())?;
        warn(&warnings);
        let global = Client::make(policy, &roads)?;
        let transports = Transports::from(Arc::clone(&global.client));
        Ok(Self { environment, settings, objects, roads, transports, clients: Mutex::new(vec![global]) })
    }

    /// The ways to upstreams, by channel.
    pub fn transports(&self) -> &Transports {
        &self.transports
    }

    /// The proxies in between.
    pub fn proxies(&self) -> Option<&Proxies> {
        self.roads.proxies.as_deref()
    }

    /// The policy of something that says `explicit`, in a section called `holder`.
    ///
    /// # Errors
    /// [`PolicyError`] names the setting or variable at fault.
    pub fn resolve(&self, holder: &str, explicit: &TlsParams) -> Result<Resolved, PolicyError> {
        let Self { environment, settings, objects, .. } = self;
        Sources { environment, settings, objects }.resolve(holder, explicit)
    }

    /// The channel of something that says `explicit`: that of its policy, made now where nobody had it before.
    ///
    /// # Errors
    /// [`PolicyError`] names the setting, variable or file at fault.
    pub fn channel(&self, holder: &str, explicit: &TlsParams) -> Result<Channel, PolicyError> {
        let Resolved { policy, warnings, .. } = self.resolve(holder, explicit)?;
        if explicit.ssl_ecdh_curve.is_some() {
            warn(&warnings);
        }
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = clients.iter().position(|client| client.policy == policy) {
            return Ok(Channel(known));
        }
        let made = Client::make(policy, &self.roads)?;
        let channel = Channel(clients.len());
        if !self.transports.add(channel, made.client.clone()) {
            let problem = format!("there may be at most {CHANNELS_MAX} distinct policies in one process");
            return Err(PolicyError::Setup(problem));
        }
        clients.push(made);
        Ok(channel)
    }

    /// Looks at the files again and again, for as long as the process runs.
    pub async fn renewing(&self) {
        let mut looks = tokio::time::interval(RENEWAL_INTERVAL);
        loop {
            looks.tick().await;
            self.renew();
        }
    }

    /// Reads again what has changed of the files. What cannot be used is said, and what was there before stays.
    pub fn renew(&self) {
        for client in self.clients.lock().unwrap_or_else(PoisonError::into_inner).iter_mut() {
            let stamps = stamps(&client.policy);
            if stamps == client.files {
                continue;
            }
            // Once for each change, whatever comes of it.
            client.files = stamps;
            match client::config(&client.policy) {
                Ok(tls) => {
                    client.client.renew(tls);
                    tracing::info!(files = ?client.names(), "certificates for connections to providers were renewed");
                }
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "renewed certificates cannot be used");
                }
            }
        }
    }

    /// What came of the handshakes of a channel, by origin.
    pub fn handshakes(&self, channel: Channel) -> BTreeMap<String, Handshakes> {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.get(channel.0).map(|client| client.client.handshakes()).unwrap_or_default()
    }
}

impl Client {
    fn make(policy: Policy, roads: &Roads) -> Result<Self, PolicyError> {
        // Looked at before they are read: a change in between is noticed later, and not missed.
        let files = stamps(&policy);
        let client = Arc::new(HttpClient::new(client::config(&policy)?, policy.clone(), roads));
        Ok(Self { policy, client, files })
    }

    fn names(&self) -> Vec<String> {
        self.files.iter().map(|(path, _)| path.display().to_string()).collect()
    }
}

fn stamps(policy: &Policy) -> Vec<(PathBuf, Stamp)> {
    let bundle = match &policy.trust {
        Trust::Bundle(bundle) => Some(bundle),
        Trust::Nothing | Trust::BuiltIn => None,
    };
    let own = policy.certificate.as_ref();
    let materials = [bundle, own.map(|own| &own.chain), own.and_then(|own| own.key.as_ref())];
    let files = materials.into_iter().flatten().filter_map(Material::file);
    let stamp = |path: &std::path::Path| {
        let about = std::fs::metadata(path).ok()?;
        Some((about.modified().ok()?, about.len()))
    };
    files.map(|path| (path.to_owned(), stamp(path))).collect()
}

fn warn(warnings: &[String]) {
    for warning in warnings {
        tracing::warn!("{warning}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn policies() -> Policies {
        let environment = Environment::from_pairs([("SSL_SECURITY_LEVEL", "DEFAULT@SECLEVEL=2")]);
        Policies::new(environment, TlsParams::default(), Objects::new(), Roads::default()).unwrap()
    }

    fn channel(policies: &Policies, explicit: Value) -> Result<usize, PolicyError> {
        let explicit: TlsParams = serde_json::from_value(explicit).unwrap();
        policies.channel("litellm_params", &explicit).map(|channel| channel.0)
    }

    #[test]
    fn deployments_of_one_policy_share_a_client() {
        let policies = policies();
        let said = [
            json!({}),
            json!({"ssl_verify": false}),
            json!({"ssl_verify": true}),
            json!({"ssl_verify": "False", "ssl_security_level": "2"}),
            json!({"ssl_ecdh_curve": "secp521r1"}),
            json!({"ssl_ecdh_curve": "P-521"}),
        ];
        let channels: Vec<usize> = said.into_iter().map(|said| channel(&policies, said).unwrap()).collect();
        assert_eq!(channels, [0, 1, 0, 1, 2, 2]);
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_its_setting() {
        let error = channel(&policies(), json!({"ssl_verify": "/nowhere/ca.pem"})).unwrap_err().to_string();
        let expected = "the certificate file `/nowhere/ca.pem` (from `litellm_params.ssl_verify`) cannot be used: ";
        assert!(error.starts_with(expected), "{error}");
    }
}
