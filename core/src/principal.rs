//! Who is calling, as far as later rooms need to know: rights and identity, never the credential itself.

use crate::clock::Timestamp;
use crate::egress::network::Network;
use crate::id::KeyHash;
use crate::limits::Limits;
use crate::money::NanoDollars;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// What a caller may do at large.
///
/// Beyond its role, a caller may do what it may as a member of teams and organizations; that is read where it is asked
/// for, by administrators' routes alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The master key: everything.
    Master,
    /// A key of a user who administers the proxy: everything but what is for the master key alone.
    ProxyAdmin,
    /// A key of a user who sees everything and changes nothing.
    ProxyAdminViewer,
    /// A key of a user who has keys of its own.
    InternalUser,
    /// A key of a user who sees what is its own.
    InternalUserViewer,
    /// Any other virtual key: the model routes, as far as the key's own lists allow.
    VirtualKey,
}

impl Role {
    /// The role of keys of a user with this `user_role`. `None`: the word gives none, as those of members of teams and
    /// organizations do not.
    pub fn of_user(word: &str) -> Option<Self> {
        [Self::ProxyAdmin, Self::ProxyAdminViewer, Self::InternalUser, Self::InternalUserViewer]
            .into_iter()
            .find(|role| role.as_str() == word)
    }

    /// The word for it, as errors tell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Master | Self::ProxyAdmin => "proxy_admin",
            Self::ProxyAdminViewer => "proxy_admin_viewer",
            Self::InternalUser => "internal_user",
            Self::InternalUserViewer => "internal_user_viewer",
            Self::VirtualKey => "unknown",
        }
    }

    /// Whether it changes nothing, whatever else the caller is.
    pub fn is_viewer(self) -> bool {
        matches!(self, Self::ProxyAdminViewer | Self::InternalUserViewer)
    }
}

/// An authenticated caller. Cheap to share; built once per key and cached for as long as the cache's bound allows.
#[derive(Debug)]
pub struct Principal {
    /// What the caller may do at large.
    pub role: Role,
    /// The hash of the credential: the caller's identity in logs and totals.
    pub key: KeyHash,
    /// The key's alias, where it has one.
    pub key_alias: Option<String>,
    /// The user that the key belongs to.
    pub user_id: Option<String>,
    /// The team that the key belongs to.
    pub team_id: Option<String>,
    /// Public model names the key may call; empty: all. May hold wildcards and `all-proxy-models`.
    pub models: Vec<String>,
    /// The key's own names for models: alias → public model name.
    pub aliases: BTreeMap<String, String>,
    /// Tags that every call of the key has.
    pub tags: Vec<String>,
    /// Fields that every call of the key must have.
    pub required: Vec<String>,
    /// Routes the key may call; empty: all model routes.
    pub allowed_routes: Vec<String>,
    /// The only networks that the key may call from; `None`: all.
    pub networks: Option<Arc<[Network]>>,
    /// The key, abbreviated: `sk-...abcd`. Empty for the master key.
    pub key_name: String,
    /// The key's limits: its own, and those of the shared budget it is under where it has none.
    pub limits: Limits,
    /// The records above the key, whose limits count for it too.
    pub above: Above,
    /// What the key says of the cache.
    pub cache: Option<Arc<CacheRights>>,
    /// What the key says of guardrails.
    pub guardrails: Option<Arc<GuardrailRules>>,
    /// When the key ends.
    pub expires: Option<Timestamp>,
    /// What the key has spent, as far as this process has seen.
    pub spend: SpendSeen,
    /// What the caller's token says, where it presents one in place of a key.
    pub token: Option<Box<TokenRights>>,
}

/// What a token says of its bearer beyond what a key could.
#[derive(Clone, Debug)]
pub struct TokenRights {
    /// When the token is to be checked anew; at its end at the latest.
    pub until: Timestamp,
    /// The only routes that its scopes admit; `None`: they do not decide.
    pub routes: Option<Vec<String>>,
    /// The end user that every call is for.
    pub end_user: Option<String>,
    /// The same bearer for further teams: a call is made for the first whose models it may use.
    pub teams: Vec<Arc<Principal>>,
}

impl Principal {
    /// Whether it may call from this address. Where a key names networks, an address that nobody knows is in none.
    pub fn may_call_from(&self, address: Option<IpAddr>) -> bool {
        let is_in = |networks: &Arc<[Network]>| {
            address.is_some_and(|address| networks.iter().any(|network| network.contains(address)))
        };
        self.networks.as_ref().is_none_or(is_in)
    }

    /// A caller of whom nothing else is known: no limits, all models, no records above.
    pub fn bare(role: Role, key: KeyHash) -> Self {
        Self {
            role,
            key,
            key_alias: None,
            user_id: None,
            team_id: None,
            models: Vec::new(),
            aliases: BTreeMap::new(),
            tags: Vec::new(),
            required: Vec::new(),
            allowed_routes: Vec::new(),
            networks: None,
            key_name: String::new(),
            limits: Limits::default(),
            above: Above::default(),
            cache: None,
            guardrails: None,
            expires: None,
            spend: SpendSeen::default(),
            token: None,
        }
    }

    /// Whether what was read again says the same: all but what was spent, which moves with every call.
    pub fn is_still(&self, read_again: &Self) -> bool {
        // Each field by its name, so that none can be forgotten.
        let Self {
            role,
            key,
            key_alias,
            user_id,
            team_id,
            models,
            aliases,
            tags,
            required,
            allowed_routes,
            networks,
            key_name,
            limits,
            above,
            cache,
            guardrails,
            expires,
            spend: _,
            token,
        } = read_again;
        let is_nobody_elses = token.is_none() && self.token.is_none();
        is_nobody_elses
            && (self.role, &self.key, &self.key_alias) == (*role, key, key_alias)
            && (&self.user_id, &self.team_id, &self.models, &self.aliases) == (user_id, team_id, models, aliases)
            && (&self.tags, &self.required, &self.allowed_routes) == (tags, required, allowed_routes)
            && (&self.networks, &self.key_name, &self.expires) == (networks, key_name, expires)
            && (&self.limits, &self.above, &self.cache, &self.guardrails) == (limits, above, cache, guardrails)
    }

    /// Whether the key belongs to a team and to no user.
    pub fn is_service_account(&self) -> bool {
        self.role == Role::VirtualKey && self.team_id.is_some() && self.user_id.is_none()
    }
}

/// What a key or a team says of the cache.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CacheRights {
    /// What holds over the word of each request: `metadata.cache`.
    pub said: Map<String, Value>,
    /// What requests may say; empty: everything.
    pub allowed: Vec<String>,
}

impl CacheRights {
    /// What a record says; `None`: nothing.
    pub fn of(metadata: &Map<String, Value>, document: &Map<String, Value>) -> Option<Self> {
        let said = metadata.get("cache").and_then(Value::as_object).cloned().unwrap_or_default();
        let allowed = document.get("allowed_cache_controls").and_then(Value::as_array);
        let allowed = allowed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        let rights = Self { said, allowed };
        (rights != Self::default()).then_some(rights)
    }
}

/// What a key or a team says of guardrails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuardrailRules {
    /// Guardrails that each of its calls passes.
    pub named: Vec<String>,
    /// Whether its calls do without those of every call; `None`: it does not say.
    pub no_defaults: Option<bool>,
}

impl GuardrailRules {
    /// What a record says; `None`: nothing.
    pub fn of(metadata: &Map<String, Value>) -> Option<Self> {
        let named = metadata.get("guardrails").and_then(Value::as_array).into_iter().flatten();
        let named = named.filter_map(Value::as_str).map(str::to_owned).collect();
        let no_defaults = metadata.get("disable_global_guardrails").and_then(Value::as_bool);
        let rules = Self { named, no_defaults };
        (rules != Self::default()).then_some(rules)
    }
}

/// In a key's list of models: those of its team, whatever they are.
pub const TEAM_MODELS: &str = "all-team-models";

impl Principal {
    /// Tags that every call of the caller has: its key's and its team's.
    pub fn tags(&self) -> impl Iterator<Item = &String> {
        self.tags.iter().chain(self.above.team.iter().flat_map(|team| &team.tags))
    }

    /// The lists of models that the caller is bound by: a model must be in each. An empty list allows everything.
    ///
    /// The key's own, and its team's (a user's where the key belongs to no team), and its organization's.
    pub fn model_lists(&self) -> [&[String]; 3] {
        let Above { team, user, organization, .. } = &self.above;
        let above: &[String] = team.as_ref().or(user.as_ref()).map_or(&[], |holder| &holder.models);
        let inherits = team.is_some() && self.models.iter().any(|model| model == TEAM_MODELS);
        let highest: &[String] = organization.as_ref().map_or(&[], |holder| &holder.models);
        [if inherits { &[] } else { &self.models }, above, highest]
    }
}

/// The records above a key. `None`: it belongs to none, or none of that id is known. Shared with every other key below
/// the same record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Above {
    /// Its team.
    pub team: Option<Arc<Holder>>,
    /// Its user as a member of its team, by the user's id; limits that a team sets for each of its members stand here.
    pub member: Option<Arc<Holder>>,
    /// Its user.
    pub user: Option<Arc<Holder>>,
    /// Its own organization, or else its team's.
    pub organization: Option<Arc<Holder>>,
}

/// A record that limits those below it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Holder {
    /// Its id within its kind.
    pub id: String,
    /// Its alias, where it has one.
    pub alias: Option<String>,
    /// Public model names that may be called below it; empty: all.
    pub models: Vec<String>,
    /// Its limits: its own, and those of the shared budget it is under where it has none.
    pub limits: Limits,
    /// Tags that every call below it has.
    pub tags: Vec<String>,
    /// What it says of the cache.
    pub cache: Option<Arc<CacheRights>>,
    /// What it says of guardrails.
    pub guardrails: Option<Arc<GuardrailRules>>,
    /// Where calls below it must be answered.
    pub region: Option<String>,
    /// What keys of a user act as.
    pub role: Option<Role>,
}

impl Holder {
    /// The same record with other limits.
    pub fn with_limits(&self, limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, ..self.clone() })
    }
}

/// A running total that many requests of one process add to. It is for display; the store holds the true sum.
#[derive(Debug, Default)]
pub struct SpendSeen(AtomicI64);

impl SpendSeen {
    /// Starts from the total that the store holds.
    pub fn new(stored: NanoDollars) -> Self {
        Self(AtomicI64::new(stored.nanos()))
    }

    /// Adds one call's cost and returns the new total.
    pub fn add(&self, cost: NanoDollars) -> NanoDollars {
        NanoDollars::new(self.0.fetch_add(cost.nanos(), Ordering::Relaxed).saturating_add(cost.nanos()))
    }

    /// The total seen so far.
    pub fn get(&self) -> NanoDollars {
        NanoDollars::new(self.0.load(Ordering::Relaxed))
    }
}
