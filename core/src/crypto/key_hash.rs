//! Virtual keys: making them, and what is kept of them. The key itself is shown once, to whoever asked for it, and is
//! never stored; a key imported from LiteLLM works because the hash is the same.

use crate::clock::{NoEntropy, Random};
use crate::id::KeyHash;
use crate::secret::Secret;
use sha2::{Digest, Sha256};

/// What every virtual key begins with.
pub const KEY_PREFIX: &str = "sk-";

/// Fewest bytes of a virtual key, the prefix included. Shorter ones can be guessed.
pub const KEY_BYTES_MIN: usize = 16;

/// Random characters behind the prefix of a new key: six bits each, 132 in all.
const NEW_KEY_CHARACTERS: usize = 22;

/// The URL-safe alphabet, 64 characters, so that one random byte's low six bits choose one evenly.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The SHA-256 of the key's text.
pub fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// The hash under which a key is stored.
pub fn hash(key: &str) -> KeyHash {
    KeyHash::of_digest(&digest(key))
}

/// The hash that a caller means who may give a key or its hash. `None`: it is neither.
pub fn hash_if_needed(key_or_hash: &str) -> Option<KeyHash> {
    if key_or_hash.starts_with(KEY_PREFIX) { Some(hash(key_or_hash)) } else { KeyHash::parse(key_or_hash) }
}

/// The name by which a key is shown: `sk-...` and its last four characters. Four characters of a short text would give
/// too much of it away, so text shorter than a key shows none.
pub fn abbreviate(key: &str) -> String {
    let mut name = String::from("sk-...");
    if key.len() >= KEY_BYTES_MIN {
        let from = key.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
        name.push_str(key.get(from..).unwrap_or_default());
    }
    name
}

/// A new virtual key.
///
/// # Errors
/// [`NoEntropy`]: no key was made.
pub fn generate(random: &dyn Random) -> Result<Secret, NoEntropy> {
    let mut bytes = [0; NEW_KEY_CHARACTERS];
    random.fill(&mut bytes)?;
    let mut key = String::with_capacity(KEY_PREFIX.len() + NEW_KEY_CHARACTERS);
    key.push_str(KEY_PREFIX);
    key.extend(bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 63))).map(|c| char::from(*c)));
    Ok(Secret::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;
    use serde_json::Value;

    #[test]
    fn hashes_and_names_are_those_of_litellm() {
        let corpus: Value = serde_json::from_str(include_str!("../../data/corpus/token_hash.json")).unwrap();
        for vector in corpus["vectors"].as_array().unwrap() {
            let token = vector["token"].as_str().unwrap();
            assert_eq!(hash(token).as_str(), vector["hash_token"], "{token}");
            assert_eq!(abbreviate(token), vector["key_name_abbreviated"].as_str().unwrap(), "{token}");
            if token.starts_with(KEY_PREFIX) {
                assert_eq!(hash_if_needed(token).unwrap().as_str(), vector["hash_token_if_needed"]);
            }
        }
    }

    #[test]
    fn a_hash_stands_for_itself_and_other_text_for_no_key() {
        let hashed = hash("sk-1");
        assert_eq!(hash_if_needed(hashed.as_str()), Some(hashed));
        assert_eq!(hash_if_needed("SK-1234"), None);
    }

    #[test]
    fn new_keys_differ_and_have_the_usual_form() {
        let (one, two) = (generate(&SystemRandom).unwrap(), generate(&SystemRandom).unwrap());
        assert_ne!(one.expose(), two.expose());
        assert_eq!(one.expose().len(), 25);
        let rest = one.expose().strip_prefix("sk-").unwrap();
        assert!(rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    }
}
