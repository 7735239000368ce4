//! An issuer for tests: it makes keys, signs tokens, and answers for its keys as it is told.

use super::jwk::{IssuerKey, keys_in};
use crate::secrets::{CallError, Calls};
use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use tokio::sync::Semaphore;

/// A key that signs.
pub(in crate::auth) enum Signer {
    Rsa(RsaKeyPair),
    Curve(EcdsaKeyPair, &'static str),
    Ed25519(Ed25519KeyPair),
}

/// Keys of every type: making one of RSA takes long.
pub(in crate::auth) static RSA: LazyLock<Signer> =
    LazyLock::new(|| Signer::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()));

pub(in crate::auth) fn p256() -> Signer {
    Signer::Curve(EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(), "P-256")
}

pub(in crate::auth) fn p384() -> Signer {
    Signer::Curve(EcdsaKeyPair::generate(&signature::ECDSA_P384_SHA384_FIXED_SIGNING).unwrap(), "P-384")
}

pub(in crate::auth) fn p521() -> Signer {
    Signer::Curve(EcdsaKeyPair::generate(&signature::ECDSA_P521_SHA512_FIXED_SIGNING).unwrap(), "P-521")
}

pub(in crate::auth) fn ed25519() -> Signer {
    Signer::Ed25519(Ed25519KeyPair::generate().unwrap())
}

pub(in crate::auth) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Signer {
    /// The public key as the issuer shows it.
    pub(in crate::auth) fn jwk(&self, id: &str) -> Value {
        match self {
            Self::Rsa(key) => {
                // SEQUENCE, INTEGER of 257 bytes of which the first is 0, INTEGER of 3 bytes.
                let der = key.public_key().as_ref().to_vec();
                json!({"kty": "RSA", "kid": id, "use": "sig", "n": encoded(&der[9..265]), "e": encoded(&der[267..])})
            }
            Self::Curve(key, name) => {
                let point = &key.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                json!({"kty": "EC", "crv": name, "kid": id, "x": encoded(x), "y": encoded(y)})
            }
            Self::Ed25519(key) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": id, "x": encoded(key.public_key().as_ref())})
            }
        }
    }

    pub(in crate::auth) fn key(&self, id: &str) -> IssuerKey {
        keys_in(&json!({"keys": [self.jwk(id)]})).pop().unwrap()
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(key) => {
                let padding: &'static dyn signature::RsaEncoding = match algorithm {
                    "RS384" => &signature::RSA_PKCS1_SHA384,
                    "RS512" => &signature::RSA_PKCS1_SHA512,
                    "PS256" => &signature::RSA_PSS_SHA256,
                    "PS384" => &signature::RSA_PSS_SHA384,
                    "PS512" => &signature::RSA_PSS_SHA512,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut signed = vec![0; key.public_modulus_len()];
                key.sign(padding, &SystemRandom::new(), message, &mut signed).unwrap();
                signed
            }
            Self::Curve(key, _) => key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Self::Ed25519(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    /// A token that says this.
    pub(in crate::auth) fn token(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        let signed = self.sign(header["alg"].as_str().unwrap_or_default(), message.as_bytes());
        format!("{message}.{}", encoded(signed))
    }

    /// A token of the key `id` with this algorithm.
    pub(in crate::auth) fn issue(&self, (algorithm, id): (&str, &str), claims: &Value) -> String {
        self.token(&json!({"alg": algorithm, "kid": id, "typ": "JWT"}), claims)
    }
}

/// Answers for documents by their address, and counts how often it was asked.
pub(in crate::auth) struct Served {
    documents: Mutex<Vec<(String, Value)>>,
    pub(in crate::auth) asked: AtomicUsize,
    /// How many may be answered; those beyond wait.
    pub(in crate::auth) answers: Semaphore,
}

impl Served {
    pub(in crate::auth) fn of(address: &str, document: Value) -> Arc<Self> {
        let documents = Mutex::new(vec![(address.to_owned(), document)]);
        Arc::new(Self { documents, asked: AtomicUsize::new(0), answers: Semaphore::new(1000) })
    }

    /// From now on, `address` says this. `null`: nobody answers there.
    pub(in crate::auth) fn say(&self, address: &str, document: Value) {
        let mut documents = self.documents.lock().unwrap();
        documents.retain(|(known, _)| known != address);
        documents.push((address.to_owned(), document));
    }

    pub(in crate::auth) fn times(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Calls for Served {
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, CallError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.answers.acquire().await.unwrap().forget();
        let address = request.uri().to_string();
        let documents = self.documents.lock().unwrap();
        match documents.iter().find(|(known, _)| *known == address) {
            Some((_, Value::Null)) => Err("nobody answers".into()),
            Some((_, document)) => Ok(Response::new(Bytes::from(document.to_string()))),
            None => Ok(Response::builder().status(404).body(Bytes::new()).unwrap()),
        }
    }
}

/// Answers every question alike, and keeps what it was asked.
pub(in crate::auth) struct Asked {
    requests: Mutex<Vec<Request<Bytes>>>,
    answer: Mutex<(u16, Value)>,
}

impl Asked {
    pub(in crate::auth) fn answering(status: u16, said: Value) -> Arc<Self> {
        Arc::new(Self { requests: Mutex::default(), answer: Mutex::new((status, said)) })
    }

    /// From now on it answers so.
    pub(in crate::auth) fn answer(&self, status: u16, said: Value) {
        *self.answer.lock().unwrap() = (status, said);
    }

    pub(in crate::auth) fn requests(&self) -> Vec<Request<Bytes>> {
        self.requests.lock().unwrap().clone()
    }
}

#[async_trait]
impl Calls for Asked {
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, CallError> {
        self.requests.lock().unwrap().push(request);
        tokio::task::yield_now().await;
        let (status, said) = self.answer.lock().unwrap().clone();
        Ok(Response::builder().status(status).body(Bytes::from(said.to_string())).unwrap())
    }
}
