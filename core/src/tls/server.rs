//! Our side of a client's connection: which versions and suites are spoken, who we are, and who clients must be.

use super::cipher_list;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{InconsistentKeys, RootCertStore, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion};
use std::sync::Arc;

/// The oldest version of TLS that is spoken. Older ones than these are not implemented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OldestVersion {
    /// TLS 1.2, with forward-secret, authenticated suites only.
    #[default]
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// What is spoken.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The oldest version.
    pub oldest: OldestVersion,
    /// The suites, in the order of preference.
    pub suites: Vec<SupportedCipherSuite>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { oldest: OldestVersion::default(), suites: cipher_list::all() }
    }
}

/// Who we are.
#[derive(Debug)]
pub struct Identity {
    /// Our certificate, and those that lead from it to an authority.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
}

/// Who clients must be.
#[derive(Debug)]
pub struct ClientPolicy {
    /// The authorities that vouch for them.
    pub roots: RootCertStore,
    /// What those authorities have revoked. Where there is a list, a certificate that no list covers, and a list that is
    /// out of date, are refused.
    pub revoked: Vec<CertificateRevocationListDer<'static>>,
    /// Whether a client without a certificate is turned away. One that shows a wrong one always is.
    pub required: bool,
}

/// TLS cannot be served so.
#[derive(Debug, thiserror::Error)]
pub enum ServerTlsError {
    /// The key is another certificate's.
    #[error("the key does not belong to the certificate (the server's own certificate must be the first of its file)")]
    Mismatch,
    /// The key cannot be used.
    #[error("the key cannot be used: {0} (an RSA key needs 2,048 bits or more)")]
    Key(rustls::Error),
    /// The certificate cannot be used.
    #[error("the certificate cannot be used: {0}")]
    Certificate(rustls::Error),
    /// The clients' authorities or their lists cannot be used.
    #[error("clients' certificates cannot be checked: {0}")]
    Clients(#[from] VerifierBuilderError),
    /// No suite fits the versions.
    #[error("no cipher of the list can be used with the oldest version of TLS asked for")]
    NoSuite,
    /// The versions and suites cannot be used.
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}

/// The server side of TLS, for HTTP/2 and HTTP/1.1.
///
/// # Errors
/// [`ServerTlsError`] says which of the parts is at fault.
pub fn config(
    policy: &Policy,
    identity: Identity,
    clients: Option<ClientPolicy>,
) -> Result<ServerConfig, ServerTlsError> {
    let versions = versions(policy)?;
    let provider = Arc::new(CryptoProvider { cipher_suites: policy.suites.clone(), ..aws_lc_rs::default_provider() });
    let certified = certified(identity, &provider)?;
    let verifier = match clients {
        Some(clients) => verifier(clients, &provider)?,
        None => WebPkiClientVerifier::no_client_auth(),
    };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map_err(ServerTlsError::Setup)?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // Tickets hold a resumed session's state: nothing is kept here for clients that do not come back.
    config.ticketer = aws_lc_rs::Ticketer::new().map_err(ServerTlsError::Setup)?;
    Ok(config)
}

fn versions(policy: &Policy) -> Result<Vec<&'static SupportedProtocolVersion>, ServerTlsError> {
    let mut versions = vec![&rustls::version::TLS13];
    if policy.oldest == OldestVersion::Tls12 {
        versions.push(&rustls::version::TLS12);
    }
    versions.retain(|version| cipher_list::serves(&policy.suites, version));
    if versions.is_empty() { Err(ServerTlsError::NoSuite) } else { Ok(versions) }
}

fn certified(identity: Identity, provider: &CryptoProvider) -> Result<CertifiedKey, ServerTlsError> {
    let key = provider.key_provider.load_private_key(identity.key).map_err(ServerTlsError::Key)?;
    let certified = CertifiedKey::new(identity.chain, key);
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(rustls::Error::InconsistentKeys(_)) => Err(ServerTlsError::Mismatch),
        Err(error) => Err(ServerTlsError::Certificate(error)),
    }
}

fn verifier(
    clients: ClientPolicy,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>, ServerTlsError> {
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(clients.roots), Arc::clone(provider))
        .with_crls(clients.revoked)
        .enforce_revocation_expiration();
    Ok(if clients.required { builder.build() } else { builder.allow_unauthenticated().build() }?)
}
