//! LiteLLM's two forms of a sealed value, byte for byte: `base64(nonce ‖ SecretBox)` and `v2:gcm:base64(nonce ‖
//! AES-256-GCM)`, base64 URL-safe and padded. The key is the SHA-256 of the salt key, or of the master key where there is
//! no salt key. Neither form is bound to a place.

use super::cipher::CipherKey;
use crate::clock::{NoEntropy, Random};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::str::FromStr;
use zeroize::Zeroizing;

/// What the newer form begins with.
const GCM_PREFIX: &str = "v2:gcm:";

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// Which of the two forms is written: `general_settings.encryption_algorithm`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// NaCl's SecretBox, which every LiteLLM reads.
    #[default]
    XSalsa20Poly1305,
    /// AES-256-GCM.
    Aes256Gcm,
}

impl FromStr for Algorithm {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "xsalsa20-poly1305" => Ok(Self::XSalsa20Poly1305),
            "aes-256-gcm" => Ok(Self::Aes256Gcm),
            _ => Err(()),
        }
    }
}

/// The form that a value has; `None`: neither. An empty text is an empty value.
pub fn algorithm_of(value: &str) -> Option<Algorithm> {
    match value.strip_prefix(GCM_PREFIX) {
        Some(rest) => decoded(rest).filter(|bytes| bytes.len() >= 28).map(|_| Algorithm::Aes256Gcm),
        None => decoded(value).filter(|bytes| bytes.len() >= 40).map(|_| Algorithm::XSalsa20Poly1305),
    }
}

/// Seals a text.
///
/// # Errors
/// [`NoEntropy`].
pub fn seal(key: &CipherKey, algorithm: Algorithm, plain: &str, random: &dyn Random) -> Result<String, NoEntropy> {
    Ok(match algorithm {
        Algorithm::XSalsa20Poly1305 => URL_SAFE.encode(key.seal_box(plain.as_bytes(), random)?),
        Algorithm::Aes256Gcm => {
            let mut value = GCM_PREFIX.to_owned();
            URL_SAFE.encode_string(key.seal(plain.as_bytes(), &[], random)?, &mut value);
            value
        }
    })
}

/// Opens a value of either form. `None`: it has neither form, or another key sealed it.
pub fn open(key: &CipherKey, value: &str) -> Option<Zeroizing<Vec<u8>>> {
    match value.strip_prefix(GCM_PREFIX) {
        Some(rest) => key.open(&decoded(rest)?, &[]),
        None if value.is_empty() => Some(Zeroizing::default()),
        None => key.open_box(&decoded(value)?),
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE.decode(text).or_else(|_| STANDARD.decode(text)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;
    use serde_json::Value;

    fn vectors() -> Vec<Value> {
        let corpus: Value = serde_json::from_str(include_str!("../../data/corpus/encryption.json")).unwrap();
        corpus["vectors"].as_array().unwrap().clone()
    }

    fn key_of(vector: &Value) -> CipherKey {
        let text = vector["LITELLM_SALT_KEY"].as_str().or(vector["master_key"].as_str());
        CipherKey::of_text(text.unwrap())
    }

    #[test]
    fn every_recorded_value_is_opened_and_what_is_none_is_not() {
        let (mut opened, mut refused) = (0, 0);
        for vector in vectors() {
            let (key, value) = (key_of(&vector), vector["ciphertext"].as_str().unwrap());
            match vector["plaintext"].as_str() {
                Some(plain) => {
                    assert_eq!(open(&key, value).unwrap().as_slice(), plain.as_bytes(), "{vector}");
                    assert!(open(&CipherKey::of_text("wrong"), value).is_none(), "{vector}");
                    assert!(algorithm_of(value).is_some(), "{vector}");
                    opened += 1;
                }
                None if value.is_empty() => assert!(open(&key, value).unwrap().is_empty()),
                None => {
                    assert!(open(&key, value).is_none() && algorithm_of(value).is_none(), "{vector}");
                    refused += 1;
                }
            }
        }
        assert!(opened >= 20 && refused >= 5, "{opened} {refused}");
    }

    #[test]
    fn what_is_written_has_the_recorded_form() {
        for vector in vectors() {
            let (Some(plain), Ok(algorithm)) =
                (vector["plaintext"].as_str(), vector["algorithm"].as_str().unwrap().parse::<Algorithm>())
            else {
                continue;
            };
            let (key, recorded) = (key_of(&vector), vector["ciphertext"].as_str().unwrap());
            let sealed = seal(&key, algorithm, plain, &SystemRandom).unwrap();
            assert_eq!(sealed.len(), recorded.len(), "{vector}");
            assert_eq!(algorithm_of(&sealed), Some(algorithm));
            assert_eq!(open(&key, &sealed).unwrap().as_slice(), plain.as_bytes());
        }
    }
}
