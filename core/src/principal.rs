//! Who is calling, as far as later rooms need to know: rights and identity, never the credential itself.

use crate::clock::Timestamp;
use crate::id::KeyHash;
use crate::money::NanoDollars;
use std::collections::BTreeMap;
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
    /// Routes the key may call; empty: all model routes.
    pub allowed_routes: Vec<String>,
    /// The key's budget, as answered in `x-litellm-key-max-budget`.
    pub max_budget: Option<NanoDollars>,
    /// Requests per minute, as answered in `x-litellm-key-rpm-limit`.
    pub rpm_limit: Option<i64>,
    /// Tokens per minute, as answered in `x-litellm-key-tpm-limit`.
    pub tpm_limit: Option<i64>,
    /// Requests in flight at once.
    pub max_parallel_requests: Option<i64>,
    /// Limits of single models, by their public names.
    pub model_limits: BTreeMap<String, ModelLimits>,
    /// How the key is shown: `sk-...abcd`.
    pub key_name: String,
    /// When the budget's period ends.
    pub budget_reset_at: Option<Timestamp>,
    /// When the key ends.
    pub expires: Option<Timestamp>,
    /// What the key has spent, as far as this process has seen.
    pub spend: SpendSeen,
}

/// What a key may use of one model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelLimits {
    /// Requests per minute.
    pub requests: Option<i64>,
    /// Tokens per minute.
    pub tokens: Option<i64>,
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
