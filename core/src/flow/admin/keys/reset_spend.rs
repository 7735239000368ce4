//! `POST /key/{key}/reset_spend` and `POST /global/spend/reset`: what counts against a budget, set anew. What was ever
//! spent stays known, and calls in flight add to the new figure.

use super::key_admin::KeyAdmin;
use super::render;
use crate::auth::key_listing::KeyFilter;
use crate::auth::rights::Actor;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use crate::money::NanoDollars;
use serde_json::{Value, json};

/// Fields of the body.
pub const FIELDS: &[Field] = &[("reset_to", Kind::Number)];

impl KeyAdmin {
    /// Sets a key's spend to the body's `reset_to`.
    ///
    /// # Errors
    /// [`AdminError::Form`], [`AdminError::Amount`], [`AdminError::KeyNotInDatabase`].
    pub async fn reset_spend(&self, actor: &Actor, key: &str, body: &[u8]) -> Result<Value, AdminError> {
        let asked = body::read(body, FIELDS)?;
        let Some(target) = super::fields::amount(&asked, "reset_to")? else {
            return Err(Problem::missing(&["body", "reset_to"]).into());
        };
        let stored = self.find(Some(key), None).await?.ok_or(AdminError::KeyNotInDatabase)?;
        self.check_oversees(actor, &stored.record)?;
        let (record, previous) = (&stored.record, stored.totals.spend());
        let totals = self.keys.adjust_spend(&record.hash, target - previous).await?;
        self.cache.invalidate(&record.hash);
        Ok(json!({
            "key_hash": record.hash.as_str(),
            "spend": totals.spend().dollars(),
            "previous_spend": previous.dollars(),
            "max_budget": render::dollars(record.limits.max_budget),
            "budget_reset_at": render::time(record.limits.budget_reset_at),
        }))
    }

    /// Sets the spend of every key to nothing.
    ///
    /// # Errors
    /// Those of the store. Keys already done stay done; doing it again is safe.
    pub async fn reset_all_spend(&self) -> Result<Value, AdminError> {
        for listing in self.keys.list(&KeyFilter::default()).await? {
            let Some(stored) = self.load(&listing.hash).await? else { continue };
            let spend = stored.totals.spend();
            if spend != NanoDollars::ZERO {
                self.keys.adjust_spend(&listing.hash, -spend).await?;
                self.cache.invalidate(&listing.hash);
            }
        }
        Ok(json!({ "message": "Spend for all API Keys and Teams reset successfully", "status": "success" }))
    }
}
