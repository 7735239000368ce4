//! From what a request presents to who is calling. The master key is recognised without the store, so that an
//! administrator can work while it is down; no failure of the store ever reads as a wrong key.

use super::budget_period::{BudgetPeriods, Budgeted, PeriodError};
use super::cache::PrincipalCache;
use super::credential::{Credential, CredentialError};
use super::key_secret::Presented;
use super::key_store::KeyStore;
use super::master::{MASTER_KEY_ALIAS, MASTER_USER_ID, MasterKey};
use super::records::{Directory, KnownAbove, RecordId};
use crate::calendar::rfc3339;
use crate::clock::Timestamp;
use crate::crypto::key_hash;
use crate::id::KeyHash;
use crate::money::NanoDollars;
use crate::principal::{Holder, Principal, Role};
use crate::store::silence;
use crate::store::table::ReadError;
use http::HeaderMap;
use std::sync::Arc;

/// Recognises callers.
pub struct Authenticator {
    master: Option<(MasterKey, Arc<Principal>)>,
    keys: KeyStore,
    periods: BudgetPeriods,
    cache: Arc<PrincipalCache>,
    directory: Arc<Directory>,
    trusts_known: bool,
}

/// Why a caller is not recognised. The texts are those that LiteLLM's clients know.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// No header carries a key.
    #[error("Authentication Error, No api key passed in.")]
    NoKey,
    /// A header is there, but holds no key.
    #[error("Authentication Error, Malformed API Key passed in. Ensure Key has `Bearer ` prefix.")]
    Malformed,
    /// What was presented is neither the master key nor has the form of a virtual key.
    #[error("LiteLLM Virtual Key expected. Received=****, expected to start with 'sk-'.")]
    NotAVirtualKey,
    /// There is no such key.
    #[error(
        "Authentication Error, Invalid proxy server token passed. Received API Key = {key_name}, Key Hash (Token) \
         ={hash}. Unable to find token in cache or `LiteLLM_VerificationTokenTable`"
    )]
    Unknown {
        /// The presented key's hash.
        hash: KeyHash,
        /// The presented key, abbreviated.
        key_name: String,
    },
    /// The key is blocked.
    #[error("Authentication Error, Key is blocked. Update via `/key/unblock` if you're an admin.")]
    Blocked {
        /// The key, abbreviated.
        key_name: String,
    },
    /// The key's team is blocked.
    #[error("Authentication Error, Team={0} is blocked. Update via `/team/unblock` if you're an admin.")]
    TeamBlocked(String),
    /// The key's user is blocked.
    #[error("Authentication Error, User={0} is blocked. Update via `/user/unblock` if you're an admin.")]
    UserBlocked(String),
    /// The key has ended.
    #[error(
        "Authentication Error - Expired Key. Key Expiry time {} and current time {}",
        rfc3339(*.expired_at),
        rfc3339(*.now)
    )]
    Expired {
        /// The key, abbreviated.
        key_name: String,
        /// When it ended.
        expired_at: Timestamp,
        /// When it was presented.
        now: Timestamp,
    },
    /// The store does not say whether the key is valid. The key may well be; try again.
    #[error("The key cannot be checked at the moment. Try again.")]
    StoreUnavailable(#[source] Option<ReadError>),
}

impl AuthError {
    /// Whether the store could not be asked.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::StoreUnavailable(cause) => cause.as_ref().is_none_or(ReadError::is_outage),
            _ => false,
        }
    }
}

impl From<CredentialError> for AuthError {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::Missing => Self::NoKey,
            CredentialError::Malformed => Self::Malformed,
        }
    }
}

impl Authenticator {
    /// Recognises the master key, where there is one, and the virtual keys of `keys`.
    /// `directory` knows the records above them.
    pub fn new(
        master: Option<MasterKey>,
        keys: KeyStore,
        cache: Arc<PrincipalCache>,
        directory: Arc<Directory>,
    ) -> Self {
        let periods = BudgetPeriods::new(keys.table());
        let master = master.map(|key| (key, Arc::new(master_principal())));
        Self { master, keys, periods, cache, directory, trusts_known: false }
    }

    /// In an outage of the store, where `trusts_known`, a caller counts as what it was when it was last read, for as
    /// long as [`PrincipalCache::last_known`] says.
    pub fn trusting_known(self, trusts_known: bool) -> Self {
        Self { trusts_known, ..self }
    }

    /// Who sends a request with these headers.
    ///
    /// # Errors
    /// Every [`AuthError`].
    pub async fn authenticate(&self, headers: &HeaderMap, now: Timestamp) -> Result<Arc<Principal>, AuthError> {
        self.recognise(&Credential::from_headers(headers)?, now).await
    }

    /// Who presents this key.
    ///
    /// # Errors
    /// Every [`AuthError`] but the missing and the malformed.
    pub async fn recognise(&self, credential: &Credential, now: Timestamp) -> Result<Arc<Principal>, AuthError> {
        let presented = credential.expose();
        let digest = key_hash::digest(presented);
        if let Some((_, principal)) = self.master.as_ref().filter(|(master, _)| master.matches(&digest)) {
            return Ok(Arc::clone(principal));
        }
        if !presented.starts_with(key_hash::KEY_PREFIX) {
            return Err(AuthError::NotAVirtualKey);
        }
        let hash = KeyHash::of_digest(&digest);
        let principal = match self.cache.get(&hash, now) {
            Some(principal) => principal,
            None => self.read_or_recall(hash, presented, now).await?,
        };
        match principal.expires {
            Some(expired_at) if expired_at <= now => {
                Err(AuthError::Expired { key_name: key_hash::abbreviate(presented), expired_at, now })
            }
            _ => Ok(principal),
        }
    }

    /// What is known of an end user; `None`: it has no record.
    ///
    /// # Errors
    /// [`AuthError::StoreUnavailable`].
    pub async fn end_user(&self, id: &str, now: Timestamp) -> Result<Option<Arc<Holder>>, AuthError> {
        in_time(self.directory.end_user(id, now)).await
    }

    /// What is known of a tag; `None`: it has no record.
    ///
    /// # Errors
    /// [`AuthError::StoreUnavailable`].
    pub async fn tag(&self, name: &str, now: Timestamp) -> Result<Option<Arc<Holder>>, AuthError> {
        in_time(self.directory.tag(name, now)).await
    }

    /// A shared budget; `None`: there is none of this id.
    ///
    /// # Errors
    /// [`AuthError::StoreUnavailable`].
    pub async fn shared_budget(&self, id: &str, now: Timestamp) -> Result<Option<Arc<Holder>>, AuthError> {
        in_time(self.directory.budget(id, now)).await
    }

    /// What counts as spent below a record.
    ///
    /// # Errors
    /// [`AuthError::StoreUnavailable`].
    pub async fn spent(&self, id: &RecordId) -> Result<NanoDollars, AuthError> {
        in_time(self.directory.spent(id)).await
    }

    /// Begins the next period of a budget that `caller` is under where the present one is over, so that no job has to
    /// come first.
    ///
    /// # Errors
    /// [`AuthError::StoreUnavailable`].
    pub async fn begin_period(&self, caller: &Principal, who: &Budgeted, now: Timestamp) -> Result<(), AuthError> {
        match silence::in_time(self.periods.begin(who, now)).await {
            Some(Ok(_)) => {
                if let Budgeted::Record(id) = who {
                    self.directory.forget(id);
                }
                self.cache.invalidate(&caller.key);
                Ok(())
            }
            Some(Err(PeriodError::Read(error))) => Err(AuthError::StoreUnavailable(Some(error))),
            Some(Err(_)) | None => Err(AuthError::StoreUnavailable(None)),
        }
    }

    async fn read_or_recall(
        &self,
        hash: KeyHash,
        presented: &str,
        now: Timestamp,
    ) -> Result<Arc<Principal>, AuthError> {
        let known = if self.trusts_known { self.cache.last_known(&hash, now) } else { None };
        match (self.read(hash, presented, now).await, known) {
            (Err(error), Some(known)) if error.is_outage() => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(key = %known.key, error, "a key is taken for what it was: the store does not answer");
                Ok(known)
            }
            (read, _) => read,
        }
    }

    async fn read(&self, hash: KeyHash, presented: &str, now: Timestamp) -> Result<Arc<Principal>, AuthError> {
        let reading = self.cache.reading(&hash);
        let found = in_time(self.load(&hash, now)).await?;
        let key_name = || key_hash::abbreviate(presented);
        let Some((Presented { stored, until }, known)) = found else {
            self.cache.forget(&hash);
            return Err(AuthError::Unknown { hash, key_name: key_name() });
        };
        let KnownAbove { above, limits, read_at } = known;
        if stored.record.is_blocked() {
            self.cache.forget(&hash);
            return Err(AuthError::Blocked { key_name: key_name() });
        }
        let blocked = |holder: &&Arc<Holder>| holder.limits.is_blocked();
        if let Some(team) = above.team.as_ref().filter(blocked) {
            self.cache.forget(&hash);
            return Err(AuthError::TeamBlocked(team.id.clone()));
        }
        if let Some(user) = above.user.as_ref().filter(blocked) {
            self.cache.forget(&hash);
            return Err(AuthError::UserBlocked(user.id.clone()));
        }
        let mut principal = Principal { above, limits, ..stored.into_principal() };
        if until.is_some() {
            principal.expires = principal.expires.map_or(until, |ends| until.map(|until| until.min(ends)));
        }
        let principal = Arc::new(principal);
        self.cache.put(&hash, &principal, reading, (read_at, now));
        Ok(principal)
    }

    async fn load(&self, hash: &KeyHash, now: Timestamp) -> Result<Option<(Presented, KnownAbove)>, ReadError> {
        let Some(presented) = self.keys.presented(hash).await? else { return Ok(None) };
        let known = self.directory.above(&presented.stored.record, now).await?;
        Ok(Some((presented, known)))
    }
}

/// What the store says, if it says so in time.
async fn in_time<T>(read: impl Future<Output = Result<T, ReadError>>) -> Result<T, AuthError> {
    match silence::in_time(read).await {
        Some(read) => read.map_err(|error| AuthError::StoreUnavailable(Some(error))),
        None => Err(AuthError::StoreUnavailable(None)),
    }
}

fn master_principal() -> Principal {
    Principal {
        key_alias: Some(MASTER_KEY_ALIAS.to_owned()),
        user_id: Some(MASTER_USER_ID.to_owned()),
        ..Principal::bare(Role::ProxyAdmin, MasterKey::log_hash())
    }
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
