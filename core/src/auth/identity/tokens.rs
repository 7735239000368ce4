//! Checks tokens, and remembers for a short while those that were checked: a signature costs more than all the rest of
//! knowing a caller.

use super::claims::text;
use super::error::TokenError;
use super::jwt::{Expected, Jwt, LEEWAY_MILLIS, has_form};
use super::key_source::KeySource;
use super::mapping::{Identified, identify};
use super::opaque::Opaque;
use super::proxied::Proxied;
use crate::auth::recent_reads::{Generation, RecentReads};
use crate::auth::records::RecordStore;
use crate::clock::Timestamp;
use crate::config::{JwtAuth, RecordDefaults};
use crate::id::KeyHash;
use serde_json::{Map, Value};
use std::sync::Arc;

/// How long a checked token is not checked again, in milliseconds. A key that its issuer takes back counts no longer.
pub const CHECKED_MILLIS: i64 = 60_000;
/// Checked tokens remembered at once. Each takes less than a kilobyte.
const TOKENS_MAX: usize = 10_000;

/// Who is known by tokens, and how.
pub struct Tokens {
    /// What claims mean.
    pub settings: JwtAuth,
    signed: Option<Signed>,
    opaque: Option<Opaque>,
    /// Whom a proxy in front names.
    pub proxied: Option<Proxied>,
    checked: RecentReads<KeyHash, Arc<Checked>>,
    /// Where users and teams are made and changed that tokens name.
    pub records: RecordStore,
    /// What users get that are made.
    pub user_defaults: RecordDefaults,
    /// What teams get that are made.
    pub team_defaults: RecordDefaults,
}

/// Tokens that an issuer signed: with which keys, and what they must say.
pub struct Signed {
    /// The keys.
    pub keys: KeySource,
    /// What they must say.
    pub expected: Expected,
}

/// A token that was checked.
#[derive(Debug)]
pub struct Checked {
    /// Who presents it; `None`: it is let in only where a key stands for it.
    identified: Option<Identified>,
    /// What it says, where it is let in only so.
    refused: Map<String, Value>,
    /// By what a key may stand for it.
    pub mapped_by: Option<MappedBy>,
    /// When it ends.
    pub ends: Timestamp,
    /// When it is checked anew.
    pub until: Timestamp,
}

/// By what a virtual key may stand for a token's bearer.
#[derive(Debug)]
pub struct MappedBy {
    /// Who gave the token.
    pub issuer: String,
    /// The claim.
    pub claim: String,
    /// What it says; `None`: it is not there.
    pub value: Option<String>,
    /// The end user that the token names.
    pub end_user: Option<String>,
}

impl Checked {
    /// A token of somebody who is let in, which ends then and is checked anew then.
    pub fn of(identified: Identified, ends: Timestamp, until: Timestamp) -> Self {
        Self { identified: Some(identified), refused: Map::new(), mapped_by: None, ends, until }
    }
}

impl MappedBy {
    /// As the settings say; `None`: no claim is mapped.
    fn read(settings: &JwtAuth, claims: &Map<String, Value>) -> Result<Option<Self>, TokenError> {
        let Some(claim) = settings.virtual_key_claim_field.clone() else { return Ok(None) };
        let read = |name: &str| text(claims, name);
        let (issuer, value) = (read("iss")?.unwrap_or_default(), read(&claim)?);
        let end_user = settings.end_user_id_jwt_field.as_deref().map_or(Ok(None), read)?;
        Ok(Some(Self { issuer, claim, value, end_user }))
    }
}

impl Tokens {
    /// Tokens that are `signed`, and all others that are `opaque`, as far as there is the one or the other; `records` are
    /// made with these defaults, of users and of teams.
    pub fn new(
        settings: JwtAuth,
        (signed, opaque): (Option<Signed>, Option<Opaque>),
        records: RecordStore,
        (user_defaults, team_defaults): (RecordDefaults, RecordDefaults),
    ) -> Self {
        let (checked, proxied) = (RecentReads::new(CHECKED_MILLIS, TOKENS_MAX), None);
        Self { settings, signed, opaque, proxied, checked, records, user_defaults, team_defaults }
    }

    /// The same, and whom a proxy in front names.
    #[must_use]
    pub fn beside(self, proxied: Option<Proxied>) -> Self {
        Self { proxied, ..self }
    }

    /// Whether a text is to be read as a token.
    pub fn reads(&self, presented: &str) -> bool {
        self.opaque.is_some() || self.signed.is_some() && has_form(presented)
    }

    /// Whom a token names for whose bearer no key stands.
    ///
    /// # Errors
    /// Why it is not let in.
    pub fn who<'c>(&self, checked: &'c Checked) -> Result<&'c Identified, TokenError> {
        let refused = || identify(&self.settings, &checked.refused).err().unwrap_or(TokenError::Malformed);
        checked.identified.as_ref().ok_or_else(refused)
    }

    /// Those that somebody else is asked about.
    pub fn opaque(&self) -> Option<&Opaque> {
        self.opaque.as_ref()
    }

    /// Who presents this token, whose hash is `hash`.
    ///
    /// # Errors
    /// Every [`TokenError`] that tokens themselves give rise to.
    pub async fn check(&self, token: &str, hash: &KeyHash, now: Timestamp) -> Result<Arc<Checked>, TokenError> {
        if let Some((checked, _)) = self.checked.get(hash, now) {
            return if checked.ends > now { Ok(checked) } else { Err(TokenError::Expired) };
        }
        match (&self.signed, &self.opaque) {
            (Some(signed), _) if has_form(token) => self.check_signed(signed, token, hash, now).await,
            (_, Some(opaque)) => self.ask(opaque, token, hash, now).await,
            (_, None) => Err(TokenError::Malformed),
        }
    }

    async fn check_signed(
        &self,
        signed: &Signed,
        token: &str,
        hash: &KeyHash,
        now: Timestamp,
    ) -> Result<Arc<Checked>, TokenError> {
        let generation = self.checked.generation(hash);
        let token = Jwt::read(token)?;
        let key = signed.keys.key(token.key_id.as_deref(), token.algorithm, now).await?;
        let claims = token.claims(&key, &signed.expected, now)?;
        let ends = claims.ends.plus_millis(LEEWAY_MILLIS);
        let mapped_by = MappedBy::read(&self.settings, &claims.all)?;
        let (identified, refused) = match identify(&self.settings, &claims.all) {
            Ok(who) => (Some(who), Map::new()),
            Err(_) if mapped_by.is_some() => (None, claims.all),
            Err(error) => return Err(error),
        };
        let until = until(ends, now);
        Ok(self.remember(hash, generation, Checked { identified, refused, mapped_by, ends, until }, now))
    }

    async fn ask(
        &self,
        opaque: &Opaque,
        token: &str,
        hash: &KeyHash,
        now: Timestamp,
    ) -> Result<Arc<Checked>, TokenError> {
        let _turn = opaque.turn(hash).await;
        // Somebody else may have asked meanwhile.
        if let Some((checked, _)) = self.checked.get(hash, now) {
            return Ok(checked);
        }
        let generation = self.checked.generation(hash);
        let (identified, ends) = opaque.check(token, now).await?;
        let ends = ends.unwrap_or_else(|| now.plus_millis(CHECKED_MILLIS));
        Ok(self.remember(hash, generation, Checked::of(identified, ends, until(ends, now)), now))
    }

    fn remember(&self, hash: &KeyHash, generation: Generation, checked: Checked, now: Timestamp) -> Arc<Checked> {
        let checked = Arc::new(checked);
        self.checked.put(hash, Arc::clone(&checked), generation, (now, now));
        checked
    }
}

/// When a token that ends then is checked anew.
fn until(ends: Timestamp, now: Timestamp) -> Timestamp {
    ends.min(now.plus_millis(CHECKED_MILLIS))
}
