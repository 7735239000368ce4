//! The keys of issuers, fetched where they stand and kept for a while. A key that is not known is looked for once more,
//! in case it is new; however many tokens name unknown keys, an issuer is asked once in ten seconds. While it does not
//! answer, the keys that it had count on, for a bounded time.

use super::error::TokenError;
use super::jwk::{Algorithm, IssuerKey, keys_in, meant};
use crate::clock::Timestamp;
use crate::secrets::{CallError, Calls};
use arc_swap::ArcSwap;
use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderValue, Request, Uri};
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Shortest time between two fetches, in milliseconds.
const PAUSE_MILLIS: i64 = 10_000;
/// How long keys count beyond their time while the issuer does not answer, in milliseconds.
const STALE_MILLIS: i64 = 60 * 60 * 1000;

/// Issuers' keys.
pub struct KeySource {
    calls: Arc<dyn Calls>,
    issuers: Vec<Issuer>,
    ttl_millis: i64,
}

struct Issuer {
    address: Uri,
    known: ArcSwap<Known>,
    /// Held while the issuer is asked: one asks, and those who need the answer wait for it.
    asking: Mutex<()>,
}

#[derive(Default)]
struct Known {
    keys: Vec<Arc<IssuerKey>>,
    fetched_at: Option<Timestamp>,
    /// When the issuer was last asked in vain: it did not answer, or for a key that was not known.
    paused_at: Option<Timestamp>,
}

impl Known {
    fn is_within(&self, millis: i64, now: Timestamp) -> bool {
        self.fetched_at.is_some_and(|at| now.millis_since(at) < millis)
    }

    fn is_pausing(&self, now: Timestamp) -> bool {
        self.paused_at.is_some_and(|at| (0..PAUSE_MILLIS).contains(&now.millis_since(at)))
    }
}

impl KeySource {
    /// The keys at these addresses, each kept for `ttl_millis`.
    pub fn new(calls: Arc<dyn Calls>, addresses: Vec<Uri>, ttl_millis: i64) -> Self {
        let issuer = |address| Issuer { address, known: ArcSwap::default(), asking: Mutex::default() };
        Self { calls, issuers: addresses.into_iter().map(issuer).collect(), ttl_millis }
    }

    /// The key that a token of this header was signed with.
    ///
    /// # Errors
    /// [`TokenError::UnknownKey`]; [`TokenError::NoKeys`] where an issuer that could have it does not answer.
    pub async fn key(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<Arc<IssuerKey>, TokenError> {
        let mut silent = None;
        for issuer in &self.issuers {
            match self.fresh(issuer, now).await {
                Ok(known) => {
                    if let Some(key) = found(&known, id, algorithm) {
                        return Ok(key);
                    }
                }
                Err(error) => silent = Some(error),
            }
        }
        for issuer in &self.issuers {
            let before = issuer.known.load_full();
            if before.is_pausing(now) || self.refetched(issuer, (&before, true), now).await.is_err() {
                continue;
            }
            if let Some(key) = found(&issuer.known.load(), id, algorithm) {
                return Ok(key);
            }
        }
        Err(silent.unwrap_or(TokenError::UnknownKey))
    }

    /// The issuer's keys as they are now, or were lately.
    async fn fresh(&self, issuer: &Issuer, now: Timestamp) -> Result<Arc<Known>, TokenError> {
        let known = issuer.known.load_full();
        if known.is_within(self.ttl_millis, now) {
            return Ok(known);
        }
        let still_counts = known.is_within(self.ttl_millis.saturating_add(STALE_MILLIS), now);
        let failed = if known.is_pausing(now) {
            None
        } else {
            match self.refetched(issuer, (&known, false), now).await {
                Ok(()) => return Ok(issuer.known.load_full()),
                Err(error) => Some(error),
            }
        };
        if still_counts { Ok(known) } else { Err(TokenError::NoKeys(failed)) }
    }

    /// Fetches an issuer's keys, unless somebody else has done it since `before` was looked at. `is_miss`: for a key
    /// that is not known.
    async fn refetched(
        &self,
        issuer: &Issuer,
        (before, is_miss): (&Arc<Known>, bool),
        now: Timestamp,
    ) -> Result<(), CallError> {
        let _asking = issuer.asking.lock().await;
        let current = issuer.known.load_full();
        if !Arc::ptr_eq(&current, before) {
            let has_answered = current.fetched_at != before.fetched_at;
            return if has_answered { Ok(()) } else { Err("the issuer did not answer".into()) };
        }
        match self.fetch(&issuer.address).await {
            Ok(keys) => {
                let paused_at = if is_miss { Some(now) } else { current.paused_at };
                issuer.known.store(Arc::new(Known { keys, fetched_at: Some(now), paused_at }));
                Ok(())
            }
            Err(error) => {
                let (keys, fetched_at) = (current.keys.clone(), current.fetched_at);
                issuer.known.store(Arc::new(Known { keys, fetched_at, paused_at: Some(now) }));
                tracing::warn!(address = %issuer.address, %error, "an issuer's keys cannot be fetched");
                Err(error)
            }
        }
    }

    async fn fetch(&self, address: &Uri) -> Result<Vec<Arc<IssuerKey>>, CallError> {
        let mut document = self.document(address).await?;
        // The issuer's description names where its keys stand.
        if document.get("keys").is_none()
            && let Some(address) = document.get("jwks_uri").and_then(Value::as_str)
        {
            document = self.document(&address.parse()?).await?;
        }
        if document.get("keys").and_then(Value::as_array).is_none() {
            return Err("the answer holds no `keys`".into());
        }
        Ok(keys_in(&document).into_iter().map(Arc::new).collect())
    }

    async fn document(&self, address: &Uri) -> Result<Value, CallError> {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = address.clone();
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        let answer = self.calls.call(request).await?;
        if !answer.status().is_success() {
            return Err(format!("status {}", answer.status().as_u16()).into());
        }
        Ok(serde_json::from_slice(answer.body())?)
    }
}

fn found(known: &Known, id: Option<&str>, algorithm: Algorithm) -> Option<Arc<IssuerKey>> {
    let key = meant(known.keys.iter().map(Arc::as_ref), id, algorithm)?;
    known.keys.iter().find(|known| std::ptr::eq(known.as_ref(), key)).cloned()
}
