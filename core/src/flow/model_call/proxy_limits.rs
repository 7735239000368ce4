//! What the configuration limits, whoever calls, and how carefully budgets are kept. Plain data.

use crate::config::{BudgetSetting, Config};
use crate::limits::{BudgetMode, BudgetPolicy, Limits};
use std::collections::BTreeMap;

/// Output tokens that are set aside for an answer whose request names no cap, where nobody says otherwise.
const RESERVE_OUTPUT_TOKENS: u64 = 4_096;

/// The limits that the configuration sets.
#[derive(Clone, Debug)]
pub struct ProxyLimits {
    /// Of the whole proxy: its budget, and the requests in flight over all keys.
    pub proxy: Limits,
    /// Requests in flight of a key that has no such limit of its own.
    pub key_parallel: Option<i64>,
    /// Of each end user who has no record.
    pub end_user: Limits,
    /// The shared budget whose limits each end user without a record gets for itself.
    pub end_user_budget_id: Option<String>,
    /// Budgets of tags, by tag.
    pub tags: BTreeMap<String, BudgetSetting>,
    /// Budgets of providers, by provider.
    pub providers: BTreeMap<String, BudgetSetting>,
    /// How much is set aside for a request, where neither key nor team says.
    pub mode: BudgetMode,
    /// What happens to a request that a budget does not fully afford, where neither key nor team says.
    pub policy: BudgetPolicy,
    /// Tokens that are set aside for an answer whose request names no cap.
    pub reserve_output_tokens: u64,
}

impl Default for ProxyLimits {
    fn default() -> Self {
        Self {
            proxy: Limits::default(),
            key_parallel: None,
            end_user: Limits::default(),
            end_user_budget_id: None,
            tags: BTreeMap::new(),
            providers: BTreeMap::new(),
            mode: BudgetMode::Balanced,
            policy: BudgetPolicy::Refuse,
            reserve_output_tokens: RESERVE_OUTPUT_TOKENS,
        }
    }
}

impl ProxyLimits {
    /// Those of a configuration.
    pub fn of(config: &Config) -> Self {
        let (general, litellm) = (&config.general, &config.litellm);
        let proxy = Limits {
            max_budget: litellm.max_budget,
            budget_duration: litellm.budget_duration.clone(),
            max_parallel_requests: general.global_max_parallel_requests,
            ..Limits::default()
        };
        let defaults = Self::default();
        Self {
            proxy,
            key_parallel: general.max_parallel_requests,
            end_user: Limits { max_budget: litellm.max_end_user_budget, ..Limits::default() },
            end_user_budget_id: litellm.max_end_user_budget_id.clone(),
            tags: litellm.tag_budget_config.clone(),
            providers: litellm.provider_budget_config.clone(),
            mode: general.budget_mode.unwrap_or(defaults.mode),
            policy: general.budget_policy.unwrap_or(defaults.policy),
            reserve_output_tokens: general.reserve_output_tokens.unwrap_or(defaults.reserve_output_tokens),
        }
    }

    /// The limits of a setting that is a budget and nothing else.
    pub(super) fn of_setting(setting: &BudgetSetting) -> Limits {
        Limits {
            max_budget: Some(setting.max_budget),
            budget_duration: setting.budget_duration.clone(),
            ..Limits::default()
        }
    }
}
