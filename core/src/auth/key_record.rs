//! What is known of one virtual key. Plain data: no store, no JSON of the outside world.

use crate::clock::Timestamp;
use crate::egress::network::Network;
use crate::id::KeyHash;
use crate::limits::Limits;
use crate::money::NanoDollars;
use crate::principal::{Above, CacheRights, GuardrailRules, Principal, Role, SpendSeen};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One virtual key. The key itself is not here: nobody can know it from its record.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyRecord {
    /// The hash of the key as it was made: its identity, which stays when the key is replaced.
    pub hash: KeyHash,
    /// The hash of the key that is to be presented, where it was replaced since it was made; `None`: `hash`.
    pub secret: Option<KeyHash>,
    /// How the key is shown: `sk-...` and four characters.
    pub key_name: String,
    /// A readable name, unique over all keys.
    pub key_alias: Option<String>,
    /// Model names the key may call; empty: all.
    pub models: Vec<String>,
    /// The key's own names for models.
    pub aliases: BTreeMap<String, String>,
    /// When the key ends; `None`: it does not.
    pub expires: Option<Timestamp>,
    /// The user it belongs to.
    pub user_id: Option<String>,
    /// The team it belongs to.
    pub team_id: Option<String>,
    /// What it may spend and how fast, and whether it is refused. Those that are settings stand in `metadata` and
    /// `document` too, as they came.
    pub limits: Limits,
    /// Routes it may call; empty: all model routes.
    pub allowed_routes: Vec<String>,
    /// What it was made for: `default`, `llm_api`, `management`, `read_only`.
    pub key_type: Option<String>,
    /// The owner's own data, and settings that LiteLLM keeps there.
    pub metadata: Map<String, Value>,
    /// Every other field, stored and given back as it came.
    pub document: Map<String, Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The user who made it.
    pub created_by: Option<String>,
    /// When its record last changed.
    pub updated_at: Timestamp,
    /// The user who last changed it.
    pub updated_by: Option<String>,
    /// When its settings last changed; `None`: never since it was made.
    pub settings_updated_at: Option<Timestamp>,
}

/// The member of a key's metadata that lists the only networks it may call from.
pub const ALLOWED_IPS: &str = "allowed_ips";

/// What a key has spent. Written by accounting alone, beside the record and never with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyTotals {
    /// All it ever spent.
    pub total: NanoDollars,
    /// What an administrator or the end of a period took off the total (negative), or added to it.
    pub adjustment: NanoDollars,
    /// When a call of it was last charged.
    pub last_active: Option<Timestamp>,
}

/// A key as the store holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredKey {
    /// Its record.
    pub record: KeyRecord,
    /// What it has spent.
    pub totals: KeyTotals,
}

impl KeyRecord {
    /// A key that may do what any key may, made at `now` by `by`.
    pub fn new(hash: KeyHash, key_name: String, now: Timestamp, by: Option<&str>) -> Self {
        Self {
            hash,
            secret: None,
            key_name,
            key_alias: None,
            models: Vec::new(),
            aliases: BTreeMap::new(),
            expires: None,
            user_id: None,
            team_id: None,
            limits: Limits::default(),
            allowed_routes: Vec::new(),
            key_type: None,
            metadata: Map::new(),
            document: Map::new(),
            created_at: now,
            created_by: by.map(str::to_owned),
            updated_at: now,
            updated_by: by.map(str::to_owned),
            settings_updated_at: None,
        }
    }

    /// The hash of the key that is to be presented now.
    pub fn presented(&self) -> &KeyHash {
        self.secret.as_ref().unwrap_or(&self.hash)
    }

    /// Whether the key is refused.
    pub fn is_blocked(&self) -> bool {
        self.limits.is_blocked()
    }

    /// Whether the key has ended at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }
}

impl KeyTotals {
    /// What counts against the budget.
    pub fn spend(&self) -> NanoDollars {
        self.total + self.adjustment
    }
}

/// The tags that stand in the metadata of a key or a record above it.
pub(super) fn tags_of(metadata: &Map<String, Value>) -> Vec<String> {
    texts(metadata, "tags")
}

fn texts(metadata: &Map<String, Value>, name: &str) -> Vec<String> {
    let list = metadata.get(name).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The only networks that a key may call from. What is no network admits nobody.
fn networks(metadata: &Map<String, Value>) -> Option<Arc<[Network]>> {
    let listed = match metadata.get(ALLOWED_IPS)? {
        Value::Null => return None,
        Value::Array(listed) if listed.is_empty() => return None,
        listed => listed.as_array().into_iter().flatten(),
    };
    Some(listed.filter_map(|network| network.as_str()?.parse().ok()).collect())
}

impl StoredKey {
    /// The caller that presents this key.
    pub fn into_principal(self) -> Principal {
        let spend = SpendSeen::new(self.totals.spend());
        let record = self.record;
        Principal {
            role: Role::VirtualKey,
            key: record.hash,
            key_alias: record.key_alias,
            user_id: record.user_id,
            team_id: record.team_id,
            models: record.models,
            aliases: record.aliases,
            tags: tags_of(&record.metadata),
            required: texts(&record.metadata, "enforced_params"),
            allowed_routes: record.allowed_routes,
            networks: networks(&record.metadata),
            key_name: record.key_name,
            limits: record.limits,
            above: Above::default(),
            cache: CacheRights::of(&record.metadata, &record.document).map(Arc::new),
            guardrails: GuardrailRules::of(&record.metadata).map(Arc::new),
            expires: record.expires,
            spend,
            token: None,
        }
    }
}
