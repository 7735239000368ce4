//! OpenSSL's security levels in the terms of rustls: one table, [`Level::ALL`].
//!
//! OpenSSL counts bits of security ([SSL_CTX_set_security_level](https://docs.openssl.org/master/man3/SSL_CTX_set_security_level/)):
//! 80, 112, 128, 192 and 256 for levels 1 to 5. What each row says follows from that, as far as rustls has it: there is
//! no TLS below 1.2, no RSA key exchange, no CBC and no finite-field Diffie-Hellman at any level, so the lower levels
//! differ in certificates and signatures only.

use super::curve::Curve;
use super::short_rsa::BITS_MIN;
use crate::config::tls::SecurityLevel;
use rustls::crypto::aws_lc_rs::{ALL_CIPHER_SUITES, cipher_suite};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion, version};

/// What a level asks for.
#[derive(Debug)]
pub struct Level {
    /// Its number.
    pub number: u8,
    /// The bits of security that it stands for.
    pub security_bits: u16,
    /// Protocol versions.
    pub versions: &'static [&'static SupportedProtocolVersion],
    /// The smallest RSA key in bits, of every certificate in a chain.
    pub rsa_bits_min: usize,
    /// The smallest elliptic curve in bits, of every certificate in a chain.
    pub curve_bits_min: usize,
    /// The shortest hash in a signature, in bits; 160 is SHA-1.
    pub hash_bits_min: usize,
    /// Whether suites with 128-bit ciphers are offered.
    pub has_128_bit_suites: bool,
    /// Why so, for the operator.
    pub reason: &'static str,
}

/// TLS 1.0 and 1.1 are not in rustls, so no level has them; TLS 1.2 with AEAD suites passes even at level 5.
const VERSIONS: &[&SupportedProtocolVersion] = &[&version::TLS13, &version::TLS12];

impl Level {
    /// The table.
    pub const ALL: [Self; 6] = [
        Self {
            number: 0,
            security_bits: 0,
            versions: VERSIONS,
            rsa_bits_min: BITS_MIN,
            curve_bits_min: 256,
            hash_bits_min: 160,
            has_128_bit_suites: true,
            reason: "everything that can be spoken: RSA keys from 512 bits, SHA-1 signatures",
        },
        Self {
            number: 1,
            security_bits: 80,
            versions: VERSIONS,
            rsa_bits_min: 1024,
            curve_bits_min: 256,
            hash_bits_min: 160,
            has_128_bit_suites: true,
            reason: "80 bits of security: RSA keys from 1,024 bits; SHA-1 signatures as OpenSSL 1.1 counted them",
        },
        Self {
            number: 2,
            security_bits: 112,
            versions: VERSIONS,
            rsa_bits_min: 2048,
            curve_bits_min: 256,
            hash_bits_min: 256,
            has_128_bit_suites: true,
            reason: "112 bits of security, and what holds where no level is said: RSA keys from 2,048 bits, no SHA-1",
        },
        Self {
            number: 3,
            security_bits: 128,
            versions: VERSIONS,
            rsa_bits_min: 3072,
            curve_bits_min: 256,
            hash_bits_min: 256,
            has_128_bit_suites: true,
            reason: "128 bits of security: RSA keys from 3,072 bits, curves from 256 bits",
        },
        Self {
            number: 4,
            security_bits: 192,
            versions: VERSIONS,
            rsa_bits_min: 7680,
            curve_bits_min: 384,
            hash_bits_min: 384,
            has_128_bit_suites: false,
            reason: "192 bits of security: RSA keys from 7,680 bits, curves from 384 bits, SHA-384, 256-bit ciphers",
        },
        Self {
            number: 5,
            security_bits: 256,
            versions: VERSIONS,
            rsa_bits_min: 15_360,
            curve_bits_min: 512,
            hash_bits_min: 512,
            has_128_bit_suites: false,
            reason: "256 bits of security: P-521 and ML-DSA-87 keys (RSA would need 15,360 bits, and 8,192 is the \
                     longest that can be checked), SHA-512, 256-bit ciphers",
        },
    ];

    /// The row of a level; the second where none is said, as OpenSSL has it today.
    pub fn of(level: Option<SecurityLevel>) -> &'static Self {
        static TABLE: [Level; 6] = Level::ALL;
        let number = level.map_or(2, SecurityLevel::number);
        TABLE.iter().find(|row| row.number == number).unwrap_or(&TABLE[2])
    }

    /// The suites, the strongest first.
    pub(super) fn suites(&self) -> Vec<SupportedCipherSuite> {
        let is_128_bit = |suite: &SupportedCipherSuite| {
            [
                cipher_suite::TLS13_AES_128_GCM_SHA256,
                cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            ]
            .contains(suite)
        };
        ALL_CIPHER_SUITES.iter().copied().filter(|suite| self.has_128_bit_suites || !is_128_bit(suite)).collect()
    }

    /// Their names.
    pub fn suite_names(&self) -> Vec<String> {
        self.suites().iter().map(|suite| format!("{:?}", suite.suite())).collect()
    }

    /// Whether a key exchange is strong enough.
    pub fn admits(&self, curve: Curve) -> bool {
        curve.security_bits() >= self.security_bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_level_never_admits_more() {
        for pair in Level::ALL.windows(2) {
            let [lower, higher] = pair else { unreachable!() };
            assert!(lower.rsa_bits_min < higher.rsa_bits_min && lower.curve_bits_min <= higher.curve_bits_min);
            assert!(lower.hash_bits_min <= higher.hash_bits_min && lower.suites().len() >= higher.suites().len());
            assert!(Curve::ALL.into_iter().all(|curve| lower.admits(curve) || !higher.admits(curve)));
        }
    }

    #[test]
    fn every_level_has_versions_suites_and_a_key_exchange() {
        for (number, level) in Level::ALL.iter().enumerate() {
            assert_eq!(usize::from(level.number), number);
            assert!(!level.versions.is_empty() && level.suites().len() >= 5);
            assert!(Curve::ALL.into_iter().any(|curve| level.admits(curve)));
        }
        let strongest: Vec<_> = Curve::ALL.into_iter().filter(|curve| Level::ALL[5].admits(*curve)).collect();
        assert_eq!(strongest, [Curve::Secp521r1]);
        assert_eq!(Level::of(None).number, 2);
        assert_eq!(Level::of(SecurityLevel::parse("4")).rsa_bits_min, 7680);
    }
}
