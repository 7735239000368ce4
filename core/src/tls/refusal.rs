//! Why an upstream's certificate is refused, in a sentence that says which setting would change it.

use super::der;
use super::level::Level;
use super::short_rsa;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, Error, OtherError};
use std::sync::Arc;

/// Why a certificate is refused.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refusal(pub(super) String);

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refusal))))
    }
}

impl Refusal {
    /// What an error about a chain means.
    pub(super) fn of(
        error: &CertificateError,
        shown: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        level: &Level,
    ) -> Self {
        use CertificateError as E;
        Self(match error {
            // Said already.
            E::Other(OtherError(said)) => said.to_string(),
            E::ExpiredContext { not_after, .. } => format!("its certificate expired on {}", day(*not_after)),
            E::Expired => "its certificate has expired, or does not hold yet".to_owned(),
            E::NotValidYetContext { not_before, .. } => {
                format!("its certificate holds only from {} on", day(*not_before))
            }
            E::UnknownIssuer => "its certificate is signed by an authority that is not trusted; to trust it, put the \
                                 authority's certificate into a file and set `ssl_verify` to its path"
                .to_owned(),
            E::NotValidForNameContext { expected, presented } => wrong_name(expected, presented),
            E::UnsupportedSignatureAlgorithmContext { signature_algorithm_id, .. } => {
                weak_signature(signature_algorithm_id, level)
            }
            E::BadSignature => intermediates
                .iter()
                .find_map(|certificate| weak_key(certificate, level))
                .map_or_else(|| bad_signature(shown, level), |weakness| weakness.0),
            other => format!("its certificate is refused: {other}"),
        })
    }
}

/// What of a key is too weak for a level.
pub(super) fn weak_key(certificate: &CertificateDer<'_>, level: &Level) -> Option<Refusal> {
    let key = key_of(certificate)?;
    let (what, bits, wanted) = match key {
        Key::Rsa(bits) if bits < level.rsa_bits_min => ("RSA key", bits, level.rsa_bits_min),
        Key::Curve(bits) if bits < level.curve_bits_min => ("elliptic curve", bits, level.curve_bits_min),
        Key::Rsa(_) | Key::Curve(_) => return None,
    };
    let lower = Level::ALL.iter().rev().find(|lower| match key {
        Key::Rsa(bits) => bits >= lower.rsa_bits_min,
        Key::Curve(bits) => bits >= lower.curve_bits_min,
    });
    let advice = lower.map_or_else(
        || "no level takes it".to_owned(),
        |lower| format!("`ssl_security_level: DEFAULT@SECLEVEL={}` would take it", lower.number),
    );
    let number = level.number;
    Some(Refusal(format!(
        "a certificate that it shows has an {what} of {bits} bits, and level {number} asks for {wanted}; {advice}"
    )))
}

enum Key {
    Rsa(usize),
    Curve(usize),
}

/// `rsaEncryption`, `id-ecPublicKey`, and the curves by their identifiers.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const CURVES: [(&[u8], usize); 4] = [
    (&[0x2b, 0x81, 0x04, 0x00, 0x21], 224),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07], 256),
    (&[0x2b, 0x81, 0x04, 0x00, 0x22], 384),
    (&[0x2b, 0x81, 0x04, 0x00, 0x23], 521),
];

fn key_of(certificate: &CertificateDer<'_>) -> Option<Key> {
    let parts = der::certificate(certificate)?;
    let algorithm = der::expect(parts.key, der::SEQUENCE)?;
    let name = der::expect(algorithm.content, der::OBJECT_IDENTIFIER)?;
    if name.content == RSA {
        let (unused, key) = der::expect(algorithm.rest, der::BIT_STRING)?.content.split_first()?;
        return short_rsa::bits(key).filter(|_| *unused == 0).map(Key::Rsa);
    }
    if name.content == EC {
        let curve = der::expect(name.rest, der::OBJECT_IDENTIFIER)?.content;
        return CURVES.iter().find(|(known, _)| *known == curve).map(|(_, bits)| Key::Curve(*bits));
    }
    None
}

/// Algorithms of signatures that some level does not take, by their identifiers.
const SIGNATURES: [(&[u8], &str, usize); 7] = [
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04], "MD5", 0),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05], "SHA-1", 160),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01], "SHA-1", 160),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b], "SHA-256", 256),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02], "SHA-256", 256),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c], "SHA-384", 384),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03], "SHA-384", 384),
];

/// The error tells the identifier with or without what stands around it.
fn weak_signature(identifier: &[u8], level: &Level) -> String {
    let found = SIGNATURES.iter().find(|(known, ..)| identifier.windows(known.len()).any(|part| part == *known));
    let number = level.number;
    let Some((_, hash, bits)) = found else {
        return format!("its certificate is signed with an algorithm that level {number} does not take");
    };
    let lower = Level::ALL.iter().rev().find(|lower| *bits >= lower.hash_bits_min);
    let advice = lower.map_or_else(
        || "no level takes that".to_owned(),
        |lower| format!("`ssl_security_level: DEFAULT@SECLEVEL={}` would take that", lower.number),
    );
    format!("its certificate is signed with {hash}, and level {number} does not take that; {advice}")
}

fn bad_signature(shown: &CertificateDer<'_>, level: &Level) -> String {
    let signed_with = der::certificate(shown).map(|parts| parts.signed_with).unwrap_or_default();
    let is_weak = SIGNATURES.iter().any(|(known, _, bits)| *known == signed_with && *bits < level.hash_bits_min);
    if is_weak {
        return weak_signature(signed_with, level);
    }
    let number = level.number;
    format!("its certificate is not correctly signed, or signed with a key that is too short for level {number}")
}

fn wrong_name(expected: &ServerName<'_>, presented: &[String]) -> String {
    // They are told with their kind, and within quotation marks.
    let names: Vec<&str> = presented.iter().map(|name| name.split('"').nth(1).unwrap_or(name)).collect();
    let names = if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") };
    format!("its certificate is for {names}, not for {}", expected.to_str())
}

fn day(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).map(|time| time.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}
