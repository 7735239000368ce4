//! A key of Google Cloud KMS.
//!
//! Wire format:
//! <https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/decrypt>

use super::call::{Answer, CallError, Calls, request, unavailable};
use super::ciphertexts::Decrypts;
use super::source::SecretError;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// Where the service is.
pub const GOOGLE_KMS: &str = "https://cloudkms.googleapis.com";
const ADVICE: &str = "the account needs the role `roles/cloudkms.cryptoKeyDecrypter` on the key";

/// One key. The calls show the account.
pub struct GoogleKms {
    address: String,
    key: String,
    calls: Arc<dyn Calls>,
}

#[derive(Deserialize)]
struct Decrypted {
    #[serde(default)]
    plaintext: String,
}

impl GoogleKms {
    /// The key of this resource name: `projects/P/locations/L/keyRings/R/cryptoKeys/K`.
    pub fn new(address: &str, key: &str, calls: Arc<dyn Calls>) -> Self {
        Self { address: address.trim_end_matches('/').to_owned(), key: key.trim_matches('/').to_owned(), calls }
    }
}

#[async_trait]
impl Decrypts for GoogleKms {
    async fn decrypt(&self, name: &str, ciphertext: &[u8]) -> Result<Vec<u8>, SecretError> {
        let told = |cause: CallError| unavailable(name, cause);
        let address = format!("{}/v1/{}:decrypt", self.address, self.key);
        let body = json!({ "ciphertext": STANDARD.encode(ciphertext) });
        let response = self.calls.call(request(Method::POST, &address, Some(body)).map_err(told)?).await;
        let answer = Answer { name, response: response.map_err(told)?, advice: ADVICE };
        let decrypted: Decrypted = answer.document()?.ok_or_else(|| told("there is no such key".into()))?;
        STANDARD.decode(decrypted.plaintext).map_err(|_| SecretError::Binary { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::scripted::Scripted;
    use super::*;

    #[tokio::test]
    async fn a_ciphertext_goes_to_the_key_and_comes_back_as_what_it_was_made_from() {
        let calls = Scripted::of([Some((200, r#"{"plaintext":"c2stYQ==","usedPrimary":true}"#)), Some((404, "{}"))]);
        let key = GoogleKms::new(GOOGLE_KMS, "projects/p/locations/l/keyRings/r/cryptoKeys/k", calls.clone());
        assert_eq!(key.decrypt("A", b"cipher").await.unwrap(), b"sk-a");
        let expected = "POST https://cloudkms.googleapis.com/v1/projects/p/locations/l/keyRings/r/cryptoKeys/k:decrypt";
        assert_eq!(calls.lines()[0], expected);
        assert_eq!(calls.body(0), json!({"ciphertext": "Y2lwaGVy"}));
        assert!(key.decrypt("A", b"cipher").await.is_err());
    }
}
