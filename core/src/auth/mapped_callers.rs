//! From a token that was checked to the virtual key that stands for its bearer, where a claim of the token is mapped to
//! one: the caller is that key, with its limits, its models and what it hangs from. What else the token says does not
//! count, but for its end user.

use super::authenticate::{Authenticator, admitted};
use super::error::AuthError;
use super::identity::error::TokenError;
use super::identity::tokens::{Checked, MappedBy, Tokens};
use super::key_mappings;
use crate::clock::Timestamp;
use crate::config::Unregistered;
use crate::principal::{Principal, TokenRights};

impl Authenticator {
    /// The key that stands for the bearer, and when the oldest of what is told of it was read; `None`: none does, and
    /// the token is read as any other.
    ///
    /// # Errors
    /// Those of a key that may not call; [`TokenError::Unregistered`] and [`TokenError::NoMappedClaim`] where only
    /// those are let in for whom a key stands.
    pub(super) async fn mapped(
        &self,
        tokens: &Tokens,
        checked: &Checked,
        now: Timestamp,
    ) -> Result<Option<(Principal, Timestamp)>, AuthError> {
        let Some(MappedBy { issuer, claim, value, end_user }) = &checked.mapped_by else { return Ok(None) };
        let rejects = tokens.settings.unregistered_jwt_client_behavior == Unregistered::Reject;
        let Some(value) = value else {
            return if rejects { Err(TokenError::NoMappedClaim(claim.clone()).into()) } else { Ok(None) };
        };
        let key = self.in_time(key_mappings::key_of(&tokens.records, issuer, (claim, value))).await?;
        let stored = match key {
            Some(key) => self.in_time(self.keys.get(&key)).await?,
            None => None,
        };
        // A mapping to a key that was deleted is none.
        let Some(stored) = stored else {
            let (claim, value) = (claim.clone(), value.clone());
            return if rejects { Err(TokenError::Unregistered { claim, value }.into()) } else { Ok(None) };
        };
        let known = self.in_time(self.directory.above(&stored.record, now)).await?;
        let (read_at, key_name) = (known.read_at, stored.record.key_name.clone());
        let key = admitted(stored, known, || key_name.clone())?;
        let until = match key.expires {
            Some(expired_at) if expired_at <= now => return Err(AuthError::Expired { key_name, expired_at, now }),
            Some(ends) => ends.min(checked.until),
            None => checked.until,
        };
        let rights = TokenRights { until, routes: None, end_user: end_user.clone(), teams: Vec::new() };
        Ok(Some((Principal { token: Some(Box::new(rights)), ..key }, read_at)))
    }
}
