//! Checks the certificate of an upstream as its policy asks, or takes any, and says in a sentence why one is refused. That
//! the certificate's owner made the handshake is checked always.

use super::algorithms;
use super::der;
use super::level::Level;
use super::refusal::{self, Refusal};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// Looks at what an upstream shows.
#[derive(Debug)]
pub(super) struct Verifier {
    /// `None`: any certificate is taken.
    check: Option<Check>,
    algorithms: WebPkiSupportedAlgorithms,
}

/// Chain, name, time, and the strength of keys and signatures.
#[derive(Debug)]
struct Check {
    roots: RootCertStore,
    /// Certificates of the bundle: an upstream that shows one of them is who it should be, authority or not.
    pinned: Vec<CertificateDer<'static>>,
    level: &'static Level,
}

impl Verifier {
    /// One that checks, as strictly as the level says.
    pub(super) fn checking(roots: RootCertStore, pinned: Vec<CertificateDer<'static>>, level: &'static Level) -> Self {
        Self { check: Some(Check { roots, pinned, level }), algorithms: algorithms::of(level) }
    }

    /// One that takes any certificate, with signatures by any algorithm there is.
    pub(super) fn taking_any() -> Self {
        Self { check: None, algorithms: algorithms::of(&Level::ALL[0]) }
    }
}

impl Check {
    fn passes(
        &self,
        algorithms: &WebPkiSupportedAlgorithms,
        shown: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        let parsed = ParsedCertificate::try_from(shown)?;
        if let Some(weakness) = refusal::weak_key(shown, self.level) {
            return Err(weakness.into());
        }
        if self.pinned.contains(shown) {
            let holds = der::certificate(shown).is_some_and(|parts| der::holds_at(parts.holds, now));
            if !holds {
                return Err(CertificateError::Expired.into());
            }
        } else {
            verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, intermediates, now, algorithms.all)?;
        }
        verify_server_name(&parsed, name)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(check) = &self.check else { return Ok(ServerCertVerified::assertion()) };
        match check.passes(&self.algorithms, end_entity, intermediates, server_name, now) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(Error::InvalidCertificate(error)) => {
                Err(Refusal::of(&error, end_entity, intermediates, check.level).into())
            }
            Err(error) => Err(error),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
