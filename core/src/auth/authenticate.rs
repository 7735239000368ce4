//! From what a request presents to who is calling. The master key is recognised without the store, so that an
//! administrator can work while it is down; no failure of the store ever reads as a wrong key.

use super::budget_period::{BudgetPeriods, Budgeted, PeriodError};
use super::cache::PrincipalCache;
use super::caller::{Caller, PresumedCaller};
use super::credential::{Credential, CredentialError};
use super::error::AuthError;
use super::identity::keys_beside::KeysBeside;
use super::identity::opaque::Opaque;
use super::identity::tokens::Tokens;
use super::key_record::StoredKey;
use super::key_secret::Presented;
use super::key_store::KeyStore;
use super::master::{MASTER_KEY_ALIAS, MASTER_USER_ID, MasterKey};
use super::policy::RoutePolicy;
use super::records::{Directory, KnownAbove, RecordId};
use super::rights::{Group, Scope, standing};
use super::route::{RouteDenied, authorize_by_list, authorize_route};
use crate::clock::Timestamp;
use crate::crypto::key_hash;
use crate::id::KeyHash;
use crate::money::NanoDollars;
use crate::principal::{Holder, Principal, Role};
use crate::store::silence::StoreWait;
use crate::store::table::ReadError;
use http::{HeaderMap, HeaderName};
use std::net::IpAddr;
use std::sync::Arc;

/// Recognises callers.
pub struct Authenticator {
    master: Option<(MasterKey, Arc<Principal>)>,
    pub(super) keys: KeyStore,
    periods: BudgetPeriods,
    pub(super) cache: Arc<PrincipalCache>,
    pub(super) directory: Arc<Directory>,
    pub(super) trusts_known: bool,
    wait: StoreWait,
    policy: Option<Box<RoutePolicy>>,
    key_header: Option<HeaderName>,
    pub(super) tokens: Option<Box<Tokens>>,
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
        let (trusts_known, wait, policy, key_header, tokens) = (false, StoreWait::default(), None, None, None);
        Self { master, keys, periods, cache, directory, trusts_known, wait, policy, key_header, tokens }
    }

    /// Waits so long for a store that is silent.
    pub fn waiting(self, wait: StoreWait) -> Self {
        Self { wait, ..self }
    }

    /// Recognises these tokens too.
    pub fn accepting(self, tokens: Option<Tokens>) -> Self {
        Self { tokens: tokens.map(Box::new), ..self }
    }

    /// In an outage of the store, where `trusts_known`, a caller counts as what it was when it was last read, for as
    /// long as [`PrincipalCache::last_known`] says.
    pub fn trusting_known(self, trusts_known: bool) -> Self {
        Self { trusts_known, ..self }
    }

    /// With the configuration's word on routes.
    pub fn under(self, policy: RoutePolicy) -> Self {
        Self { policy: Some(policy).filter(|policy| !policy.is_empty()).map(Box::new), ..self }
    }

    /// Looks for keys in this header before others.
    pub fn reading(self, key_header: Option<HeaderName>) -> Self {
        Self { key_header, ..self }
    }

    /// Whether `caller` may call this route of models.
    ///
    /// # Errors
    /// [`RouteDenied`].
    pub fn authorize_route(&self, caller: &Principal, route: &str) -> Result<(), RouteDenied> {
        authorize_route(caller, route)?;
        self.check_policy(caller, route)
    }

    /// Whether `caller` may call a path of the operator's own, which is no route of models: those of its key's list, or
    /// all where it has none.
    ///
    /// # Errors
    /// [`RouteDenied`].
    pub fn authorize_endpoint(&self, caller: &Principal, path: &str) -> Result<(), RouteDenied> {
        authorize_by_list(caller, path)?;
        self.check_policy(caller, path)
    }

    /// Whether the configuration leaves this route open to `caller`.
    ///
    /// # Errors
    /// [`RouteDenied::ByPolicy`].
    pub fn check_policy(&self, caller: &Principal, route: &str) -> Result<(), RouteDenied> {
        self.policy.as_ref().map_or(Ok(()), |policy| policy.check(caller, route))
    }

    /// Who calls `route` with these headers, from this address as far as that is known. Where the configuration opens it
    /// to everybody, one who is not known is nobody.
    ///
    /// # Errors
    /// Every [`AuthError`].
    pub async fn caller_of(
        &self,
        (headers, address): (&HeaderMap, Option<IpAddr>),
        route: &str,
        now: Timestamp,
    ) -> Result<Arc<Principal>, AuthError> {
        let is_public = || self.policy.as_ref().is_some_and(|policy| policy.is_public(route));
        let caller = self.authenticate(headers, now).await.and_then(|caller| match caller.may_call_from(address) {
            true => Ok(caller),
            false => Err(AuthError::Elsewhere(address)),
        });
        match caller {
            Err(error) if !error.may_pass() && is_public() => Ok(Arc::new(nobody())),
            caller => caller,
        }
    }

    /// As [`Self::caller_of`], without waiting for the store where the caller was known within the hour: whoever asks
    /// has to [confirm](Self::confirm) a caller that is presumed before anything is told or sent.
    ///
    /// # Errors
    /// Every [`AuthError`].
    pub async fn caller_or_presumed(
        &self,
        (headers, address): (&HeaderMap, Option<IpAddr>),
        route: &str,
        now: Timestamp,
    ) -> Result<Caller, AuthError> {
        let may_call = |caller: &Arc<Principal>| {
            caller.expires.is_none_or(|end| end > now) && caller.may_call_from(address) && caller.token.is_none()
        };
        if self.tokens.is_none()
            && let Ok(credential) = self.credential(headers)
        {
            match self.seen(&credential, now) {
                Seen::Known(caller) if may_call(&caller) => return Ok(Caller::Known(caller)),
                Seen::Key { presented, hash } => {
                    if let Some(principal) = self.cache.last_known(&hash, now).filter(may_call) {
                        let key_name = key_hash::abbreviate(presented);
                        return Ok(Caller::Presumed(PresumedCaller { principal, hash, key_name }));
                    }
                }
                _ => {}
            }
        }
        self.caller_of((headers, address), route, now).await.map(Caller::Known)
    }

    /// Who sends a request with these headers.
    ///
    /// # Errors
    /// Every [`AuthError`].
    pub async fn authenticate(&self, headers: &HeaderMap, now: Timestamp) -> Result<Arc<Principal>, AuthError> {
        if self.tokens.is_some()
            && let Some(named) = self.named(headers, now).await
        {
            return named;
        }
        self.recognise(&self.credential(headers)?, now).await
    }

    fn credential(&self, headers: &HeaderMap) -> Result<Credential, CredentialError> {
        match &self.key_header {
            None => Credential::from_headers(headers),
            Some(first) => Credential::from_headers_after(first, headers),
        }
    }

    /// Who presents this key.
    ///
    /// # Errors
    /// Every [`AuthError`] but the missing and the malformed.
    pub async fn recognise(&self, credential: &Credential, now: Timestamp) -> Result<Arc<Principal>, AuthError> {
        let principal = match self.seen(credential, now) {
            Seen::Known(principal) => principal,
            Seen::Bearer { presented, hash } => return self.bearer(presented, hash, now).await,
            Seen::Key { presented, hash } => {
                let key_name = || key_hash::abbreviate(presented);
                match self.read_or_recall(hash.clone(), key_name, now).await {
                    Err(AuthError::Unknown { .. }) if self.keys_beside() == KeysBeside::First => {
                        return self.bearer(presented, hash, now).await;
                    }
                    read => read?,
                }
            }
        };
        match principal.expires {
            Some(expired_at) if expired_at <= now => {
                Err(AuthError::Expired { key_name: key_hash::abbreviate(credential.expose()), expired_at, now })
            }
            _ => Ok(principal),
        }
    }

    fn seen<'a>(&self, credential: &'a Credential, now: Timestamp) -> Seen<'a> {
        let presented = credential.expose();
        let digest = key_hash::digest(presented);
        if let Some((_, principal)) = self.master.as_ref().filter(|(master, _)| master.matches(&digest)) {
            return Seen::Known(Arc::clone(principal));
        }
        let hash = KeyHash::of_digest(&digest);
        if !presented.starts_with(key_hash::KEY_PREFIX) || self.keys_beside() == KeysBeside::Ignored {
            return Seen::Bearer { presented, hash };
        }
        match self.cache.get(&hash, now) {
            Some(bearer) if bearer.token.is_some() => Seen::Bearer { presented, hash },
            Some(principal) => Seen::Known(principal),
            None => Seen::Key { presented, hash },
        }
    }

    fn keys_beside(&self) -> KeysBeside {
        self.tokens.as_deref().and_then(Tokens::opaque).map_or(KeysBeside::Apart, Opaque::keys)
    }

    /// What is known of an end user, a tag or a shared budget; `None`: it has no record.
    ///
    /// # Errors
    /// [`AuthError::StoreUnavailable`].
    pub async fn record(&self, id: &RecordId, now: Timestamp) -> Result<Option<Arc<Holder>>, AuthError> {
        self.in_time(self.directory.described(id, now)).await
    }

    /// What counts as spent below a record.
    ///
    /// # Errors
    /// [`AuthError::StoreUnavailable`].
    pub async fn spent(&self, id: &RecordId) -> Result<NanoDollars, AuthError> {
        self.in_time(self.directory.spent(id)).await
    }

    /// What a request of `caller` for an administrative route reaches: that of this group and pattern.
    ///
    /// # Errors
    /// [`AuthError::StoreUnavailable`].
    pub async fn scope(&self, caller: &Principal, route: (Option<Group>, &str)) -> Result<Scope, AuthError> {
        self.in_time(standing::scope(self.directory.records(), caller, route)).await
    }

    /// Begins the next period of a budget that `caller` is under where the present one is over, so that no job has to
    /// come first.
    ///
    /// # Errors
    /// [`AuthError::StoreUnavailable`].
    pub async fn begin_period(&self, caller: &Principal, who: &Budgeted, now: Timestamp) -> Result<(), AuthError> {
        match self.wait.in_time(self.periods.begin(who, now)).await {
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

    pub(super) async fn read_or_recall(
        &self,
        hash: KeyHash,
        key_name: impl Fn() -> String,
        now: Timestamp,
    ) -> Result<Arc<Principal>, AuthError> {
        let known = if self.trusts_known { self.cache.last_known(&hash, now) } else { None };
        match (self.read(hash, key_name, now).await, known) {
            (Err(error), Some(known)) if error.is_outage() => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(key = %known.key, error, "a key is taken for what it was: the store does not answer");
                Ok(known)
            }
            (read, _) => read,
        }
    }

    async fn read(
        &self,
        hash: KeyHash,
        key_name: impl Fn() -> String,
        now: Timestamp,
    ) -> Result<Arc<Principal>, AuthError> {
        let reading = self.cache.reading(&hash);
        let found = self.in_time(self.load(&hash, now)).await?;
        let Some((Presented { stored, until }, known)) = found else {
            self.cache.forget(&hash);
            return Err(AuthError::Unknown { hash, key_name: key_name() });
        };
        let read_at = known.read_at;
        let mut principal = admitted(stored, known, key_name).inspect_err(|_| self.cache.forget(&hash))?;
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

    /// What the store says, if it says so in time.
    pub(super) async fn in_time<T>(&self, read: impl Future<Output = Result<T, ReadError>>) -> Result<T, AuthError> {
        match self.wait.in_time(read).await {
            Some(read) => read.map_err(|error| AuthError::StoreUnavailable(Some(error))),
            None => Err(AuthError::StoreUnavailable(None)),
        }
    }
}

/// What a credential is, as far as memory says.
enum Seen<'a> {
    /// A caller that is known.
    Known(Arc<Principal>),
    /// A key that is to be read.
    Key { presented: &'a str, hash: KeyHash },
    /// What is no virtual key, or one that a token stands for.
    Bearer { presented: &'a str, hash: KeyHash },
}

/// Who calls with a key, by what is known above it.
///
/// # Errors
/// [`AuthError::Blocked`], [`AuthError::TeamBlocked`], [`AuthError::UserBlocked`].
pub(super) fn admitted(
    stored: StoredKey,
    known: KnownAbove,
    key_name: impl Fn() -> String,
) -> Result<Principal, AuthError> {
    let KnownAbove { above, limits, .. } = known;
    if stored.record.is_blocked() {
        return Err(AuthError::Blocked { key_name: key_name() });
    }
    let blocked = |holder: &&Arc<Holder>| holder.limits.is_blocked();
    if let Some(team) = above.team.as_ref().filter(blocked) {
        return Err(AuthError::TeamBlocked(team.id.clone()));
    }
    if let Some(user) = above.user.as_ref().filter(blocked) {
        return Err(AuthError::UserBlocked(user.id.clone()));
    }
    let role = above.user.as_ref().and_then(|user| user.role).unwrap_or(Role::VirtualKey);
    Ok(Principal { role, above, limits, ..stored.into_principal() })
}

/// Who calls where nobody has to be known, and is not: has no rights but that. No key can have its hash, as no key
/// holds a line break.
pub fn nobody() -> Principal {
    Principal::bare(Role::VirtualKey, key_hash::hash("nobody\n"))
}

fn master_principal() -> Principal {
    Principal {
        key_alias: Some(MASTER_KEY_ALIAS.to_owned()),
        user_id: Some(MASTER_USER_ID.to_owned()),
        ..Principal::bare(Role::Master, MasterKey::log_hash())
    }
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
