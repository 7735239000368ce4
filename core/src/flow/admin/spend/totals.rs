//! `GET /spend/keys`, `GET /global/spend`, `GET /global/spend/keys` and `GET /global/spend/models`: sums of spend.

use super::span::{Wanted, by, dollars};
use super::spend_admin::SpendAdmin;
use crate::auth::key_listing::KeyFilter;
use crate::auth::key_record::StoredKey;
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::keys::render;
use crate::flow::admin::params::Params;
use crate::money::NanoDollars;
use serde_json::{Value, json};
use std::cmp::Reverse;

/// Most entries of a list of the dearest.
const DEAREST_MAX: u64 = 10_000;

impl SpendAdmin {
    /// The record of every key that the caller may see, the dearest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn keys(&self, actor: &Actor) -> Result<Value, AdminError> {
        let stored = self.dearest(|stored| stored.totals.spend()).await?;
        let stored = stored.iter().filter(|stored| actor.scope().sees_key(&stored.record));
        Ok(stored.map(|stored| Value::Object(render::record(stored, true))).collect())
    }

    /// What all keys ever spent. There is no ceiling for all of them together.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn global(&self) -> Result<Value, AdminError> {
        let total: NanoDollars = self.dearest(|stored| stored.totals.total).await?.iter().map(|s| s.totals.total).sum();
        Ok(json!({ "spend": total.dollars(), "max_budget": 0.0 }))
    }

    /// The keys that spent the most, `limit` at most.
    ///
    /// # Errors
    /// [`AdminError::Form`], and those of the store.
    pub async fn global_keys(&self, params: &Params) -> Result<Value, AdminError> {
        let limit = params.number("limit", 10, 1..=DEAREST_MAX)? as usize;
        let stored = self.dearest(|stored| stored.totals.total).await?;
        let shown = stored.iter().take(limit).map(|stored| {
            json!({
                "api_key": stored.record.hash.as_str(),
                "key_alias": stored.record.key_alias,
                "key_name": stored.record.key_name,
                "total_spend": stored.totals.total.dollars(),
            })
        });
        Ok(shown.collect())
    }

    /// The models that the most was spent on in the last thirty days (or as long as rows are kept), `limit` at most.
    ///
    /// # Errors
    /// [`AdminError::Form`], and those of the store.
    pub async fn global_models(&self, actor: &Actor, params: &Params, now: Timestamp) -> Result<Value, AdminError> {
        let limit = params.number("limit", 10, 1..=DEAREST_MAX)? as usize;
        let days = self.days_or_recent(actor, params, &Wanted::read(params), now).await?;
        let sums = by(days.values().flatten(), |shared| shared.model.as_str());
        let mut models: Vec<_> = sums.into_iter().filter(|(model, _)| !model.is_empty()).collect();
        models.sort_by_key(|(_, sum)| Reverse(sum.nanos));
        let shown = models.iter().take(limit);
        Ok(shown.map(|(model, sum)| json!({ "model": model, "total_spend": dollars(sum) })).collect())
    }

    async fn dearest(&self, spend: impl Fn(&StoredKey) -> NanoDollars) -> Result<Vec<StoredKey>, AdminError> {
        let mut found = Vec::new();
        for listing in self.keys.list(&KeyFilter::default()).await? {
            found.extend(self.keys.get(&listing.hash).await?);
        }
        found.sort_by_key(|stored| Reverse(spend(stored)));
        Ok(found)
    }
}
