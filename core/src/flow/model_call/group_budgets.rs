//! The budgets of model access groups as this process admits calls by them, and what is used of them, read from the
//! counters.

use super::proxy_limits::ProxyLimits;
use super::scopes::group_budget;
use crate::admission::ledger::Ledger;
use crate::clock::Timestamp;
use crate::config::BudgetSetting;
use crate::money::NanoDollars;
use crate::store::table::ReadError;
use std::collections::BTreeMap;

/// The budgets of access groups, and where they are counted.
#[derive(Clone)]
pub struct GroupBudgets {
    ledger: Ledger,
    groups: BTreeMap<String, BudgetSetting>,
}

/// How one budget stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupBudget {
    /// What was charged in the present period, and what calls under way hold.
    pub used: NanoDollars,
    /// When the period ends; `None`: never.
    pub resets_at: Option<Timestamp>,
}

impl GroupBudgets {
    /// Those that `limits` sets, as `ledger` counts them.
    pub fn new(ledger: Ledger, limits: ProxyLimits) -> Self {
        Self { ledger, groups: limits.access_groups }
    }

    /// The budget of a group, where it has one.
    pub fn of(&self, group: &str) -> Option<&BudgetSetting> {
        self.groups.get(group)
    }

    /// How this budget of a group stands at `now`.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn at(&self, group: &str, setting: &BudgetSetting, now: Timestamp) -> Result<GroupBudget, ReadError> {
        let (counter, resets_at) = group_budget(group, setting, now);
        let used = self.ledger.used(&counter).await?;
        Ok(GroupBudget { used, resets_at })
    }
}
