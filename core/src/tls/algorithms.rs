//! Which signatures count at a level: rustls's own, without the weak ones, or with weaker ones that rustls leaves out.

use super::level::Level;
use super::short_rsa::{self, Padding};
use aws_lc_rs::digest::{self, Algorithm as Hash};
use aws_lc_rs::signature::{self, VerificationAlgorithm};
use rustls::SignatureScheme;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};
use std::sync::LazyLock;
use webpki::aws_lc_rs as known;

type Verifier = &'static dyn SignatureVerificationAlgorithm;

/// `sha1WithRSAEncryption` ([RFC 3279](https://datatracker.ietf.org/doc/html/rfc3279), section 2.2.1).
const RSA_SHA1: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(&[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00]);
/// `ecdsa-with-SHA1` (section 2.2.3).
const ECDSA_SHA1: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(&[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01]);
/// Shorter keys are checked by ourselves.
const AWS_LC_RSA_BITS_MIN: usize = 2048;

/// The algorithms of a level. Made once for each level that is asked for, and kept.
pub(super) fn of(level: &Level) -> WebPkiSupportedAlgorithms {
    static MADE: [LazyLock<WebPkiSupportedAlgorithms>; 6] = [
        LazyLock::new(|| made(&Level::ALL[0])),
        LazyLock::new(|| made(&Level::ALL[1])),
        LazyLock::new(|| made(&Level::ALL[2])),
        LazyLock::new(|| made(&Level::ALL[3])),
        LazyLock::new(|| made(&Level::ALL[4])),
        LazyLock::new(|| made(&Level::ALL[5])),
    ];
    let made = MADE.get(usize::from(level.number)).unwrap_or(&MADE[2]);
    WebPkiSupportedAlgorithms { all: made.all, mapping: made.mapping }
}

/// An algorithm of the table, with what a level may ask of it.
struct Row {
    /// `None`: for signatures in certificates only.
    scheme: Option<SignatureScheme>,
    hash_bits: usize,
    /// Bits of the curve; `None`: RSA.
    curve_bits: Option<usize>,
    verifier: Verifier,
}

/// In the order of preference. Of the verifiers of one scheme, TLS 1.3 takes the first.
fn rows(level: &Level) -> Vec<Row> {
    use SignatureScheme as S;
    let ec =
        |scheme, hash_bits, curve_bits, verifier| Row { scheme, hash_bits, curve_bits: Some(curve_bits), verifier };
    let mut rows = vec![
        ec(Some(S::ECDSA_NISTP384_SHA384), 384, 384, known::ECDSA_P384_SHA384),
        ec(Some(S::ECDSA_NISTP384_SHA384), 384, 256, known::ECDSA_P256_SHA384),
        ec(Some(S::ECDSA_NISTP384_SHA384), 384, 521, known::ECDSA_P521_SHA384),
        ec(Some(S::ECDSA_NISTP256_SHA256), 256, 256, known::ECDSA_P256_SHA256),
        ec(Some(S::ECDSA_NISTP256_SHA256), 256, 384, known::ECDSA_P384_SHA256),
        ec(Some(S::ECDSA_NISTP256_SHA256), 256, 521, known::ECDSA_P521_SHA256),
        ec(Some(S::ECDSA_NISTP521_SHA512), 512, 521, known::ECDSA_P521_SHA512),
        ec(Some(S::ECDSA_NISTP521_SHA512), 512, 384, known::ECDSA_P384_SHA512),
        ec(Some(S::ECDSA_NISTP521_SHA512), 512, 256, known::ECDSA_P256_SHA512),
        // 128 bits of security: as a curve and a hash of 256.
        ec(Some(S::ED25519), 256, 256, known::ED25519),
    ];
    let hashes = [(512, &digest::SHA512), (384, &digest::SHA384), (256, &digest::SHA256)];
    for (hash_bits, hash) in hashes {
        let (scheme, inner) = match hash_bits {
            512 => (S::RSA_PSS_SHA512, known::RSA_PSS_2048_8192_SHA512_LEGACY_KEY),
            384 => (S::RSA_PSS_SHA384, known::RSA_PSS_2048_8192_SHA384_LEGACY_KEY),
            _ => (S::RSA_PSS_SHA256, known::RSA_PSS_2048_8192_SHA256_LEGACY_KEY),
        };
        rows.push(rsa(Some(scheme), hash_bits, hash, Padding::Pss, inner, level));
    }
    for (hash_bits, hash) in hashes {
        let (scheme, inner, absent) = match hash_bits {
            512 => (
                S::RSA_PKCS1_SHA512,
                known::RSA_PKCS1_2048_8192_SHA512,
                known::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
            ),
            384 => (
                S::RSA_PKCS1_SHA384,
                known::RSA_PKCS1_2048_8192_SHA384,
                known::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
            ),
            _ => (
                S::RSA_PKCS1_SHA256,
                known::RSA_PKCS1_2048_8192_SHA256,
                known::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
            ),
        };
        rows.push(rsa(Some(scheme), hash_bits, hash, Padding::Pkcs1, inner, level));
        rows.push(rsa(None, hash_bits, hash, Padding::Pkcs1, absent, level));
    }
    // The strength of these is their parameter set's.
    rows.push(ec(Some(S::ML_DSA_44), 256, 256, known::ML_DSA_44));
    rows.push(ec(Some(S::ML_DSA_65), 384, 384, known::ML_DSA_65));
    rows.push(ec(Some(S::ML_DSA_87), 512, 521, known::ML_DSA_87));
    let sha1 = &digest::SHA1_FOR_LEGACY_USE_ONLY;
    rows.push(rsa(Some(S::RSA_PKCS1_SHA1), 160, sha1, Padding::Pkcs1, &RSA_WITH_SHA1, level));
    rows.push(ec(Some(S::ECDSA_SHA1_Legacy), 160, 256, &P256_WITH_SHA1));
    rows.push(ec(Some(S::ECDSA_SHA1_Legacy), 160, 521, &P521_WITH_SHA1));
    rows
}

fn rsa(
    scheme: Option<SignatureScheme>,
    hash_bits: usize,
    hash: &'static Hash,
    padding: Padding,
    inner: Verifier,
    level: &Level,
) -> Row {
    // Kept for ever: as many as there are levels in use, times the rows above.
    let verifier = Box::leak(Box::new(Rsa { inner, bits_min: level.rsa_bits_min, hash, padding }));
    Row { scheme, hash_bits, curve_bits: None, verifier }
}

fn made(level: &Level) -> WebPkiSupportedAlgorithms {
    let mut all: Vec<Verifier> = Vec::new();
    let mut mapping: Vec<(SignatureScheme, Vec<Verifier>)> = Vec::new();
    let strong = |row: &Row| {
        row.hash_bits >= level.hash_bits_min && row.curve_bits.is_none_or(|bits| bits >= level.curve_bits_min)
    };
    // No RSA key that is long enough for level 5 can be checked.
    let has_rsa = level.rsa_bits_min <= 8192;
    for row in rows(level).into_iter().filter(|row| strong(row) && (has_rsa || row.curve_bits.is_some())) {
        all.push(row.verifier);
        let Some(scheme) = row.scheme else { continue };
        match mapping.iter_mut().find(|(known, _)| *known == scheme) {
            Some((_, verifiers)) => verifiers.push(row.verifier),
            None => mapping.push((scheme, vec![row.verifier])),
        }
    }
    let mapping: Vec<(SignatureScheme, &'static [Verifier])> =
        mapping.into_iter().map(|(scheme, verifiers)| (scheme, &*verifiers.leak())).collect();
    WebPkiSupportedAlgorithms { all: all.leak(), mapping: mapping.leak() }
}

/// RSA for keys of at least some length. Shorter ones than aws-lc takes are checked here.
#[derive(Debug)]
struct Rsa {
    inner: Verifier,
    bits_min: usize,
    hash: &'static Hash,
    padding: Padding,
}

impl SignatureVerificationAlgorithm for Rsa {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        match short_rsa::bits(key) {
            Some(bits) if bits < self.bits_min => Err(InvalidSignature),
            Some(bits) if bits < AWS_LC_RSA_BITS_MIN => {
                short_rsa::verifies(key, message, signature, self.hash, self.padding).ok_or(InvalidSignature)
            }
            _ => self.inner.verify_signature(key, message, signature),
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.inner.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.inner.signature_alg_id()
    }
}

/// Signatures over SHA-1, which webpki does not bring.
#[derive(Debug)]
struct WithSha1 {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    verifier: &'static dyn VerificationAlgorithm,
}

static RSA_WITH_SHA1: WithSha1 = WithSha1 {
    key: alg_id::RSA_ENCRYPTION,
    signature: RSA_SHA1,
    verifier: &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
};
static P256_WITH_SHA1: WithSha1 =
    WithSha1 { key: alg_id::ECDSA_P256, signature: ECDSA_SHA1, verifier: &signature::ECDSA_P256_SHA1_ASN1 };
static P521_WITH_SHA1: WithSha1 =
    WithSha1 { key: alg_id::ECDSA_P521, signature: ECDSA_SHA1, verifier: &signature::ECDSA_P521_SHA1_ASN1 };

impl SignatureVerificationAlgorithm for WithSha1 {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let key = signature::UnparsedPublicKey::new(self.verifier, key);
        key.verify(message, signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SignatureScheme as S;

    #[test]
    fn what_holds_where_nothing_is_said_is_what_rustls_offers() {
        let ours: Vec<S> = of(&Level::ALL[2]).supported_schemes();
        let theirs = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms;
        assert_eq!(ours, theirs.supported_schemes());
        assert_eq!(of(&Level::ALL[2]).all.len(), theirs.all.len());
    }

    #[test]
    fn levels_leave_out_or_add_as_the_table_says() {
        let schemes = |level: usize| of(&Level::ALL[level]).supported_schemes();
        for level in [0, 1] {
            assert!(schemes(level).contains(&S::RSA_PKCS1_SHA1) && schemes(level).contains(&S::ECDSA_SHA1_Legacy));
        }
        assert!(!schemes(3).contains(&S::RSA_PKCS1_SHA1) && schemes(3).contains(&S::ED25519));
        assert!(!schemes(4).contains(&S::ECDSA_NISTP256_SHA256) && schemes(4).contains(&S::RSA_PSS_SHA384));
        assert_eq!(schemes(5), [S::ECDSA_NISTP521_SHA512, S::ML_DSA_87]);
    }
}
