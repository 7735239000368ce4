//! What is used of the budgets of providers, read from the counters that calls are admitted by.

use super::proxy_limits::ProxyLimits;
use super::scopes::provider_budget;
use crate::admission::ledger::Ledger;
use crate::clock::Timestamp;
use crate::config::BudgetSetting;
use crate::money::NanoDollars;
use crate::store::table::ReadError;
use std::collections::BTreeMap;

/// The budgets of providers, and where they are counted.
#[derive(Clone)]
pub struct ProviderBudgets {
    ledger: Ledger,
    providers: BTreeMap<String, BudgetSetting>,
}

/// One provider's budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderBudget {
    /// The provider.
    pub provider: String,
    /// What may be spent, and in which period.
    pub setting: BudgetSetting,
    /// What was charged in the present period, and what calls under way hold.
    pub used: NanoDollars,
    /// When the period ends; `None`: never.
    pub resets_at: Option<Timestamp>,
}

impl ProviderBudgets {
    /// Those that `limits` sets, as `ledger` counts them.
    pub fn new(ledger: Ledger, limits: ProxyLimits) -> Self {
        Self { ledger, providers: limits.providers }
    }

    /// How they stand at `now`, by the names of the providers.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn at(&self, now: Timestamp) -> Result<Vec<ProviderBudget>, ReadError> {
        let mut budgets = Vec::with_capacity(self.providers.len());
        for (provider, setting) in &self.providers {
            let (counter, resets_at) = provider_budget(provider, setting, now);
            let used = self.ledger.used(&counter).await?;
            budgets.push(ProviderBudget { provider: provider.clone(), setting: setting.clone(), used, resets_at });
        }
        Ok(budgets)
    }
}
