//! Takes the same steps with the model and with the real thing, and compares after each what was answered and what is
//! counted.

use crate::model::{Answer, Limits, Model, Wish, end_of};
use crate::real::{Held, Real};
use crate::steps::{Asked, KEYS, SHARED, Step, Which};
use postern_core::clock::{Clock, ManualClock, Timestamp};
use postern_core::flow::maintenance::job::Job;
use postern_core::store::table::Table;
use std::sync::Arc;

/// A moment shortly before a leap day ends.
pub(crate) const BEGIN: Timestamp = Timestamp::from_millis(1_709_251_140_000);

/// What the administrator has said of a key.
#[derive(Clone, Default)]
struct Key {
    limits: Limits,
    period: Option<&'static str>,
    end: Option<i64>,
    blocked: bool,
}

struct Case {
    model: Model,
    real: Real,
    clock: Arc<ManualClock>,
    keys: Vec<Key>,
    held: Vec<Held>,
}

/// Takes the steps. Says where model and table part.
pub(crate) async fn part(
    steps: &[Step],
    table: Arc<dyn Table>,
    clock: Arc<ManualClock>,
    case: u8,
) -> Result<(), String> {
    let mut case = Case {
        model: Model::default(),
        real: Real::new(table, Arc::clone(&clock), case),
        clock,
        keys: vec![Key::default(); KEYS],
        held: Vec::new(),
    };
    for key in 0..KEYS {
        case.real.make_key(key).await;
    }
    for (number, step) in steps.iter().enumerate() {
        case.take(step).await.map_err(|parting| format!("step {number}, {step:?}: {parting}"))?;
        case.compare().await.map_err(|parting| format!("after step {number}, {step:?}: {parting}"))?;
    }
    Ok(())
}

impl Case {
    fn now(&self) -> i64 {
        self.clock.now().millis()
    }

    async fn take(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Reserve(asked) => return self.reserve(asked).await,
            Step::Settle { call, cost, tokens } => {
                if let Some(number) = self.held.len().checked_sub(call + 1) {
                    self.model.settle(number, *cost, i64::try_from(*tokens).unwrap_or(0), self.now());
                    self.real.settle(&self.held[number], *cost, *tokens).await;
                }
            }
            Step::Void { call } => {
                if let Some(number) = self.held.len().checked_sub(call + 1) {
                    self.model.void(number, self.now());
                    self.real.void(&self.held[number]).await;
                }
            }
            Step::Expire => {
                self.model.expire(self.now());
                self.real.maintain(Job::ExpiredHolds).await;
            }
            Step::RollOver => {
                for key in 0..KEYS {
                    self.begin_due_period(key);
                }
                self.real.maintain(Job::BudgetRollover).await;
            }
            Step::SetLimit { key, which, to } => {
                let limits = &mut self.keys[*key].limits;
                match which {
                    Which::Budget => limits.budget = *to,
                    Which::Requests => limits.requests = *to,
                    Which::Tokens => limits.tokens = *to,
                    Which::Parallel => limits.parallel = *to,
                }
                self.real.set_limit(*key, *which, *to).await;
            }
            Step::SetPeriod { key, period } => {
                let now = self.now();
                self.keys[*key].period = *period;
                self.keys[*key].end = period.map(|period| end_of(period, now));
                self.real.set_period(*key, *period).await;
            }
            Step::Block { key, blocked } => {
                self.keys[*key].blocked = *blocked;
                self.real.block(*key, *blocked).await;
            }
            Step::Clock { millis } => self.clock.advance_millis(*millis),
            Step::ClockToEnd { of, off_millis } => {
                let left = end_of(of, self.now()) - self.now() + off_millis;
                self.clock.advance_millis(left.max(0));
            }
        }
        Ok(())
    }

    async fn reserve(&mut self, asked: &Asked) -> Result<(), String> {
        let key = self.keys[asked.key].clone();
        if key.blocked != self.real.is_blocked(asked.key).await {
            return Err("a block is lost".to_owned());
        }
        if key.blocked {
            return Ok(());
        }
        let mut scopes = vec![(format!("key-{}", asked.key), key.limits)];
        let shared = (0..SHARED).filter(|number| asked.shared[*number]);
        scopes.extend(shared.map(|number| (format!("shared-{number}"), shared_limits(number))));
        let Asked { cost, input, output, is_bounded, lasts, is_bound, .. } = *asked;
        let wish = Wish { scopes, cost, input, output, is_bounded, lasts, is_bound };
        if self.keys[asked.key].limits.budget.is_some() {
            self.begin_due_period(asked.key);
        }
        let wanted = self.model.reserve(self.held.len(), wish.clone(), self.now());
        let answer = match self.real.reserve(asked.key, &wish).await {
            Ok(held) => {
                self.held.push(held);
                Answer::Held
            }
            Err(answer) => answer,
        };
        if answer == wanted { Ok(()) } else { Err(format!("{answer:?}, and not {wanted:?}")) }
    }

    fn begin_due_period(&mut self, key: usize) {
        let now = self.now();
        let known = &mut self.keys[key];
        if let (Some(period), Some(end)) = (known.period, known.end)
            && end <= now
        {
            known.end = Some(end_of(period, now));
            self.model.begin_period(&format!("key-{key}"));
        }
    }

    async fn compare(&self) -> Result<(), String> {
        for (number, key) in self.keys.iter().enumerate() {
            let (limits, end) = (self.real.limits(number).await, self.real.period_end(number).await);
            if (&limits, end) != (&key.limits, key.end) {
                return Err(format!(
                    "key {number} has {limits:?} until {end:?}, and not {:?} {:?}",
                    key.limits, key.end
                ));
            }
        }
        for (name, counters) in &self.model.scopes {
            let mut seen = self.real.see(name).await;
            let now = self.now();
            // A window that is over may be forgotten.
            let window = counters.window.filter(|window| window.is_open(now));
            seen.window = seen.window.filter(|(start, ..)| *start + crate::model::MINUTE > now);
            let window = window.map(|window| (window.start, window.requests, window.tokens));
            let wanted = crate::real::Seen {
                used: counters.charged + counters.held,
                charged: if seen.is_apart { 0 } else { counters.charged },
                is_apart: seen.is_apart,
                window,
                parallel: counters.parallel,
            };
            if seen != wanted {
                return Err(format!("{name} has {seen:?}, and not {wanted:?}"));
            }
        }
        Ok(())
    }
}

/// Scopes above the keys, which nobody changes.
fn shared_limits(number: usize) -> Limits {
    match number {
        0 => Limits { budget: Some(4_000), requests: Some(4), ..Limits::default() },
        1 => Limits { tokens: Some(150), parallel: Some(3), ..Limits::default() },
        _ => Limits { budget: Some(2_500), requests: Some(6), tokens: Some(300), parallel: Some(5) },
    }
}
