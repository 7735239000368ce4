//! What went wrong with an attempt, as rules ask, and who is to blame for it.

use super::error::CallError;
use super::parts::ModelCalls;
use super::scopes::OF_THE_WAY;
use crate::admission::refusal::Refusal;
use crate::clock::Timestamp;
use crate::routing::Deployment;
use crate::routing::breaker::Failed;
use crate::routing::fault::Fault;
use crate::routing::rules::millis;
use crate::upstream::identity::error::IdentityError;
use crate::upstream::transport::TransportError;
use http::HeaderValue;
use jiff::fmt::rfc2822;
use std::time::Duration;

/// What went wrong; `None`: nothing that another attempt could mend.
pub(super) fn of(error: &CallError) -> Option<Fault> {
    match error {
        CallError::Upstream { failure, .. } => Some(Fault::of_answer(failure.class, failure.status)),
        CallError::Transport(TransportError::TimedOut(_)) => Some(Fault::Timeout),
        CallError::Transport(TransportError::NotSent(_) | TransportError::Broken(_)) => Some(Fault::Connection),
        CallError::Identity(IdentityError::Refused { .. }) => Some(Fault::Authentication),
        CallError::Identity(IdentityError::Unreachable { .. }) => Some(Fault::Connection),
        CallError::Identity(IdentityError::Setting { .. }) => Some(Fault::Authentication),
        CallError::Refused(Refusal::Rate { kind, .. } | Refusal::Budget { kind, .. }) if OF_THE_WAY.contains(kind) => {
            Some(Fault::NoCapacity)
        }
        CallError::Refused(Refusal::Crowded(_)) => Some(Fault::NoCapacity),
        CallError::NothingLeft(nothing) if nothing.is_too_long() => Some(Fault::ContextWindow),
        CallError::NothingLeft(nothing) if nothing.may_pass() => Some(Fault::NoCapacity),
        _ => None,
    }
}

/// How long the upstream asks to be left alone: seconds, or a date.
pub(super) fn asked_wait(error: &CallError, now: Timestamp) -> Option<Duration> {
    let CallError::Upstream { retry_after: Some(told), .. } = error else { return None };
    wait_of(told, now)
}

fn wait_of(told: &HeaderValue, now: Timestamp) -> Option<Duration> {
    let told = told.to_str().ok()?.trim();
    if let Ok(seconds) = told.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = rfc2822::DateTimeParser::new().parse_timestamp(told).ok()?;
    Some(Duration::from_millis(u64::try_from(date.as_millisecond() - now.millis()).unwrap_or(0)))
}

/// Counts a failed attempt against its deployment, where it is to blame.
pub(super) fn blame(calls: &ModelCalls, deployment: &Deployment, is_alone: bool, error: &CallError) {
    let Some(fault) = of(error) else { return };
    let at = calls.clock.now();
    let failed = Failed {
        fault,
        at,
        asked_millis: asked_wait(error, at).and_then(|wait| i64::try_from(wait.as_millis()).ok()),
        own_cooldown_millis: deployment.entry.params.cooldown_time.map(millis),
        is_alone,
    };
    if deployment.breaker.failed(failed, &calls.failing.breaker) {
        tracing::warn!(deployment = %deployment.id, fault = ?fault, "a deployment cools down");
        if let Some(sharing) = calls.sharing.as_ref().filter(|_| !is_alone) {
            sharing.cools(&calls.background, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_seconds_or_as_a_date() {
        let now = Timestamp::from_seconds(1_763_700_000);
        let wait = |told: &'static str| wait_of(&HeaderValue::from_static(told), now).map(|wait| wait.as_secs());
        assert_eq!(wait("7"), Some(7));
        assert_eq!(wait("Fri, 21 Nov 2025 04:40:30 GMT"), Some(30));
        assert_eq!(wait("Fri, 21 Nov 2025 04:00:00 GMT"), Some(0));
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("-1"), None);
    }
}
