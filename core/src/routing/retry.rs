//! How often a call is repeated, and how long it waits before. Pure: chance and the time come in as arguments.

use super::fault::{ByFault, Fault};
use std::collections::HashMap;
use std::time::Duration;

/// Retries where nobody says anything, as LiteLLM's router.
pub const RETRIES_USUAL: u32 = 2;
/// Most retries that a request may ask for.
pub const RETRIES_MAX: u32 = 20;
/// The wait before the first retry, jitter left out; it doubles with each.
const WAIT_FIRST: Duration = Duration::from_millis(500);
const WAIT_MAX: Duration = Duration::from_secs(8);
/// The most that jitter adds.
const JITTER: Duration = Duration::from_millis(250);
/// Longest wait that an upstream may ask for. One that asks for more is not asked again in this call.
const ASKED_MAX: Duration = Duration::from_secs(60);

/// How often calls are repeated.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryRules {
    /// `num_retries`.
    pub retries: u32,
    /// `retry_policy`.
    pub by_fault: ByFault,
    /// `model_group_retry_policy`, by the model's public name.
    pub by_model: HashMap<String, ByFault>,
    /// `retry_after`: the least wait before a retry.
    pub wait_min: Duration,
}

impl Default for RetryRules {
    fn default() -> Self {
        let (by_fault, by_model) = (ByFault::default(), HashMap::new());
        Self { retries: RETRIES_USUAL, by_fault, by_model, wait_min: Duration::ZERO }
    }
}

impl RetryRules {
    /// Most retries of a call that failed like this: as the request says, else the policy of the model, the policy of
    /// all, the deployment, and the number for everything. A fault that sending again does not mend is only repeated where a
    /// policy says so.
    pub fn retries(&self, fault: Fault, model: &str, deployments: Option<u32>, asked: Option<u32>) -> u32 {
        let policy = self.by_model.get(model).and_then(|policy| policy.get(fault)).or_else(|| self.by_fault.get(fault));
        if policy.is_none() && !fault.may_pass() && fault != Fault::Authentication {
            return 0;
        }
        asked.or(policy).or(deployments).unwrap_or(self.retries)
    }

    /// Whether a policy says how often this fault is repeated.
    pub fn names(&self, fault: Fault, model: &str) -> bool {
        let of_model = self.by_model.get(model).and_then(|policy| policy.get(fault));
        of_model.or_else(|| self.by_fault.get(fault)).is_some()
    }

    /// The wait before retry number `number` (the first is 0) of a deployment that has just failed. `None`: the upstream
    /// asks for a longer wait than any client has. `chance`: from 0 up to 1.
    pub fn wait(&self, number: u32, asked: Option<Duration>, chance: f64) -> Option<Duration> {
        if asked.is_some_and(|asked| asked > ASKED_MAX) {
            return None;
        }
        let doubled = WAIT_FIRST.saturating_mul(1 << number.min(8)).min(WAIT_MAX);
        let wait = asked.map_or(doubled, |asked| asked.max(WAIT_FIRST)).max(self.wait_min);
        Some(wait + JITTER.mul_f64(chance.clamp(0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_goes_before_policies_and_they_before_the_deployment() {
        let one = ByFault { rate_limit: Some(4), ..ByFault::default() };
        let of_model = ByFault { rate_limit: Some(1), ..ByFault::default() };
        let rules = RetryRules {
            by_fault: one,
            by_model: HashMap::from([("a".to_owned(), of_model)]),
            ..RetryRules::default()
        };
        assert_eq!(rules.retries(Fault::RateLimit, "a", Some(9), Some(3)), 3);
        assert_eq!(rules.retries(Fault::RateLimit, "a", Some(9), None), 1);
        assert_eq!(rules.retries(Fault::RateLimit, "b", Some(9), None), 4);
        assert_eq!(rules.retries(Fault::Server, "a", Some(9), None), 9);
        assert_eq!(rules.retries(Fault::Server, "a", None, None), RETRIES_USUAL);
    }

    #[test]
    fn the_clients_mistakes_are_repeated_only_where_a_policy_says_so() {
        let rules = RetryRules::default();
        for fault in [Fault::BadRequest, Fault::TooLarge, Fault::ContextWindow, Fault::ContentPolicy, Fault::NotFound] {
            assert_eq!(rules.retries(fault, "a", Some(3), Some(3)), 0, "{fault:?}");
        }
        let by_fault = ByFault { bad_request: Some(2), ..ByFault::default() };
        let rules = RetryRules { by_fault, ..rules };
        assert_eq!(rules.retries(Fault::BadRequest, "a", None, None), 2);
    }

    #[test]
    fn waits_double_obey_the_upstream_and_are_never_shorter_than_asked() {
        let rules = RetryRules::default();
        let millis = |number, asked, chance| rules.wait(number, asked, chance).map(|wait| wait.as_millis());
        assert_eq!([0, 1, 2, 9].map(|number| millis(number, None, 0.0).unwrap()), [500, 1000, 2000, 8000]);
        assert_eq!(millis(0, None, 1.0), Some(750));
        assert_eq!(millis(0, Some(Duration::from_secs(7)), 0.0), Some(7000));
        assert_eq!(millis(5, Some(Duration::ZERO), 0.0), Some(500));
        assert_eq!(millis(0, Some(Duration::from_secs(61)), 0.0), None);
        let rules = RetryRules { wait_min: Duration::from_secs(3), ..rules };
        assert_eq!(rules.wait(0, Some(Duration::from_secs(1)), 0.0), Some(Duration::from_secs(3)));
    }
}
