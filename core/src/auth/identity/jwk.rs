//! The public keys of an issuer, each pinned to the algorithms that its type allows. A token never chooses how it is
//! checked: it names an algorithm, and a key that is of another type does not know it.
//!
//! Wire formats: RFC 7517 (keys), RFC 7518 section 6 (RSA and elliptic curves), RFC 8037 (Ed25519).

use aws_lc_rs::signature::{
    self, EcdsaVerificationAlgorithm, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

/// Shortest modulus of an RSA key that is used, in bytes: 2048 bits.
const RSA_BYTES_MIN: usize = 256;
/// Longest one: 8192 bits. Checking with a longer one takes long.
const RSA_BYTES_MAX: usize = 1024;
/// Most keys of one issuer that are kept.
const KEYS_MAX: usize = 100;
/// How a point on a curve begins whose both coordinates are there.
const UNCOMPRESSED: u8 = 4;

/// How a token is signed. There is no `none` and none with a shared secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with PKCS#1 v1.5 and SHA-256.
    Rs256,
    /// The same with SHA-384.
    Rs384,
    /// The same with SHA-512.
    Rs512,
    /// RSA-PSS with SHA-256.
    Ps256,
    /// The same with SHA-384.
    Ps384,
    /// The same with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// Ed25519.
    EdDsa,
}

#[derive(Debug, PartialEq, Eq)]
enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Curve { algorithm: Algorithm, point: Vec<u8> },
}

/// One public key.
#[derive(Debug, PartialEq, Eq)]
pub struct IssuerKey {
    /// The name by which tokens call it.
    pub id: Option<String>,
    /// The one algorithm that the issuer says it is for.
    only: Option<Algorithm>,
    material: Material,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    usage: Option<String>,
    #[serde(default)]
    key_ops: Option<Vec<String>>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
}

impl Algorithm {
    /// The algorithm of this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "PS256" => Self::Ps256,
            "PS384" => Self::Ps384,
            "PS512" => Self::Ps512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "ES512" => Self::Es512,
            "EdDSA" | "Ed25519" => Self::EdDsa,
            _ => return None,
        })
    }

    fn rsa(self) -> Option<&'static RsaParameters> {
        Some(match self {
            Self::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            Self::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
            Self::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
            Self::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
            Self::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
            Self::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
            Self::Es256 | Self::Es384 | Self::Es512 | Self::EdDsa => return None,
        })
    }

    fn curve(self) -> Option<&'static dyn VerificationAlgorithm> {
        const P256: &EcdsaVerificationAlgorithm = &signature::ECDSA_P256_SHA256_FIXED;
        const P384: &EcdsaVerificationAlgorithm = &signature::ECDSA_P384_SHA384_FIXED;
        const P521: &EcdsaVerificationAlgorithm = &signature::ECDSA_P521_SHA512_FIXED;
        Some(match self {
            Self::Es256 => P256,
            Self::Es384 => P384,
            Self::Es512 => P521,
            Self::EdDsa => &signature::ED25519,
            _ => return None,
        })
    }
}

impl IssuerKey {
    /// Whether the key can have signed with this algorithm.
    pub fn knows(&self, algorithm: Algorithm) -> bool {
        let of_type = match &self.material {
            Material::Rsa { .. } => algorithm.rsa().is_some(),
            Material::Curve { algorithm: own, .. } => *own == algorithm,
        };
        of_type && self.only.is_none_or(|only| only == algorithm)
    }

    /// Whether this is the key's signature of `message`.
    pub fn signed(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.knows(algorithm) {
            return false;
        }
        match &self.material {
            Material::Rsa { modulus, exponent } => algorithm.rsa().is_some_and(|parameters| {
                let key = RsaPublicKeyComponents { n: modulus.as_slice(), e: exponent.as_slice() };
                key.verify(parameters, message, signature).is_ok()
            }),
            Material::Curve { algorithm, point } => algorithm
                .curve()
                .is_some_and(|curve| UnparsedPublicKey::new(curve, point).verify(message, signature).is_ok()),
        }
    }

    /// Reads a key. `None`: it is none that signatures are checked with here, such as one for encryption, a shared
    /// secret, or one that is too short.
    fn read(key: Jwk) -> Option<Self> {
        let signs = key.usage.as_deref().is_none_or(|usage| usage == "sig")
            && key.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !signs {
            return None;
        }
        let material = match key.kty.as_str() {
            "RSA" => {
                let (modulus, exponent) = (number(&key.n?)?, number(&key.e?)?);
                if !(RSA_BYTES_MIN..=RSA_BYTES_MAX).contains(&modulus.len()) {
                    return None;
                }
                Material::Rsa { modulus, exponent }
            }
            "EC" => {
                let (algorithm, size) = match key.crv?.as_str() {
                    "P-256" => (Algorithm::Es256, 32),
                    "P-384" => (Algorithm::Es384, 48),
                    "P-521" => (Algorithm::Es512, 66),
                    _ => return None,
                };
                let (x, y) = (bytes(&key.x?)?, bytes(&key.y?)?);
                if x.len() != size || y.len() != size {
                    return None;
                }
                Material::Curve { algorithm, point: [&[UNCOMPRESSED], x.as_slice(), y.as_slice()].concat() }
            }
            "OKP" if key.crv.as_deref() == Some("Ed25519") => {
                Material::Curve { algorithm: Algorithm::EdDsa, point: bytes(&key.x?)? }
            }
            _ => return None,
        };
        // An algorithm that is not known here is none that a token of ours can name.
        let only = match key.alg {
            Some(name) => Some(Algorithm::named(&name)?),
            None => None,
        };
        Some(Self { id: key.kid, only, material })
    }
}

/// The keys in an issuer's document. Those that cannot be used are passed over.
pub fn keys_in(document: &Value) -> Vec<IssuerKey> {
    let keys = document.get("keys").and_then(Value::as_array).into_iter().flatten();
    keys.filter_map(|key| IssuerKey::read(Jwk::deserialize(key).ok()?)).take(KEYS_MAX).collect()
}

/// The key that a token of this header was signed with. One that names no key means the only one that knows its
/// algorithm.
pub fn meant<'k>(
    keys: impl Iterator<Item = &'k IssuerKey>,
    id: Option<&str>,
    algorithm: Algorithm,
) -> Option<&'k IssuerKey> {
    let mut fitting = keys.filter(|key| key.knows(algorithm) && (id.is_none() || key.id.as_deref() == id));
    let first = fitting.next()?;
    if id.is_none() && fitting.next().is_some() { None } else { Some(first) }
}

/// What stands in URL-safe base64, as some issuers pad it.
fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// A number without the zeros before it.
fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = bytes(text)?;
    let from = bytes.iter().position(|byte| *byte != 0)?;
    bytes.get(from..).map(<[u8]>::to_vec)
}
