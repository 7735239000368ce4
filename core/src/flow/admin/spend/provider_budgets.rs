//! `GET /provider/budgets`: what is used of the budgets of providers.

use super::spend_admin::SpendAdmin;
use crate::calendar::rfc3339;
use crate::clock::Timestamp;
use crate::flow::admin::error::AdminError;
use crate::limits::BudgetPeriod;
use serde_json::{Map, Value, json};

impl SpendAdmin {
    /// The budgets of `provider_budget_config`, by provider. What calls under way hold counts as spent, as it does when
    /// the next one is admitted.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn provider_budgets(&self, now: Timestamp) -> Result<Value, AdminError> {
        let mut shown = Map::new();
        if let Some(budgets) = &self.provider_budgets {
            for budget in budgets.at(now).await? {
                let told = json!({
                    "budget_limit": budget.setting.max_budget.dollars(),
                    "time_period": budget.setting.budget_duration.as_ref().map(BudgetPeriod::as_str),
                    "spend": budget.used.dollars(),
                    "budget_reset_at": budget.resets_at.map(rfc3339),
                });
                shown.insert(budget.provider, told);
            }
        }
        Ok(json!({ "providers": shown }))
    }
}
