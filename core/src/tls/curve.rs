//! The key exchanges that are offered: the hybrid post-quantum one first, or the one that the operator names.

use super::p521::Secp521r1;
use rustls::crypto::SupportedKxGroup;
use rustls::crypto::aws_lc_rs::kx_group;

/// A key exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Curve {
    /// X25519 together with ML-KEM-768.
    X25519MlKem768,
    /// X25519.
    X25519,
    /// P-256.
    Prime256v1,
    /// P-384.
    Secp384r1,
    /// P-521.
    Secp521r1,
}

impl Curve {
    /// In the order in which they are offered where nobody names one.
    pub const ALL: [Self; 5] = [Self::X25519MlKem768, Self::X25519, Self::Prime256v1, Self::Secp384r1, Self::Secp521r1];

    /// The curve of a name as OpenSSL and people write it. `None`: nobody knows it.
    pub fn parse(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "x25519mlkem768" => Some(Self::X25519MlKem768),
            "x25519" => Some(Self::X25519),
            "prime256v1" | "secp256r1" | "p-256" => Some(Self::Prime256v1),
            "secp384r1" | "p-384" => Some(Self::Secp384r1),
            "secp521r1" | "p-521" => Some(Self::Secp521r1),
            _ => None,
        }
    }

    /// Its name as OpenSSL writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::X25519MlKem768 => "X25519MLKEM768",
            Self::X25519 => "X25519",
            Self::Prime256v1 => "prime256v1",
            Self::Secp384r1 => "secp384r1",
            Self::Secp521r1 => "secp521r1",
        }
    }

    /// How many bits of security it counts for, as OpenSSL counts (`ssl/t1_lib.c`: half the curve's; 192 for ML-KEM-768).
    pub(super) fn security_bits(self) -> u16 {
        match self {
            Self::X25519 | Self::Prime256v1 => 128,
            Self::X25519MlKem768 | Self::Secp384r1 => 192,
            Self::Secp521r1 => 256,
        }
    }

    pub(super) fn group(self) -> &'static dyn SupportedKxGroup {
        match self {
            Self::X25519MlKem768 => kx_group::X25519MLKEM768,
            Self::X25519 => kx_group::X25519,
            Self::Prime256v1 => kx_group::SECP256R1,
            Self::Secp384r1 => kx_group::SECP384R1,
            Self::Secp521r1 => &Secp521r1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_curve_is_known_by_its_name() {
        for curve in Curve::ALL {
            assert_eq!(Curve::parse(curve.name()), Some(curve));
            assert_eq!(Curve::parse(&curve.name().to_lowercase()), Some(curve));
        }
        assert_eq!(Curve::parse("brainpoolP256r1"), None);
    }
}
