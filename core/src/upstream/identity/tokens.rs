//! Tokens that were fetched, each kept until shortly before it ends. Of calls that need the same one at once, one fetches
//! it and the others wait for it.

use super::error::IdentityError;
use crate::clock::Timestamp;
use crate::secret::Secret;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

/// How long before its end a token is no longer used: a call under way must not outlive it by much.
const MARGIN_MILLIS: i64 = 120_000;

/// Something secret that lasts for a while: a token, as it goes into `Authorization: Bearer`, or a key.
#[derive(Clone, Debug)]
pub(super) struct Token<T = Secret> {
    /// The token.
    pub(super) secret: T,
    /// When it ends.
    pub(super) ends: Timestamp,
}

/// What a token was given for. A hash: secrets are not kept twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct TokenKey([u8; 32]);

impl TokenKey {
    /// The key of an account that these parts tell apart from all others.
    pub(super) fn of<'p>(parts: impl IntoIterator<Item = &'p str>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

type Slot<T> = Arc<tokio::sync::Mutex<Option<Token<T>>>>;

/// The tokens of a process. There are as many as accounts in the configuration.
#[derive(Debug)]
pub(super) struct Tokens<T = Secret> {
    slots: Mutex<HashMap<TokenKey, Slot<T>>>,
}

impl<T> Default for Tokens<T> {
    fn default() -> Self {
        Self { slots: Mutex::default() }
    }
}

impl<T: Clone> Tokens<T> {
    /// The token that is kept for `key`, else what `fetch` gives. A failure is not kept.
    pub(super) async fn get<F>(&self, key: TokenKey, now: Timestamp, fetch: F) -> Result<T, IdentityError>
    where
        F: Future<Output = Result<Token<T>, IdentityError>>,
    {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(key).or_default())
        };
        let mut kept = slot.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| token.ends.plus_millis(-MARGIN_MILLIS) > now) {
            return Ok(token.secret.clone());
        }
        let token = fetch.await?;
        Ok(kept.insert(token).secret.clone())
    }
}
