//! What callers present that says nothing by itself: who is asked about it, once at a time for each.

use super::custom::CustomAuth;
use super::error::TokenError;
use super::introspection::Introspection;
use super::keys_beside::KeysBeside;
use super::mapping::Identified;
use crate::clock::Timestamp;
use crate::id::KeyHash;
use tokio::sync::{Mutex, MutexGuard};

/// Most tokens that are asked about at once.
const AT_ONCE: usize = 64;

/// Who is asked.
pub enum Authority {
    /// The issuer of tokens.
    Issuer(Introspection),
    /// A service of the operator's own.
    Custom(CustomAuth),
}

/// Tokens that somebody else knows.
pub struct Opaque {
    authority: Authority,
    /// Held while it is asked about one of the tokens that share it.
    asking: Vec<Mutex<()>>,
}

impl Opaque {
    /// Tokens that this one knows.
    pub fn known_to(authority: Authority) -> Self {
        Self { authority, asking: (0..AT_ONCE).map(|_| Mutex::default()).collect() }
    }

    /// What is made of what has the form of a virtual key.
    pub fn keys(&self) -> KeysBeside {
        match &self.authority {
            Authority::Issuer(_) => KeysBeside::Apart,
            Authority::Custom(custom) => custom.keys(),
        }
    }

    /// Held while somebody is asked about the token of this hash, so that others who present it wait for the answer.
    pub async fn turn(&self, hash: &KeyHash) -> Option<MutexGuard<'_, ()>> {
        let sum = hash.as_str().bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        match self.asking.get(sum % AT_ONCE) {
            Some(asking) => Some(asking.lock().await),
            None => None,
        }
    }

    /// Who presents this token, and when it ends, as far as that is said.
    ///
    /// # Errors
    /// As [`Introspection::check`] and [`CustomAuth::check`].
    pub async fn check(&self, token: &str, now: Timestamp) -> Result<(Identified, Option<Timestamp>), TokenError> {
        match &self.authority {
            Authority::Issuer(issuer) => issuer.check(token, now).await,
            Authority::Custom(custom) => custom.check(token, now).await,
        }
    }
}
