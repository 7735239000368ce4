//! Credentials at hand, opened, for calls: read again when they are older than a key may be, bridged while the store or
//! the key service is out of reach. Nothing is read where no deployment names one.

use super::store::{CredentialStore, SealedCredential};
use super::values::CredentialValues;
use crate::clock::{Clock, Timestamp};
use crate::crypto::SealError;
use crate::store::silence::StoreWait;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// How long credentials are used on while the store cannot be read, in milliseconds: an hour.
const STALE_MILLIS_MAX: i64 = 60 * 60 * 1000;
/// The pause after a read that failed, in milliseconds.
const PAUSE_MILLIS: i64 = 250;

/// Credentials at hand.
pub struct KnownCredentials {
    store: CredentialStore,
    clock: Arc<dyn Clock>,
    staleness_millis: i64,
    known: RwLock<Arc<Known>>,
    /// Counts what was changed here, so that what was read before a change is not taken for fresh.
    changes: AtomicU64,
    reading: tokio::sync::Mutex<Option<Timestamp>>,
    wait: StoreWait,
}

#[derive(Default)]
struct Known {
    read_at: Option<Timestamp>,
    by_name: HashMap<String, Credential>,
    has_closed: bool,
    changes: u64,
}

#[derive(Clone)]
struct Credential {
    sealed: SealedCredential,
    values: Result<Arc<CredentialValues>, Arc<SealError>>,
}

/// Why a credential cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotKnown {
    /// There is none of this name.
    #[error(
        "the model names the credential `{0}`, which neither `credential_list` nor /credentials has; make it with POST \
         /credentials"
    )]
    Missing(String),
    /// What it says cannot be used.
    #[error("the credential `{name}` does not fit the model: {reason}")]
    Unfit {
        /// Its name.
        name: String,
        /// What is wrong; never a value.
        reason: String,
    },
    /// It cannot be opened.
    #[error("the credential `{name}` of the model cannot be opened at the moment")]
    Closed {
        /// Its name.
        name: String,
        /// Why not, for logs.
        #[source]
        cause: Arc<SealError>,
    },
    /// The store cannot be read.
    #[error("the credential `{name}` of the model cannot be read at the moment")]
    Unread {
        /// Its name.
        name: String,
    },
}

impl NotKnown {
    /// Whether trying again later may help.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Closed { cause, .. } => cause.is_outage(),
            Self::Unread { .. } => true,
            Self::Missing(_) | Self::Unfit { .. } => false,
        }
    }
}

impl KnownCredentials {
    /// Those of `store`, at most so many milliseconds old.
    pub fn new(store: CredentialStore, clock: Arc<dyn Clock>, staleness_millis: i64) -> Self {
        let (known, reading) = (RwLock::default(), tokio::sync::Mutex::default());
        let (changes, wait) = (AtomicU64::default(), StoreWait::default());
        Self { store, clock, staleness_millis, known, changes, reading, wait }
    }

    /// Waits so long for a store that is silent.
    #[must_use]
    pub fn waiting(self, wait: StoreWait) -> Self {
        Self { wait, ..self }
    }

    /// Makes them fresh enough, as far as the store allows. Costs a look at the clock where they are.
    pub async fn refresh(&self) {
        if self.is_fresh() {
            return;
        }
        let mut failed_at = self.reading.lock().await;
        if self.is_fresh() || failed_at.is_some_and(|at| self.clock.now().millis_since(at) < PAUSE_MILLIS) {
            return;
        }
        let before = self.known();
        let (now, changes) = (self.clock.now(), self.changes.load(Ordering::SeqCst));
        let stored = match self.wait.in_time(self.store.all()).await {
            Some(Ok(stored)) => stored,
            Some(Err(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "stored credentials cannot be read");
                *failed_at = Some(now);
                return;
            }
            None => {
                tracing::warn!("stored credentials cannot be read in time");
                *failed_at = Some(now);
                return;
            }
        };
        *failed_at = None;
        let by_name = self.opened(stored, &before).await;
        let has_closed = by_name.values().any(|credential| credential.values.is_err());
        let known = Known { read_at: Some(now), by_name, has_closed, changes };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
    }

    /// The values of a credential, as of the last [`KnownCredentials::refresh`].
    ///
    /// # Errors
    /// [`NotKnown`].
    pub fn values(&self, name: &str) -> Result<Arc<CredentialValues>, NotKnown> {
        let known = self.known();
        let age = known.read_at.map(|at| self.clock.now().millis_since(at));
        if age.is_none_or(|age| age > self.staleness_millis.max(STALE_MILLIS_MAX)) {
            return Err(NotKnown::Unread { name: name.to_owned() });
        }
        match known.by_name.get(name).map(|credential| &credential.values) {
            None => Err(NotKnown::Missing(name.to_owned())),
            Some(Ok(values)) => Ok(Arc::clone(values)),
            Some(Err(cause)) => Err(NotKnown::Closed { name: name.to_owned(), cause: Arc::clone(cause) }),
        }
    }

    /// Reads them again at the next call: one was changed here.
    pub fn forget(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// What was opened once stays open, whatever has become of the key service.
    async fn opened(&self, stored: Vec<SealedCredential>, before: &Known) -> HashMap<String, Credential> {
        let mut by_name = HashMap::new();
        for sealed in stored {
            let same = before.by_name.get(&sealed.name).filter(|known| known.sealed == sealed && known.values.is_ok());
            let values = match same {
                Some(known) => known.values.clone(),
                None => self.store.open(&sealed).await.map(Arc::new).map_err(Arc::new),
            };
            if let Err(error) = &values {
                let error = error as &dyn std::error::Error;
                tracing::error!(credential = sealed.name, error, "a credential stays closed");
            }
            by_name.insert(sealed.name.clone(), Credential { sealed, values });
        }
        by_name
    }

    fn is_fresh(&self) -> bool {
        let known = self.known();
        let limit = if known.has_closed { self.staleness_millis.min(PAUSE_MILLIS) } else { self.staleness_millis };
        let is_unchanged = known.changes == self.changes.load(Ordering::SeqCst);
        is_unchanged && known.read_at.is_some_and(|at| self.clock.now().millis_since(at) < limit)
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
