//! TLS towards providers.

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// The cryptography provider lacks what the protocol versions need. Not in the builds we make.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up")]
pub struct TlsError(#[from] rustls::Error);

/// The client side of TLS, for HTTP/2 and HTTP/1.1, towards whom these authorities vouch for.
///
/// # Errors
/// [`TlsError`]: this build cannot speak TLS at all.
pub fn config(roots: RootCertStore) -> Result<ClientConfig, TlsError> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_http_are_offered_and_the_newer_first() {
        assert_eq!(config(RootCertStore::empty()).unwrap().alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
    }
}
