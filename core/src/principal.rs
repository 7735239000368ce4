//! Who is calling, as far as later rooms need to know: rights and identity, never the credential itself.

use crate::clock::Timestamp;
use crate::id::KeyHash;
use crate::limits::Limits;
use crate::money::NanoDollars;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// What a caller may do at large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The master key: everything.
    ProxyAdmin,
    /// A virtual key: the model routes, as far as the key's own lists allow.
    VirtualKey,
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
    /// Routes the key may call; empty: all model routes.
    pub allowed_routes: Vec<String>,
    /// The key, abbreviated: `sk-...abcd`. Empty for the master key.
    pub key_name: String,
    /// The key's limits: its own, and those of the shared budget it is under where it has none.
    pub limits: Limits,
    /// The records above the key, whose limits count for it too.
    pub above: Above,
    /// What the key says of the cache.
    pub cache: Option<Arc<CacheRights>>,
    /// When the key ends.
    pub expires: Option<Timestamp>,
    /// What the key has spent, as far as this process has seen.
    pub spend: SpendSeen,
}

impl Principal {
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
            allowed_routes: Vec::new(),
            key_name: String::new(),
            limits: Limits::default(),
            above: Above::default(),
            cache: None,
            expires: None,
            spend: SpendSeen::default(),
        }
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

/// In a key's list of models: those of its team, whatever they are.
const TEAM_MODELS: &str = "all-team-models";

impl Principal {
    /// Tags that every call of the caller has: its key's and its team's.
    pub fn tags(&self) -> impl Iterator<Item = &String> {
        self.tags.iter().chain(self.above.team.iter().flat_map(|team| &team.tags))
    }

    /// The lists of models that the caller is bound by: a model must be in each. An empty list allows everything.
    ///
    /// The key's own, and its team's; a user's where the key belongs to no team.
    pub fn model_lists(&self) -> [&[String]; 2] {
        let Above { team, user, .. } = &self.above;
        let above: &[String] = team.as_ref().or(user.as_ref()).map_or(&[], |holder| &holder.models);
        let inherits = team.is_some() && self.models.iter().any(|model| model == TEAM_MODELS);
        [if inherits { &[] } else { &self.models }, above]
    }
}

/// The records above a key. `None`: it belongs to none, or none of that id is known. Shared with every other key below
/// the same record.
#[derive(Clone, Debug, Default)]
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
    /// Where calls below it must be answered.
    pub region: Option<String>,
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
