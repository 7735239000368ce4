//! What instances know of each other's calls, where a choice goes by it: use and latencies of deployments, cooldowns, and
//! what probes found. Told and read beside calls, never before one: a call that begins or ends starts a round where the last
//! one is [`STALE_MILLIS`] ago. An instance without calls tells and reads nothing.

use super::background::Background;
use super::found;
use crate::accounting::health_log::HealthLog;
use crate::accounting::shared_cooldowns::SharedCooldowns;
use crate::accounting::shared_use::{SharedUse, Shares};
use crate::clock::Timestamp;
use crate::config::health::HealthSettings;
use crate::id::DeploymentId;
use crate::routing::Routing;
use crate::routing::latencies::MeanOf;
use crate::routing::seen::{Seen, Told, Use, number_of};
use crate::store::table::ReadError;
use std::collections::HashMap;
use std::error::Error;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// Milliseconds from one round to the next: how late an instance with calls knows of others'.
pub const STALE_MILLIS: i64 = 2_000;

/// Milliseconds from one look at what probes found to the next.
pub const HEALTH_STALE_MILLIS: i64 = 15_000;

/// Told and read beside calls.
pub struct Sharing {
    shared: SharedUse,
    cooldowns: Option<SharedCooldowns>,
    probes: Option<(HealthLog, HealthSettings)>,
    last_look: AtomicI64,
    routing: Arc<Routing>,
    last_round: AtomicI64,
    /// What this process has told, by minute and deployment: it is no other's.
    told: Mutex<HashMap<(i64, DeploymentId), Shares>>,
}

impl Sharing {
    /// Shares what is seen.
    pub fn new(shared: SharedUse, routing: Arc<Routing>) -> Self {
        Self {
            shared,
            cooldowns: None,
            probes: None,
            last_look: AtomicI64::new(i64::MIN),
            routing,
            last_round: AtomicI64::new(i64::MIN),
            told: Mutex::default(),
        }
    }

    /// Takes in what probes found, too.
    pub fn looking_at(self, log: HealthLog, settings: HealthSettings) -> Self {
        Self { probes: Some((log, settings)), ..self }
    }

    /// Tells and learns who cools down, too.
    pub fn cooling_together(self, cooldowns: SharedCooldowns) -> Self {
        Self { cooldowns: Some(cooldowns), ..self }
    }

    /// A deployment has begun to cool down: others are told in the background.
    pub fn cools(self: &Arc<Self>, background: &Background, now: Timestamp) {
        if self.cooldowns.is_some() {
            let sharing = Arc::clone(self);
            background.spawn(async move { sharing.tell_cooldowns(now).await });
        }
    }

    /// Starts a round in the background where one is due.
    pub fn turn(self: &Arc<Self>, background: &Background, now: Timestamp) {
        let last = self.last_round.load(Relaxed);
        let is_due = now.millis().saturating_sub(last) >= STALE_MILLIS;
        if is_due && self.last_round.compare_exchange(last, now.millis(), Relaxed, Relaxed).is_ok() {
            let sharing = Arc::clone(self);
            background.spawn(async move { sharing.round(now).await });
        }
    }

    /// Tells what this process has seen, and takes in what others have.
    pub async fn round(&self, now: Timestamp) {
        self.look(now).await;
        if self.routing.watches() {
            self.exchange(now).await;
        }
        self.exchange_cooldowns(now).await;
    }

    async fn exchange_cooldowns(&self, now: Timestamp) {
        let Some(cooldowns) = &self.cooldowns else { return };
        self.tell_cooldowns(now).await;
        match cooldowns.told(now).await {
            Ok(told) => told.iter().for_each(|(name, until)| self.routing.others_cool(name, *until)),
            Err(error) => {
                tracing::warn!(error = &error as &dyn Error, "which deployments others leave alone is not known");
            }
        }
    }

    async fn tell_cooldowns(&self, now: Timestamp) {
        let Some(cooldowns) = &self.cooldowns else { return };
        for (name, until, breaker) in self.routing.untold_cooldowns(now) {
            if let Err(error) = cooldowns.tell(&name, until).await {
                breaker.is_untold();
                tracing::warn!(error = &error as &dyn Error, "other instances are not told of a cooldown");
            }
        }
    }

    async fn look(&self, now: Timestamp) {
        let Some((log, settings)) = &self.probes else { return };
        if now.millis().saturating_sub(self.last_look.load(Relaxed)) < HEALTH_STALE_MILLIS {
            return;
        }
        self.last_look.store(now.millis(), Relaxed);
        match log.latest().await {
            Ok(latest) => latest.iter().for_each(|checked| found::take_in(checked, &self.routing, settings)),
            Err(error) => tracing::warn!(error = &error as &dyn Error, "what probes found is not known"),
        }
    }

    async fn exchange(&self, now: Timestamp) {
        let minute = number_of(now);
        let seen = self.routing.all_seen();
        for (id, seen) in &seen {
            self.tell(id, seen, minute, now).await;
        }
        let read = async { Ok((self.shared.told(minute).await?, self.shared.told(minute - 1).await?)) };
        let read: Result<_, ReadError> = read.await;
        match read {
            Ok((current, before)) => self.take_in(&seen, now, current, before),
            Err(error) => {
                tracing::warn!(error = &error as &dyn Error, "what other instances have seen is not known");
            }
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|(told_in, _), _| *told_in >= minute - 1);
    }

    async fn tell(&self, id: &DeploymentId, seen: &Seen, minute: i64, now: Timestamp) {
        let untold = seen.untold.take();
        if untold == Told::default() {
            return;
        }
        let shares = shares(untold);
        // Counted as told before it is: what may have been added must not come back as another's.
        {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            let own = told.entry((minute, id.clone())).or_default();
            *own = own.plus(shares);
        }
        if let Err(error) = self.shared.tell(id, minute, shares, now).await {
            tracing::warn!(error = &error as &dyn Error, "other instances are not told what was seen");
        }
    }

    fn take_in(
        &self,
        seen: &[(DeploymentId, Arc<Seen>)],
        now: Timestamp,
        current: Vec<(String, Shares)>,
        before: Vec<(String, Shares)>,
    ) {
        let minute = number_of(now);
        let (current, before): (HashMap<_, _>, HashMap<_, _>) =
            (current.into_iter().collect(), before.into_iter().collect());
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, seen) in seen {
            let others = |all: &HashMap<String, Shares>, minute| {
                let own = told.get(&(minute, id.clone())).copied().unwrap_or_default();
                all.get(id.as_str()).copied().unwrap_or_default().beyond(own)
            };
            let (now_used, used_before) = (others(&current, minute), others(&before, minute - 1));
            let count = |count: i64| u64::try_from(count).unwrap_or(0);
            seen.others_used(now, Use { requests: count(now_used.requests), tokens: count(now_used.tokens) });
            let both = now_used.plus(used_before);
            if let Some(mean) = mean(both.latency_us, both.latencies) {
                seen.latency.others_measured(now, mean);
            }
            if let Some(mean) = mean(both.first_us, both.firsts) {
                seen.first_token.others_measured(now, mean);
            }
        }
    }
}

fn mean(sum_us: i64, count: i64) -> Option<MeanOf> {
    let whole = u32::try_from(count).ok().filter(|count| *count > 0)?;
    Some(MeanOf { seconds: sum_us as f32 / 1_000_000.0 / whole as f32, count: whole })
}

fn shares(untold: Told) -> Shares {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    Shares {
        requests: count(untold.requests),
        tokens: count(untold.tokens),
        latency_us: count(untold.latency_us),
        latencies: count(untold.latencies),
        first_us: count(untold.first_us),
        firsts: count(untold.firsts),
    }
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests {
    use super::*;
    use crate::accounting::health_log::Checked;
    use crate::clock::ManualClock;
    use crate::config::routing::RoutingSettings;
    use crate::routing::breaker::{Breaker, BreakerRules, Failed};
    use crate::routing::fault::Fault;
    use crate::routing::latencies::counting_since;
    use crate::routing::seen::Measured;
    use crate::routing::tests as routing_tests;
    use crate::store::embedded::EmbeddedTable;
    use crate::store::table::Table;

    fn instance(table: &Arc<dyn Table>) -> (Sharing, Arc<Seen>) {
        let settings: RoutingSettings =
            serde_json::from_value(serde_json::json!({"routing_strategy": "latency-based-routing"})).unwrap();
        let routing = Arc::new(Routing::new(settings, HealthSettings::default()));
        let seen = routing.seen(&DeploymentId::new("d"));
        (Sharing::new(SharedUse::new(Arc::clone(table)), routing), seen)
    }

    #[tokio::test]
    async fn two_instances_know_of_each_other_and_count_themselves_once() {
        let now = Timestamp::from_seconds(600_000);
        let table: Arc<dyn Table> = Arc::new(EmbeddedTable::in_memory(Arc::new(ManualClock::at(now))).unwrap());
        let ((one, seen_by_one), (other, seen_by_other)) = (instance(&table), instance(&table));
        for (seen, took_ms) in [(&seen_by_one, 100), (&seen_by_other, 300)] {
            seen.begun(now);
            seen.answered(now, Measured { tokens: 10, answer_tokens: 1, took_ms, first_token_ms: None });
        }
        for _ in 0..2 {
            one.round(now).await;
            other.round(now).await;
        }
        for seen in [&seen_by_one, &seen_by_other] {
            assert_eq!(seen.used(now), Use { requests: 2, tokens: 20 });
            assert!((seen.latency.mean(counting_since(now, 60)).unwrap() - 0.2).abs() < 0.001);
        }
    }

    #[tokio::test]
    async fn what_was_seen_in_another_minute_is_no_use_of_this_one() {
        let (now, later) = (Timestamp::from_seconds(600_000), Timestamp::from_seconds(600_060));
        let table: Arc<dyn Table> = Arc::new(EmbeddedTable::in_memory(Arc::new(ManualClock::at(now))).unwrap());
        let ((one, seen_by_one), (other, seen_by_other)) = (instance(&table), instance(&table));
        seen_by_one.begun(now);
        one.round(now).await;
        other.round(later).await;
        assert_eq!(seen_by_other.used(later), Use::default());
    }

    #[tokio::test]
    async fn instances_cool_deployments_down_together_and_the_latest_end_holds() {
        let now = Timestamp::from_seconds(600_000);
        let table: Arc<dyn Table> = Arc::new(EmbeddedTable::in_memory(Arc::new(ManualClock::at(now))).unwrap());
        let instance = || {
            let models = routing_tests::table(&[("a", "openai/x"), ("a", "openai/y")]);
            let breakers = models.group("a").unwrap().deployments.iter().map(|one| Arc::clone(&one.breaker));
            let sharing = Sharing::new(SharedUse::new(Arc::clone(&table)), Arc::clone(models.routing()));
            (sharing.cooling_together(SharedCooldowns::new(Arc::clone(&table))), breakers.collect::<Vec<_>>())
        };
        let ((one, of_one), (other, of_other)) = (instance(), instance());
        let fail = |breaker: &Breaker, at, seconds: i64| {
            let asked_millis = Some(seconds * 1_000);
            let failed =
                Failed { fault: Fault::RateLimit, at, asked_millis, own_cooldown_millis: None, is_alone: false };
            breaker.failed(failed, &BreakerRules::default())
        };
        assert!(fail(&of_one[0], now, 30) && fail(&of_other[0], now, 60) && fail(&of_other[1], now, 10));
        for _ in 0..2 {
            one.round(now).await;
            other.round(now).await;
        }
        let ends = |breakers: &[Arc<Breaker>]| breakers.iter().map(|one| one.cooldown_until()).collect::<Vec<_>>();
        assert_eq!(ends(&of_one), [600_060_000, 600_010_000]);
        assert_eq!(ends(&of_other), ends(&of_one));
        let (late, of_late) = instance();
        late.round(now.plus_millis(20_000)).await;
        assert_eq!(ends(&of_late), [600_060_000, 0], "what is over is not learnt");
    }

    #[tokio::test]
    async fn what_probes_found_is_taken_in_beside_calls() {
        let now = Timestamp::from_seconds(600_000);
        let table: Arc<dyn Table> = Arc::new(EmbeddedTable::in_memory(Arc::new(ManualClock::at(now))).unwrap());
        let log = HealthLog::new(Arc::clone(&table));
        let (one, seen) = instance(&table);
        let settings = HealthSettings { background_health_checks: true, ..HealthSettings::default() };
        let one = one.looking_at(log.clone(), settings);
        let found = |error: Option<&str>, at| Checked {
            id: DeploymentId::new("d"),
            model_name: "gpt".to_owned(),
            error: error.map(str::to_owned),
            took_ms: 1,
            at,
            by: None,
        };
        log.record(&found(Some("gone"), now)).await.unwrap();
        one.round(now).await;
        assert!(!seen.is_healthy(now) && seen.is_healthy(now.plus_millis(900_000)));
        log.record(&found(None, now)).await.unwrap();
        one.round(now.plus_millis(HEALTH_STALE_MILLIS - 1)).await;
        assert!(!seen.is_healthy(now), "looked at a moment ago");
        one.round(now.plus_millis(HEALTH_STALE_MILLIS)).await;
        assert!(seen.is_healthy(now));
    }
}
