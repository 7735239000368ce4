//! What is known of one virtual key. Plain data: no store, no JSON of the outside world.

use crate::clock::Timestamp;
use crate::id::KeyHash;
use crate::money::NanoDollars;
use crate::principal::{ModelLimits, Principal, Role, SpendSeen};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One virtual key. The key itself is not here: nobody can know it from its record.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyRecord {
    /// The key's hash, its identity.
    pub hash: KeyHash,
    /// How the key is shown: `sk-...` and four characters.
    pub key_name: String,
    /// A readable name, unique over all keys.
    pub key_alias: Option<String>,
    /// Model names the key may call; empty: all.
    pub models: Vec<String>,
    /// The key's own names for models.
    pub aliases: BTreeMap<String, String>,
    /// Whether the key is refused. `None`, never said, counts as no.
    pub blocked: Option<bool>,
    /// When the key ends; `None`: it does not.
    pub expires: Option<Timestamp>,
    /// The user it belongs to.
    pub user_id: Option<String>,
    /// The team it belongs to.
    pub team_id: Option<String>,
    /// What it may spend in a period.
    pub max_budget: Option<NanoDollars>,
    /// What it may spend before somebody is told.
    pub soft_budget: Option<NanoDollars>,
    /// The budget's period, as written: `30d`.
    pub budget_duration: Option<String>,
    /// When the budget's period ends.
    pub budget_reset_at: Option<Timestamp>,
    /// The shared budget it is under.
    pub budget_id: Option<String>,
    /// Requests per minute.
    pub rpm_limit: Option<i64>,
    /// Tokens per minute.
    pub tpm_limit: Option<i64>,
    /// Requests in flight at once.
    pub max_parallel_requests: Option<i64>,
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
            key_name,
            key_alias: None,
            models: Vec::new(),
            aliases: BTreeMap::new(),
            blocked: None,
            expires: None,
            user_id: None,
            team_id: None,
            max_budget: None,
            soft_budget: None,
            budget_duration: None,
            budget_reset_at: None,
            budget_id: None,
            rpm_limit: None,
            tpm_limit: None,
            max_parallel_requests: None,
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

    /// Whether the key is refused.
    pub fn is_blocked(&self) -> bool {
        self.blocked == Some(true)
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

impl StoredKey {
    /// The caller that presents this key.
    pub fn into_principal(self) -> Principal {
        let spend = SpendSeen::new(self.totals.spend());
        let record = self.record;
        let model_limits = model_limits(&record.metadata);
        Principal {
            role: Role::VirtualKey,
            key: record.hash,
            key_alias: record.key_alias,
            user_id: record.user_id,
            team_id: record.team_id,
            models: record.models,
            aliases: record.aliases,
            allowed_routes: record.allowed_routes,
            max_budget: record.max_budget,
            rpm_limit: record.rpm_limit,
            tpm_limit: record.tpm_limit,
            max_parallel_requests: record.max_parallel_requests,
            model_limits,
            key_name: record.key_name,
            budget_reset_at: record.budget_reset_at,
            expires: record.expires,
            spend,
        }
    }
}

/// Limits of single models stand in the metadata, where LiteLLM's tools look for them: model → limit.
fn model_limits(metadata: &Map<String, Value>) -> BTreeMap<String, ModelLimits> {
    let mut limits: BTreeMap<String, ModelLimits> = BTreeMap::new();
    let named = |field: &str| metadata.get(field).and_then(Value::as_object).into_iter().flatten();
    for (model, limit) in named("model_rpm_limit") {
        limits.entry(model.clone()).or_default().requests = limit.as_i64();
    }
    for (model, limit) in named("model_tpm_limit") {
        limits.entry(model.clone()).or_default().tokens = limit.as_i64();
    }
    limits
}
