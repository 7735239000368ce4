//! Variables whose values a key of somebody else decrypts: AWS KMS, Google Cloud KMS. What is encrypted stands in the
//! environment; only the key is elsewhere.

use super::source::{SecretError, SecretSource};
use crate::secret::Secret;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;

/// A key that decrypts and never leaves its place.
#[async_trait]
pub trait Decrypts: Send + Sync {
    /// What `ciphertext` was made from. `name` is the variable, for what is told of it.
    ///
    /// # Errors
    /// As [`SecretSource::fetch`].
    async fn decrypt(&self, name: &str, ciphertext: &[u8]) -> Result<Vec<u8>, SecretError>;
}

/// The variables, decrypted as they are asked for.
pub struct Ciphertexts<K> {
    key: K,
    values: HashMap<String, String>,
}

impl<K: Decrypts> Ciphertexts<K> {
    /// These variables: names and ciphertexts in Base64.
    pub fn new(key: K, values: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { key, values: values.into_iter().collect() }
    }
}

#[async_trait]
impl<K: Decrypts> SecretSource for Ciphertexts<K> {
    async fn fetch(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        let Some(value) = self.values.get(name) else { return Ok(None) };
        let reason = "its value is no ciphertext in Base64";
        let ciphertext =
            STANDARD.decode(value.trim()).map_err(|_| SecretError::Name { name: name.to_owned(), reason })?;
        let plain = self.key.decrypt(name, &ciphertext).await?;
        let text = String::from_utf8(plain).map_err(|_| SecretError::Binary { name: name.to_owned() })?;
        Ok(Some(Secret::new(text.trim())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Reversed;

    #[async_trait]
    impl Decrypts for Reversed {
        async fn decrypt(&self, _: &str, ciphertext: &[u8]) -> Result<Vec<u8>, SecretError> {
            Ok(ciphertext.iter().rev().copied().collect())
        }
    }

    #[tokio::test]
    async fn a_variable_is_decrypted_and_one_that_is_no_ciphertext_is_refused() {
        let values = [("A".to_owned(), "YS1rcw==\n".to_owned()), ("B".to_owned(), "sk-b".to_owned())];
        let variables = Ciphertexts::new(Reversed, values);
        assert_eq!(variables.fetch("A").await.unwrap().unwrap().expose(), "sk-a");
        assert!(variables.fetch("C").await.unwrap().is_none());
        let error = variables.fetch("B").await.unwrap_err();
        assert_eq!(error.to_string(), "the secret `B` cannot be: its value is no ciphertext in Base64");
    }
}
