//! Certificates and keys as they stand in PEM files, for both sides of TLS. Reads bytes, opens no file.

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What is wrong with a text that should hold certificates or a key. Never shows any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemProblem {
    /// The text begins blocks and does not end them, or what is in them is no base64.
    #[error("it is not well-formed PEM")]
    Malformed,
    /// There is no certificate.
    #[error("it holds no certificate")]
    NoCertificate,
    /// There is no key that can be read.
    #[error("it holds no private key (PKCS#8, PKCS#1 or SEC1 in PEM; an encrypted key cannot be read)")]
    NoKey,
    /// There are several keys, and it is not said which is meant.
    #[error("it holds more than one private key")]
    SeveralKeys,
}

/// All certificates, in the text's order; other blocks are passed over.
///
/// # Errors
/// [`PemProblem`]: the text is malformed, or holds none.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemProblem> {
    let read: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(pem).collect();
    let found = read.map_err(|_| PemProblem::Malformed)?;
    if found.is_empty() { Err(PemProblem::NoCertificate) } else { Ok(found) }
}

/// The one private key, in PKCS#8, PKCS#1 or SEC1; other blocks are passed over.
///
/// # Errors
/// [`PemProblem`]: the text is malformed, or holds no key, or several.
pub fn key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, PemProblem> {
    let read: Result<Vec<_>, pem::Error> = PrivateKeyDer::pem_slice_iter(pem).collect();
    let mut found = read.map_err(|_| PemProblem::Malformed)?;
    match (found.pop(), found.is_empty()) {
        (Some(key), true) => Ok(key),
        (Some(_), false) => Err(PemProblem::SeveralKeys),
        (None, _) => Err(PemProblem::NoKey),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

    fn block(label: &str) -> String {
        format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----\n")
    }

    #[test]
    fn certificates_and_one_key_are_found_among_other_things() {
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
            let text = format!("a comment\n{CERTIFICATE}{}{CERTIFICATE}", block(label));
            assert_eq!(certificates(text.as_bytes()).unwrap().len(), 2);
            assert!(key(text.as_bytes()).is_ok(), "{label}");
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        assert_eq!(certificates(b"").unwrap_err(), PemProblem::NoCertificate);
        assert_eq!(key(CERTIFICATE.as_bytes()).unwrap_err(), PemProblem::NoKey);
        assert_eq!(key(block("ENCRYPTED PRIVATE KEY").as_bytes()).unwrap_err(), PemProblem::NoKey);
        let two = block("PRIVATE KEY") + &block("EC PRIVATE KEY");
        assert_eq!(key(two.as_bytes()).unwrap_err(), PemProblem::SeveralKeys);
        let broken = "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n";
        assert_eq!(certificates(broken.as_bytes()).unwrap_err(), PemProblem::Malformed);
    }
}
