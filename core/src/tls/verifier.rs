//! Checks the certificate of an upstream as its policy asks, and says in a sentence why one is refused.

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

/// Checks chain, name, time, and the strength of keys and signatures.
#[derive(Debug)]
pub(super) struct Checking {
    roots: RootCertStore,
    /// Certificates of the bundle: an upstream that shows one of them is who it should be, authority or not.
    pinned: Vec<CertificateDer<'static>>,
    level: &'static Level,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Checking {
    pub(super) fn new(roots: RootCertStore, pinned: Vec<CertificateDer<'static>>, level: &'static Level) -> Self {
        Self { roots, pinned, level, algorithms: algorithms::of(level) }
    }

    fn check(
        &self,
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
            let algorithms = self.algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, intermediates, now, algorithms)?;
        }
        verify_server_name(&parsed, name)
    }
}

impl ServerCertVerifier for Checking {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.check(end_entity, intermediates, server_name, now) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(Error::InvalidCertificate(error)) => {
                Err(Refusal::of(&error, end_entity, intermediates, self.level).into())
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

/// Takes any certificate. That its owner made the handshake is checked still, with any algorithm there is.
#[derive(Debug)]
pub(super) struct Unchecking {
    algorithms: WebPkiSupportedAlgorithms,
}

impl Unchecking {
    pub(super) fn new() -> Self {
        Self { algorithms: algorithms::of(&Level::ALL[0]) }
    }
}

impl ServerCertVerifier for Unchecking {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
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
