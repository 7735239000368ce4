//! TLS towards providers: a policy made into what connections are opened with.

use super::curve::Curve;
use super::level::Level;
use super::pem;
use super::policy::{OwnCertificate, Policy, PolicyError, Trust};
use super::verifier::Verifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// The client side of TLS under a policy, for HTTP/2 and HTTP/1.1. Reads the policy's files.
///
/// # Errors
/// [`PolicyError`] names the file that cannot be used and the setting that names it.
pub fn config(policy: &Policy) -> Result<ClientConfig, PolicyError> {
    let level = Level::of(policy.level);
    let verifier: Arc<dyn ServerCertVerifier> = match &policy.trust {
        Trust::Nothing => Arc::new(Verifier::taking_any()),
        Trust::BuiltIn => Arc::new(Verifier::checking(built_in(), Vec::new(), level)),
        Trust::Bundle(bundle) => {
            let certificates = pem::certificates(bundle.read()?.expose().as_bytes());
            let certificates = certificates.map_err(|problem| bundle.refused(problem.to_string()))?;
            let mut roots = RootCertStore::empty();
            for certificate in &certificates {
                roots.add(certificate.clone()).map_err(|error| bundle.refused(error.to_string()))?;
            }
            Arc::new(Verifier::checking(roots, certificates, level))
        }
    };
    make(level, policy.curve, verifier, policy.certificate.as_ref())
}

/// The client side of TLS towards whom these authorities vouch for, at the usual level.
///
/// # Errors
/// [`PolicyError::Setup`]: this build cannot speak TLS at all.
pub fn trusting(roots: RootCertStore) -> Result<ClientConfig, PolicyError> {
    let level = Level::of(None);
    make(level, None, Arc::new(Verifier::checking(roots, Vec::new(), level)), None)
}

fn built_in() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

fn make(
    level: &Level,
    curve: Option<Curve>,
    verifier: Arc<dyn ServerCertVerifier>,
    own: Option<&OwnCertificate>,
) -> Result<ClientConfig, PolicyError> {
    let curves = Curve::ALL.into_iter().filter(|offered| level.admits(*offered));
    let provider = CryptoProvider {
        cipher_suites: level.suites(),
        kx_groups: curves.filter(|offered| curve.is_none_or(|curve| curve == *offered)).map(Curve::group).collect(),
        ..aws_lc_rs::default_provider()
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(level.versions)
        .map_err(|error| PolicyError::Setup(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let chain_text = own.chain.read()?;
            let chain: Vec<CertificateDer<'_>> = pem::certificates(chain_text.expose().as_bytes())
                .map_err(|problem| own.chain.refused(problem.to_string()))?;
            let keyed = own.key.as_ref().unwrap_or(&own.chain);
            let key = pem::key(keyed.read()?.expose().as_bytes());
            let key = key.map_err(|problem| keyed.refused(problem.to_string()))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| keyed.refused(unusable(&error)))?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn unusable(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InconsistentKeys(_) => "the key is not the certificate's".to_owned(),
        other => format!("the key cannot be used: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_http_are_offered_and_the_newer_first() {
        assert_eq!(trusting(built_in()).unwrap().alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
    }

    #[test]
    fn the_compiled_in_authorities_are_trusted_where_no_file_is_named() {
        assert!(built_in().len() > 100);
    }

    #[test]
    fn what_is_offered_is_the_levels_and_the_curves() {
        let offered = |number: usize, curve| {
            let level = Level::of(crate::config::tls::SecurityLevel::parse(&number.to_string()));
            let config = make(level, curve, Arc::new(Verifier::taking_any()), None).unwrap();
            let provider = config.crypto_provider();
            let groups: Vec<_> = provider.kx_groups.iter().map(|group| format!("{:?}", group.name())).collect();
            (groups.join(" "), provider.cipher_suites.len())
        };
        assert_eq!(offered(2, None), ("X25519MLKEM768 X25519 secp256r1 secp384r1 secp521r1".to_owned(), 9));
        assert_eq!(offered(2, Some(Curve::Secp521r1)), ("secp521r1".to_owned(), 9));
        assert_eq!(offered(4, None), ("X25519MLKEM768 secp384r1 secp521r1".to_owned(), 6));
        assert_eq!(offered(5, None), ("secp521r1".to_owned(), 6));
    }
}
