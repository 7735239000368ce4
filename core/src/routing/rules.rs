//! What the configuration says about calls that fail, as calls ask for it.

use super::breaker::BreakerRules;
use super::fallback::{Fallback, FallbackList, FallbackRules};
use super::fault::ByFault;
use super::retry::RetryRules;
use crate::config::failing::{FailingSettings, FallbackEntry, FallbackTarget, PerError};
use std::time::Duration;

/// What becomes of calls that fail.
#[derive(Clone, Debug, Default)]
pub struct FailureRules {
    /// Retries.
    pub retry: RetryRules,
    /// Cooldowns.
    pub breaker: BreakerRules,
    /// Other models.
    pub fallback: FallbackRules,
}

impl FailureRules {
    /// The rules of a configuration.
    pub fn of(settings: &FailingSettings) -> Self {
        let usual = Self::default();
        let retry = RetryRules {
            retries: settings.num_retries.unwrap_or(usual.retry.retries),
            by_fault: by_fault(&settings.retry_policy),
            by_model: settings
                .model_group_retry_policy
                .iter()
                .map(|(model, policy)| (model.clone(), by_fault(policy)))
                .collect(),
            wait_min: Duration::try_from_secs_f64(settings.retry_after.unwrap_or(0.0)).unwrap_or_default(),
        };
        let breaker = BreakerRules {
            is_on: !settings.disable_cooldowns.unwrap_or(false),
            allowed_fails: settings.allowed_fails,
            allowed_fails_by_fault: by_fault(&settings.allowed_fails_policy),
            cooldown_millis: settings.cooldown_time.map_or(usual.breaker.cooldown_millis, millis),
        };
        let fallback = FallbackRules {
            general: list(&settings.fallbacks),
            default: settings.default_fallbacks.iter().map(fallback).collect(),
            context_window: list(&settings.context_window_fallbacks),
            content_policy: list(&settings.content_policy_fallbacks),
            most: settings.max_fallbacks.unwrap_or(usual.fallback.most),
        };
        Self { retry, breaker, fallback }
    }
}

/// Seconds as milliseconds.
pub fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

fn list(entries: &[FallbackEntry]) -> FallbackList {
    FallbackList::new(entries.iter().map(|entry| (entry.model.clone(), entry.targets.iter().map(fallback).collect())))
}

fn fallback(target: &FallbackTarget) -> Fallback {
    Fallback { model: target.model.clone(), params: target.params.clone() }
}

fn by_fault(setting: &PerError) -> ByFault {
    ByFault {
        bad_request: setting.bad_request,
        authentication: setting.authentication,
        timeout: setting.timeout,
        rate_limit: setting.rate_limit,
        content_policy: setting.content_policy,
        internal_server: setting.internal_server,
    }
}
