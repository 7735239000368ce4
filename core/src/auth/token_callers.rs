//! From a token that was checked to who is calling: the records that it names, found or made, as for a key that belonged
//! to them. No token stands for more than its records allow.

use super::authenticate::Authenticator;
use super::cache::Reading;
use super::error::AuthError;
use super::identity::error::TokenError;
use super::identity::mapping::{Identified, SpeaksFor, Teams};
use super::identity::tokens::{CHECKED_MILLIS, Checked, Tokens};
use super::key_record::KeyRecord;
use super::records::KnownAbove;
use crate::author::{Author, acting};
use crate::clock::Timestamp;
use crate::crypto::key_hash;
use crate::id::KeyHash;
use crate::principal::{Holder, Principal, Role, TokenRights};
use http::HeaderMap;
use std::sync::Arc;

/// Most teams of one token that are looked at.
const TEAMS_MAX: usize = 200;

/// What stands in the record of a change where a route would.
const BY_TOKEN: &str = "token";

/// A caller, and when the oldest of what is told of it was read.
type Found = (Principal, Timestamp);

/// Whom a token names, and when it is checked anew.
type Named<'c> = (&'c Identified, Timestamp);

impl Authenticator {
    /// Who presents something that is no virtual key.
    pub(super) async fn bearer(
        &self,
        presented: &str,
        hash: KeyHash,
        now: Timestamp,
    ) -> Result<Arc<Principal>, AuthError> {
        let tokens = self.tokens.as_deref().filter(|tokens| tokens.reads(presented));
        let tokens = tokens.ok_or(AuthError::NotAVirtualKey)?;
        match self.known_bearer(&hash, now) {
            Some(known) => Ok(known),
            // In a box: this is the rare way.
            None => Box::pin(self.read_bearer(tokens, presented, hash, now)).await,
        }
    }

    /// Who was found behind this hash, as long as what was presented needs not be looked at anew.
    fn known_bearer(&self, hash: &KeyHash, now: Timestamp) -> Option<Arc<Principal>> {
        let is_checked = |known: &Arc<Principal>| known.token.as_ref().is_some_and(|token| token.until > now);
        self.cache.get(hash, now).filter(is_checked)
    }

    /// Whom a proxy in front names in headers; `None`: nobody.
    pub(super) async fn named(&self, headers: &HeaderMap, now: Timestamp) -> Option<Result<Arc<Principal>, AuthError>> {
        let tokens = self.tokens.as_deref()?;
        let proxied = tokens.proxied.as_ref().filter(|proxied| proxied.names(headers))?;
        let hash = proxied.hash(headers);
        if let Some(known) = self.known_bearer(&hash, now) {
            return Some(Ok(known));
        }
        let reading = self.cache.reading(&hash);
        let until = now.plus_millis(CHECKED_MILLIS);
        let checked = match proxied.identified(headers) {
            Ok(identified) => Checked::of(identified, until, until),
            Err(error) => return Some(Err(error.into())),
        };
        Some(Box::pin(self.read_callers(tokens, &checked, (hash, reading), now)).await)
    }

    async fn read_bearer(
        &self,
        tokens: &Tokens,
        presented: &str,
        hash: KeyHash,
        now: Timestamp,
    ) -> Result<Arc<Principal>, AuthError> {
        let reading = self.cache.reading(&hash);
        let checked = tokens.check(presented, &hash, now).await?;
        // In a box: it is large, and rarely needed.
        Box::pin(self.read_callers(tokens, &checked, (hash, reading), now)).await
    }

    async fn read_callers(
        &self,
        tokens: &Tokens,
        checked: &Checked,
        (hash, reading): (KeyHash, Reading),
        now: Timestamp,
    ) -> Result<Arc<Principal>, AuthError> {
        match self.mapped_or_named(tokens, checked, now).await {
            Ok((principal, read_at)) => {
                let principal = Arc::new(principal);
                self.cache.put(&hash, &principal, reading, (read_at, now));
                Ok(principal)
            }
            Err(error) if error.is_outage() && self.trusts_known => {
                let known = self.cache.last_known(&hash, now).ok_or(error)?;
                tracing::warn!(key = %known.key, "a token's bearer is taken for what it was: the store does not answer");
                Ok(known)
            }
            Err(error) => Err(error),
        }
    }

    /// The key that stands for the bearer, else the bearer itself.
    async fn mapped_or_named(&self, tokens: &Tokens, checked: &Checked, now: Timestamp) -> Result<Found, AuthError> {
        if let Some(mapped) = self.mapped(tokens, checked, now).await? {
            return Ok(mapped);
        }
        let who = tokens.who(checked)?;
        // What is made or changed because a token says so, its bearer has made or changed. In a box: it is large.
        acting(author(who), Box::pin(self.callers(tokens, (who, checked.until), now))).await
    }

    /// The bearer, for the first of its teams, with itself for the others.
    async fn callers(&self, tokens: &Tokens, checked: Named<'_>, now: Timestamp) -> Result<Found, AuthError> {
        let (who, _) = checked;
        if who.speaks_for != SpeaksFor::Known {
            return Ok((alone(checked), now));
        }
        if let Some(user) = who.user.as_ref().filter(|_| tokens.notes_memberships() && !who.may_be_unknown) {
            // Nothing is noted of a user who is not let in.
            self.caller(tokens, checked, None, now).await?;
            tokens.note_memberships(who, user, &self.directory, now).await?;
        }
        let mut found: Vec<Found> = Vec::new();
        match &who.teams {
            Teams::One(team) => found.push(self.caller(tokens, checked, Some(team), now).await?),
            Teams::AnyOf(teams) if teams.is_empty() => found.push(self.caller(tokens, checked, None, now).await?),
            Teams::AnyOf(teams) => {
                for team in teams.iter().take(TEAMS_MAX) {
                    match self.caller(tokens, checked, Some(team), now).await {
                        Ok(caller) => found.push(caller),
                        // Another of them may be known.
                        Err(AuthError::Token(TokenError::UnknownTeam(_)) | AuthError::TeamBlocked(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        let read_at = found.iter().map(|(_, read_at)| *read_at).fold(now, Timestamp::min);
        let mut callers = found.into_iter().map(|(caller, _)| caller);
        let unknown = || TokenError::UnknownTeam(who.teams.ids().join(", "));
        let mut first = callers.next().ok_or_else(unknown)?;
        if let Some(token) = &mut first.token {
            token.teams = callers.map(Arc::new).collect();
        }
        Ok((first, read_at))
    }

    /// The bearer, for one team or none.
    async fn caller(
        &self,
        tokens: &Tokens,
        checked: Named<'_>,
        team: Option<&String>,
        now: Timestamp,
    ) -> Result<Found, AuthError> {
        let (who, _) = checked;
        let mut key = KeyRecord::new(hash_of(who, team), String::new(), now, None);
        key.user_id.clone_from(&who.user);
        key.team_id = team.cloned();
        key.limits = who.limits.clone();
        let mut known = self.in_time(self.directory.above(&key, now)).await?;
        if !who.may_be_unknown && tokens.make_missing(who, team, &known.above, now).await? {
            team.into_iter().for_each(|team| self.directory.forget(&super::records::RecordId::team(team)));
            who.user.iter().for_each(|user| self.directory.forget(&user_id(user)));
            known = self.in_time(self.directory.above(&key, now)).await?;
        }
        if known.above.organization.is_none()
            && let Some(organization) = &who.organization
        {
            key.document.insert("organization_id".to_owned(), organization.as_str().into());
            known = self.in_time(self.directory.above(&key, now)).await?;
            if known.above.organization.is_none() {
                return Err(TokenError::UnknownOrganization(organization.clone()).into());
            }
        }
        let KnownAbove { above, limits, read_at } = known;
        if let Some(team) = above.team.as_ref().filter(|team| team.limits.is_blocked()) {
            return Err(AuthError::TeamBlocked(team.id.clone()));
        }
        if let Some(user) = above.user.as_ref().filter(|user| user.limits.is_blocked()) {
            return Err(AuthError::UserBlocked(user.id.clone()));
        }
        let role = role(who, above.user.as_deref());
        let caller = Principal { team_id: key.team_id, role, above, limits, key: key.hash, ..alone(checked) };
        Ok((caller, read_at))
    }
}

/// The bearer, as the one who acts.
fn author(who: &Identified) -> Author {
    // An issuer and its name for the bearer stand on two lines.
    let user = who.user.clone().unwrap_or_else(|| who.subject.replace('\n', " "));
    Author { user, key: hash_of(who, None).to_string(), address: None, route: BY_TOKEN.to_owned() }
}

/// What the bearer may do by the record of its user; where that does not say, by the token, if its issuer decides that.
fn role(who: &Identified, user: Option<&Holder>) -> Role {
    let told = who.role.filter(|_| who.may_be_unknown).and_then(|role| Role::of_user(role.as_str()));
    let usual = if user.is_some() { Role::InternalUser } else { Role::VirtualKey };
    user.and_then(|user| user.role).or(told).unwrap_or(usual)
}

/// The bearer without any record above it.
fn alone((who, until): Named<'_>) -> Principal {
    let role = if who.speaks_for == SpeaksFor::Admin { Role::ProxyAdmin } else { Role::VirtualKey };
    let rights = TokenRights {
        until,
        routes: who.scope_routes.clone().filter(|_| !who.routes.is_empty()),
        end_user: who.end_user.clone(),
        teams: Vec::new(),
    };
    Principal {
        user_id: who.user.clone(),
        models: who.models.clone(),
        limits: who.limits.clone(),
        // As a list of its own they bind the keys that the bearer makes, too.
        allowed_routes: match &who.scope_routes {
            Some(routes) if who.routes.is_empty() => routes.clone(),
            _ => who.routes.clone(),
        },
        token: Some(Box::new(rights)),
        ..Principal::bare(role, hash_of(who, None))
    }
}

/// What the bearer is logged and totalled by: stays the same from token to token, and differs from team to team. No key
/// can have it, as no key holds a line break.
fn hash_of(who: &Identified, team: Option<&String>) -> KeyHash {
    key_hash::hash(&format!("token\n{}\n{}", who.subject, team.map_or("", String::as_str)))
}

fn user_id(user: &str) -> super::records::RecordId {
    super::records::RecordId::of(super::records::RecordKind::User, user)
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
