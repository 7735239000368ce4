//! Which objects one administrator's request may see and touch. Plain data: who makes a request is told apart from what
//! it asks for, and each operation checks the objects that it loads.

use crate::auth::key_listing::{KeyListing, Owner};
use crate::auth::key_record::KeyRecord;
use crate::id::KeyHash;
use crate::principal::Principal;
use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

/// What a request reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Everything.
    pub any: bool,
    /// What the caller's user owns, by its id.
    pub own_user: Option<String>,
    /// The caller's key.
    pub own_key: Option<KeyHash>,
    /// Teams, with all below, as their administrator or that of their organization.
    pub teams: BTreeSet<String>,
    /// Teams as one of their members.
    pub shared_teams: BTreeSet<String>,
    /// Organizations, with all below, as their administrator.
    pub organizations: BTreeSet<String>,
}

/// Who makes a request, and what it reaches.
#[derive(Clone, Debug)]
pub struct Actor {
    principal: Arc<Principal>,
    scope: Scope,
}

impl Actor {
    /// A caller with what its request reaches.
    pub fn new(principal: Arc<Principal>, scope: Scope) -> Self {
        Self { principal, scope }
    }

    /// The same caller, who has just made a team.
    #[must_use]
    pub fn over_new_team(&self, id: &str) -> Self {
        let mut made = self.clone();
        made.scope.teams.insert(id.to_owned());
        made
    }

    /// What the request reaches.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether everything is open to the request.
    pub fn is_unbounded(&self) -> bool {
        self.scope.any
    }

    /// Whether the caller is this user.
    pub fn is_user(&self, id: &str) -> bool {
        self.principal.user_id.as_deref() == Some(id)
    }

    /// Whether a key is the caller's: the one it presents, or another of its user.
    pub fn owns(&self, key: &KeyRecord) -> bool {
        self.principal.key == key.hash || key.user_id.as_deref().is_some_and(|user| self.is_user(user))
    }
}

impl Deref for Actor {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.principal
    }
}

/// What of a key says whose it is.
#[derive(Clone, Copy)]
struct Owners<'k> {
    hash: &'k str,
    user: Option<&'k str>,
    team: Option<&'k str>,
    organization: Option<&'k str>,
}

impl Scope {
    /// Everything.
    pub fn everything() -> Self {
        Self { any: true, ..Self::default() }
    }

    /// Whether nothing at all is in reach.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a key may be seen.
    pub fn sees_key(&self, key: &KeyRecord) -> bool {
        self.sees(owners(key))
    }

    /// Whether a key may be seen in a list.
    pub fn sees_listed_key(&self, key: &KeyListing) -> bool {
        self.sees(Owners {
            hash: key.hash.as_str(),
            user: key.user_id.as_deref(),
            team: key.team_id.as_deref(),
            organization: key.organization_id.as_deref(),
        })
    }

    /// Among whose keys are all that may be seen; `None`: among everybody's.
    pub fn owners_of_keys(&self) -> Option<BTreeSet<Owner>> {
        // Of an organization's keys there is no list.
        if self.any || !self.organizations.is_empty() {
            return None;
        }
        let teams = self.teams.iter().chain(&self.shared_teams).cloned().map(Owner::Team);
        let own = self.own_user.iter().cloned().map(Owner::User);
        Some(teams.chain(own).chain(self.own_key.iter().cloned().map(Owner::Key)).collect())
    }

    /// Whether a key may be changed. A member changes what is its own in a team, where the team lets it.
    pub fn changes_key(&self, key: &KeyRecord) -> bool {
        let of = owners(key);
        let own = is(of.user, &self.own_user) || self.own_key.as_ref() == Some(&key.hash);
        self.oversees(of) || (own && of.team.is_none_or(|team| self.shared_teams.contains(team)))
    }

    /// Whether a key's team or organization is administered.
    pub fn oversees_key(&self, key: &KeyRecord) -> bool {
        self.oversees(owners(key))
    }

    /// Whether a team may be seen.
    pub fn sees_team(&self, id: &str) -> bool {
        self.changes_team(id) || self.shared_teams.contains(id)
    }

    /// Whether a team may be changed, and what is below it.
    pub fn changes_team(&self, id: &str) -> bool {
        self.any || self.teams.contains(id)
    }

    /// Whether an organization may be seen and changed, as far as the route goes.
    pub fn reaches_organization(&self, id: &str) -> bool {
        self.any || self.organizations.contains(id)
    }

    /// Whether a user may be seen, whose home this organization is.
    pub fn sees_user(&self, id: &str, home: Option<&str>) -> bool {
        is(Some(id), &self.own_user) || self.oversees_user(home)
    }

    /// Whether the organization that is a user's home is administered.
    pub fn oversees_user(&self, home: Option<&str>) -> bool {
        self.any || home.is_some_and(|home| self.organizations.contains(home))
    }

    /// Whether it may be seen what a key spent for its user, and its team and organization.
    pub fn sees_spend(
        &self,
        key: &str,
        user: Option<&str>,
        (team, organization): (Option<&str>, Option<&str>),
    ) -> bool {
        self.sees(Owners { hash: key, user, team, organization })
    }

    fn sees(&self, of: Owners<'_>) -> bool {
        self.oversees(of)
            || is(of.user, &self.own_user)
            || self.own_key.as_ref().is_some_and(|own| own.as_str() == of.hash)
            || of.team.is_some_and(|team| self.shared_teams.contains(team))
    }

    fn oversees(&self, of: Owners<'_>) -> bool {
        self.any
            || of.team.is_some_and(|team| self.teams.contains(team))
            || of.organization.is_some_and(|id| self.organizations.contains(id))
    }
}

fn owners(key: &KeyRecord) -> Owners<'_> {
    Owners {
        hash: key.hash.as_str(),
        user: key.user_id.as_deref(),
        team: key.team_id.as_deref(),
        organization: key.document.get("organization_id").and_then(Value::as_str),
    }
}

fn is(id: Option<&str>, own: &Option<String>) -> bool {
    own.is_some() && id == own.as_deref()
}
