//! What the configuration limits and asks, whoever calls, and how carefully budgets are kept. Plain data.

use crate::config::required_fields::RequiredFields;
use crate::config::usual_models::UsualModels;
use crate::config::{BudgetSetting, Config};
use crate::limits::{BudgetMode, BudgetPolicy, Limits};
use std::collections::BTreeMap;

/// Output tokens that are set aside for an answer whose request names no cap, where nobody says otherwise.
const RESERVE_OUTPUT_TOKENS: u64 = 4_096;

/// The limits that the configuration sets.
#[derive(Clone, Debug)]
pub struct ProxyLimits {
    /// Of the whole proxy: its budget, its rates, and the requests in flight over all keys.
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
    /// Budgets of model access groups, by group.
    pub access_groups: BTreeMap<String, BudgetSetting>,
    /// How much is set aside for a request, where neither key nor team says.
    pub mode: BudgetMode,
    /// What happens to a request that a budget does not fully afford, where neither key nor team says.
    pub policy: BudgetPolicy,
    /// Fields that calls must have.
    pub required: RequiredFields,
    /// Tokens that are set aside for an answer whose request names no cap.
    pub reserve_output_tokens: u64,
    /// Whether end users have totals and budgets.
    pub tracks_end_users: bool,
    /// Models of calls, whatever they name or where they name none.
    pub usual_models: UsualModels,
    /// Most bytes of an answer in one piece that goes to a client; `None`: any.
    pub answer_bytes_max: Option<usize>,
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
            access_groups: BTreeMap::new(),
            mode: BudgetMode::Balanced,
            policy: BudgetPolicy::Refuse,
            required: RequiredFields::default(),
            reserve_output_tokens: RESERVE_OUTPUT_TOKENS,
            tracks_end_users: true,
            usual_models: UsualModels::default(),
            answer_bytes_max: None,
        }
    }
}

impl ProxyLimits {
    /// Those of a configuration.
    pub fn of(config: &Config) -> Self {
        let (general, litellm) = (&config.general, &config.litellm);
        let proxy = Limits {
            max_budget: litellm.max_budget,
            soft_budget: litellm.soft_budget,
            budget_duration: litellm.budget_duration.clone(),
            max_parallel_requests: general.global_max_parallel_requests,
            rpm_limit: general.rpm_limit,
            tpm_limit: general.tpm_limit,
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
            access_groups: litellm.access_group_budget_config.clone(),
            mode: general.budget_mode.unwrap_or(defaults.mode),
            policy: general.budget_policy.unwrap_or(defaults.policy),
            required: general.required_fields(),
            reserve_output_tokens: general.reserve_output_tokens.unwrap_or(defaults.reserve_output_tokens),
            tracks_end_users: !litellm.disable_end_user_cost_tracking,
            usual_models: general.usual_models.clone(),
            answer_bytes_max: general.answer_bytes_max,
        }
    }
}
