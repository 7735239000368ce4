//! One limit that a call counts in: the conditional write that counts it in, what a failed condition teaches, and the
//! write that takes it out again.
//!
//! A limit is a number that the caller knows, so each condition compares what is stored with a constant: one write, no
//! read before it. The first guess is the common case; where it fails, the store gives the item as it stands, and the
//! next guess is made from that.

use super::counters::{COUNT, REQUESTS, START, TOKENS, USED};
use super::hold::Held;
use super::limits::{Budget, Counter, Demand, ScopeLimits, WINDOW_MILLIS};
use super::refusal::{Rate, Refusal};
use super::windows::{Guess, Windows};
use crate::clock::Timestamp;
use crate::money::NanoDollars;
use crate::store::item::Item;
use crate::store::write::{Change, Condition, Write};

/// Seconds after which a request that met too many others under way may try again.
const PARALLEL_RETRY_MILLIS: i64 = WINDOW_MILLIS;

/// How long a window's item stays. A container may be frozen between its look at the clock and its write: as long as
/// the window of that time is remembered, the write counts in it or finds it over, and cannot open another one beside it.
const WINDOW_KEPT_MILLIS: i64 = 24 * 60 * 60_000;

/// One limit of a scope, with what is known of its item.
pub(super) enum Line<'a> {
    Budget { kind: &'static str, budget: &'a Budget, limit: i64, amount: i64 },
    Window { scope: &'a ScopeLimits, tokens: i64, window: Guess },
    Parallel { scope: &'a ScopeLimits, limit: i64 },
}

impl<'a> Line<'a> {
    /// The limits of a scope that a call of `cost` and `tokens` counts in.
    pub(super) fn of(scope: &'a ScopeLimits, demand: &Demand) -> Vec<Self> {
        // Never more than the whole budget where it is a guess, so that a small one can be used: such a call has it to
        // itself. Never nothing, so that calls of a model without a price end with the budget.
        let most = |budget: &Budget| if demand.is_bound { i64::MAX } else { budget.limit.nanos() };
        let amount = |budget: &Budget| demand.cost.nanos().min(most(budget)).max(1);
        let budget = scope.budget.as_ref().map(|budget| Self::budget(scope.kind, budget, amount(budget)));
        let mut lines: Vec<Self> = budget.into_iter().collect();
        if scope.requests.is_some() || scope.tokens.is_some() {
            // Where they are not limited they are not counted, so that nothing has to be corrected afterwards.
            let tokens = if scope.tokens.is_some() { demand.tokens.counted(scope.tokens) } else { 0 };
            lines.push(Self::Window { scope, tokens, window: Guess::Open });
        }
        if let Some(limit) = scope.parallel {
            lines.push(Self::Parallel { scope, limit });
        }
        lines
    }

    /// So many nano-dollars of a budget.
    pub(super) fn budget(kind: &'static str, budget: &'a Budget, amount: i64) -> Self {
        Self::Budget { kind, budget, limit: budget.limit.nanos(), amount }
    }

    /// Guesses from what this process has met.
    pub(super) fn recall(&mut self, windows: &Windows, now: Timestamp) {
        if let Self::Window { scope, window, .. } = self {
            *window = windows.guess(scope, now);
        }
    }

    /// Whether no window of the scope was ever met here.
    pub(super) fn is_unmet(&self) -> bool {
        matches!(self, Self::Window { window: Guess::Unmet, .. })
    }

    /// Thinks again, as another scope of the same call has an open window that was not met before.
    pub(super) fn follow(&mut self) {
        if let Self::Window { window: window @ Guess::Unmet, .. } = self {
            *window = Guess::Open;
        }
    }

    /// Remembers what was counted, once the write has happened.
    pub(super) fn remember(&self, windows: &Windows, now: Timestamp) {
        if let Self::Window { scope, tokens, window } = self {
            windows.counted(scope, *tokens, *window != Guess::Open, now);
        }
    }

    /// Forgets what was a wrong guess.
    pub(super) fn forget(&self, windows: &Windows, now: Timestamp) {
        if let Self::Window { scope, window: Guess::Ended | Guess::Unmet, .. } = self {
            windows.forget(scope, now);
        }
    }

    /// A limit so low that no state of the store allows the call.
    pub(super) fn impossible(&self, now: Timestamp) -> Option<Refusal> {
        let at = |rate, limit: Option<i64>| limit.filter(|limit| *limit <= 0).map(|limit| (rate, limit));
        let (scope, (rate, limit)) = match self {
            // A budget of nothing admits nothing, whatever the call costs.
            Self::Budget { kind, budget, limit, .. } if *limit <= 0 => return Some(over(kind, budget, 0, now)),
            Self::Budget { .. } => return None,
            Self::Window { scope, .. } => {
                (scope, at(Rate::Requests, scope.requests).or_else(|| at(Rate::Tokens, scope.tokens))?)
            }
            Self::Parallel { scope, limit, .. } => (scope, at(Rate::Parallel, Some(*limit))?),
        };
        Some(refused(scope, rate, limit, 0, now.plus_millis(WINDOW_MILLIS), now))
    }

    /// The write that counts the call in.
    pub(super) fn write(&self, now: Timestamp) -> Write {
        match self {
            Self::Budget { budget, limit, amount, .. } => {
                let Count { mut changes, when } = count_up(USED, *amount, limit.saturating_sub(*amount));
                if let Counter::Period { expires_at: Some(end), .. } = &budget.counter {
                    changes.push(Change::Expire(Some(*end)));
                }
                Write::Update { key: budget.counter.key().clone(), changes, when }
            }
            Self::Parallel { scope, limit } => {
                let Count { changes, when } = count_up(COUNT, 1, limit - 1);
                Write::Update { key: scope.parallel_key(), changes, when }
            }
            Self::Window { scope, tokens, window } => {
                let (changes, when) = match window {
                    Guess::Open => {
                        let changes = vec![
                            Change::SetIfMissing(START.to_owned(), now.millis().into()),
                            Change::Add(REQUESTS.to_owned(), i64::from(!scope.is_repeat)),
                            Change::Add(TOKENS.to_owned(), *tokens),
                            Change::Expire(Some(now.plus_millis(WINDOW_KEPT_MILLIS))),
                        ];
                        (changes, open_or_first(scope, *tokens, now))
                    }
                    Guess::Ended | Guess::Unmet => {
                        let is_over = Condition::AtMostOrLacks(START.to_owned(), now.millis() - WINDOW_MILLIS);
                        (opened(*tokens, now), vec![is_over])
                    }
                };
                Write::Update { key: scope.window_key(), changes, when }
            }
        }
    }

    /// Learns from the item that stood in the way.
    ///
    /// # Errors
    /// The item says that the limit is reached.
    pub(super) fn learn(&mut self, old: Option<&Item>, now: Timestamp) -> Result<(), Refusal> {
        match self {
            Self::Budget { kind, budget, limit, amount } => {
                let used = old.and_then(|item| item.number(USED)).unwrap_or(0);
                if used > limit.saturating_sub(*amount) {
                    return Err(over(kind, budget, used, now));
                }
            }
            Self::Parallel { scope, limit } => {
                if old.and_then(|item| item.number(COUNT)).unwrap_or(0) >= *limit {
                    let free_at = now.plus_millis(PARALLEL_RETRY_MILLIS);
                    return Err(refused(scope, Rate::Parallel, *limit, 0, free_at, now));
                }
            }
            Self::Window { scope, tokens, window } => {
                *window = Guess::Open;
                let Some((item, start)) = old.and_then(|item| Some((item, item.number(START)?))) else { return Ok(()) };
                if start <= now.millis() - WINDOW_MILLIS {
                    *window = Guess::Ended;
                    return Ok(());
                }
                let resets_at = Timestamp::from_millis(start.saturating_add(WINDOW_MILLIS));
                let counted = |name| item.number(name).unwrap_or(0);
                for (rate, name, limit, asked) in
                    [(Rate::Requests, REQUESTS, scope.requests, 1), (Rate::Tokens, TOKENS, scope.tokens, *tokens)]
                {
                    let Some(limit) = limit.filter(|_| name == TOKENS || !scope.is_repeat) else { continue };
                    let left = limit - counted(name);
                    if left < asked {
                        return Err(refused(scope, rate, limit, left.max(0), resets_at, now));
                    }
                }
            }
        }
        Ok(())
    }

    /// What is held once the write has happened.
    pub(super) fn held(&self, now: Timestamp) -> Option<Held> {
        match self {
            Self::Budget { budget, amount, .. } => Some(match &budget.counter {
                Counter::Totals(key) => Held::Totals { key: key.clone(), nanos: *amount },
                Counter::Period { key, .. } => Held::Counter { key: key.clone(), nanos: *amount },
            }),
            Self::Parallel { scope, .. } => Some(Held::Parallel { key: scope.parallel_key() }),
            Self::Window { scope, tokens, .. } => Some(Held::Window {
                key: scope.window_key(),
                tokens: scope.tokens.map(|_| *tokens),
                requests: i64::from(!scope.is_repeat),
                counted_at: now,
            }),
        }
    }
}

/// An update that counts something, and what must be so for it.
struct Count {
    changes: Vec<Change>,
    when: Vec<Condition>,
}

/// Counts `by` more, where it is at most `at_most`; what is not there yet is 0.
fn count_up(name: &str, by: i64, at_most: i64) -> Count {
    let when = if at_most < 0 { Condition::AtMost } else { Condition::AtMostOrLacks };
    Count { changes: vec![Change::Add(name.to_owned(), by)], when: vec![when(name.to_owned(), at_most)] }
}

fn over(kind: &'static str, budget: &Budget, used: i64, now: Timestamp) -> Refusal {
    Refusal::Budget {
        kind,
        owner: budget.owner.clone(),
        wording: budget.wording,
        used: NanoDollars::new(used),
        limit: budget.limit,
        resets_at: budget.resets_at,
        retry_after: budget.resets_at.map(|end| seconds_until(end, now)),
    }
}

fn open_or_first(scope: &ScopeLimits, tokens: i64, now: Timestamp) -> Vec<Condition> {
    let mut when = vec![Condition::AtLeastOrLacks(START.to_owned(), now.millis() - WINDOW_MILLIS + 1)];
    let requests = scope.requests.filter(|_| !scope.is_repeat);
    when.extend(requests.map(|limit| Condition::AtMostOrLacks(REQUESTS.to_owned(), limit - 1)));
    when.extend(scope.tokens.map(|limit| Condition::AtMostOrLacks(TOKENS.to_owned(), limit - tokens)));
    when
}

fn opened(tokens: i64, now: Timestamp) -> Vec<Change> {
    vec![
        Change::Set(START.to_owned(), now.millis().into()),
        Change::Set(REQUESTS.to_owned(), 1.into()),
        Change::Set(TOKENS.to_owned(), tokens.into()),
        Change::Expire(Some(now.plus_millis(WINDOW_KEPT_MILLIS))),
    ]
}

fn refused(
    scope: &ScopeLimits,
    rate: Rate,
    limit: i64,
    remaining: i64,
    resets_at: Timestamp,
    now: Timestamp,
) -> Refusal {
    let retry_after = seconds_until(resets_at, now);
    Refusal::Rate { kind: scope.kind, id: scope.id.clone(), rate, limit, remaining, resets_at, retry_after }
}

fn seconds_until(end: Timestamp, now: Timestamp) -> i64 {
    (end.millis_since(now) + 999).div_euclid(1000).max(1)
}
