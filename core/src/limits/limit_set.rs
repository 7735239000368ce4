//! The limits that one record sets on those under it. Plain data.

use super::period::BudgetPeriod;
use crate::clock::Timestamp;
use crate::money::NanoDollars;
use std::collections::BTreeMap;

/// The limits of one record. A limit that is `None` (or a model that is missing in a map) limits nothing.
///
/// Amounts are 0 or more; a budget of nothing admits nothing. Counts are 0 or more, and 0 admits nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The most that may be spent in one period. In nano-dollars.
    pub max_budget: Option<NanoDollars>,
    /// What may be spent in a period before somebody is told; refuses nothing. In nano-dollars.
    pub soft_budget: Option<NanoDollars>,
    /// The budget's period; `None`: what is spent counts for ever.
    pub budget_duration: Option<BudgetPeriod>,
    /// When the period that runs now ends, as the record last said. Once it has passed, a new period has begun whether
    /// or not the record shows it.
    pub budget_reset_at: Option<Timestamp>,
    /// A moment at which a period of the budget ends, where no date is kept for it: that of a shared budget.
    pub period_anchor: Option<Timestamp>,
    /// When the record was made: periods of single models' budgets count from there.
    pub made_at: Option<Timestamp>,
    /// Requests in a window of 60 seconds.
    pub rpm_limit: Option<i64>,
    /// Tokens, of prompts and answers together, in a window of 60 seconds.
    pub tpm_limit: Option<i64>,
    /// Requests in flight at once.
    pub max_parallel_requests: Option<i64>,
    /// Budgets for single models, by public model name.
    pub model_max_budget: BTreeMap<String, ModelBudget>,
    /// Requests in a window of 60 seconds for single models, by public model name.
    pub model_rpm_limit: BTreeMap<String, i64>,
    /// Tokens in a window of 60 seconds for single models, by public model name.
    pub model_tpm_limit: BTreeMap<String, i64>,
    /// Requests in flight at once for single models, by public model name.
    pub model_max_parallel_requests: BTreeMap<String, i64>,
    /// The shared budget whose limits hold for this record, each by itself, where it says none of its own.
    pub budget_id: Option<String>,
    /// What is added to `max_budget` for a time.
    pub temporary_increase: Option<TemporaryIncrease>,
    /// Whether everyone under the record is refused. `None`, never said, counts as no.
    pub blocked: Option<bool>,
    /// How much is set aside for a request; `None`: as the proxy says.
    pub budget_mode: Option<BudgetMode>,
    /// What happens to a request that the budget does not fully afford; `None`: as the proxy says.
    pub budget_policy: Option<BudgetPolicy>,
}

/// A budget for one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelBudget {
    /// The most that may be spent on the model in one period. In nano-dollars.
    pub max_budget: Option<NanoDollars>,
    /// What may be spent on it in a period before somebody is told; refuses nothing. In nano-dollars.
    pub soft_budget: Option<NanoDollars>,
    /// The period; `None`: what is spent counts for ever.
    pub budget_duration: Option<BudgetPeriod>,
}

/// An addition to a budget that ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemporaryIncrease {
    /// How much is added to `max_budget`. In nano-dollars.
    pub amount: NanoDollars,
    /// When it is taken off again.
    pub expires_at: Timestamp,
}

/// How much is set aside before a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetMode {
    /// An upper bound, which is sent upstream as the output's cap: the bill cannot pass it.
    Strict,
    /// An estimate, extended while the answer grows.
    Balanced,
}

/// What happens to a request that would cost more than is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetPolicy {
    /// It is refused.
    Refuse,
    /// Its output is capped at what the budget still affords.
    Clamp,
}

impl Limits {
    /// Whether everyone under the record is refused.
    pub fn is_blocked(&self) -> bool {
        self.blocked == Some(true)
    }

    /// The budget at `now`, with what is added for a time. `None`: there is none.
    pub fn max_budget_at(&self, now: Timestamp) -> Option<NanoDollars> {
        let added = self.temporary_increase.filter(|increase| now < increase.expires_at);
        self.max_budget.map(|budget| added.map_or(budget, |increase| budget + increase.amount))
    }

    /// These limits, with those of a shared budget where this record sets none. What is spent is counted for this
    /// record alone; its period is that of the budget, which it does not keep a date of its own for.
    #[must_use]
    pub fn under(&self, shared: &Self) -> Self {
        let mut limits = self.clone();
        if limits.max_budget.is_none() {
            limits.max_budget = shared.max_budget;
            limits.budget_duration.clone_from(&shared.budget_duration);
            limits.budget_reset_at = None;
            limits.period_anchor = shared.first_end();
        }
        limits.soft_budget = limits.soft_budget.or(shared.soft_budget);
        limits.rpm_limit = limits.rpm_limit.or(shared.rpm_limit);
        limits.tpm_limit = limits.tpm_limit.or(shared.tpm_limit);
        limits.max_parallel_requests = limits.max_parallel_requests.or(shared.max_parallel_requests);
        limits.budget_mode = limits.budget_mode.or(shared.budget_mode);
        limits.budget_policy = limits.budget_policy.or(shared.budget_policy);
        let fill = |own: &mut BTreeMap<_, _>, shared: &BTreeMap<_, _>| {
            if own.is_empty() {
                own.clone_from(shared);
            }
        };
        fill(&mut limits.model_rpm_limit, &shared.model_rpm_limit);
        fill(&mut limits.model_tpm_limit, &shared.model_tpm_limit);
        fill(&mut limits.model_max_parallel_requests, &shared.model_max_parallel_requests);
        if limits.model_max_budget.is_empty() {
            limits.model_max_budget.clone_from(&shared.model_max_budget);
            limits.made_at = shared.made_at;
        }
        limits
    }

    /// The limits of a record that was made then.
    #[must_use]
    pub fn made_at(self, at: Timestamp) -> Self {
        Self { made_at: Some(at), ..self }
    }

    /// When the first period of the budget ended, counted from when the record was made.
    pub fn first_end(&self) -> Option<Timestamp> {
        Some(self.budget_duration.as_ref()?.next_reset(self.made_at?))
    }

    /// Whether nothing here has to be counted: no budget, no rate, no shared budget. Being blocked is not counting.
    pub fn is_unlimited(&self) -> bool {
        self.max_budget.is_none()
            && self.soft_budget.is_none()
            && self.rpm_limit.is_none()
            && self.tpm_limit.is_none()
            && self.max_parallel_requests.is_none()
            && self.model_max_budget.is_empty()
            && self.model_rpm_limit.is_empty()
            && self.model_tpm_limit.is_empty()
            && self.model_max_parallel_requests.is_empty()
            && self.budget_id.is_none()
    }
}

impl BudgetMode {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Balanced => "balanced",
        }
    }

    /// The mode with this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Strict, Self::Balanced].into_iter().find(|mode| mode.as_str() == text)
    }
}

impl BudgetPolicy {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Clamp => "clamp",
        }
    }

    /// The policy with this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Refuse, Self::Clamp].into_iter().find(|policy| policy.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_increase_counts_until_it_ends() {
        let (at, amount) = (Timestamp::from_millis, NanoDollars::new);
        let increase = TemporaryIncrease { amount: amount(5), expires_at: at(10) };
        let mut limits = Limits { temporary_increase: Some(increase), ..Limits::default() };
        assert_eq!(limits.max_budget_at(at(0)), None);
        limits.max_budget = Some(amount(2));
        assert_eq!(limits.max_budget_at(at(9)), Some(amount(7)));
        assert_eq!(limits.max_budget_at(at(10)), Some(amount(2)));
    }

    #[test]
    fn a_shared_budget_fills_what_a_record_leaves_open() {
        let own = Limits { rpm_limit: Some(1), budget_reset_at: Some(Timestamp::from_millis(9)), ..Limits::default() };
        let amount = Some(NanoDollars::new(5));
        let period = BudgetPeriod::parse("1d").ok();
        let shared = Limits {
            rpm_limit: Some(7),
            tpm_limit: Some(8),
            max_budget: amount,
            budget_duration: period.clone(),
            budget_reset_at: Some(Timestamp::from_millis(7)),
            ..Limits::default()
        };
        let both = own.under(&shared);
        assert_eq!((both.rpm_limit, both.tpm_limit, both.max_budget), (Some(1), Some(8), amount));
        assert_eq!((both.budget_duration, both.budget_reset_at), (period, None));
        let own = Limits { max_budget: Some(NanoDollars::new(1)), ..own };
        assert_eq!(own.under(&shared).max_budget, Some(NanoDollars::new(1)));
        assert_eq!(own.under(&shared).budget_duration, None);
    }

    #[test]
    fn a_block_alone_is_nothing_to_count() {
        let limits = Limits { blocked: Some(true), ..Limits::default() };
        assert!(limits.is_unlimited() && limits.is_blocked());
    }
}
