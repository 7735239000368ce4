//! What a seed decides before anything happens: how large the world is, what is limited, how badly things go.

use crate::frail::Frailty;
use crate::keys;
use crate::network::Faults;
use postern_core::admission::limits::{Counter, ScopeLimits};
use postern_core::clock::Timestamp;
use postern_core::money::NanoDollars;
use postern_core::store::item::Key;
use postern_tests::chance::Chance;

/// Moments shortly before something ends: a day, a month, a leap day, a year.
const BEGINNINGS: [i64; 4] = [1_709_251_170_000, 1_709_164_770_000, 1_767_225_570_000, 1_763_700_030_000];

/// One world.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) begins: Timestamp,
    pub(crate) containers: i64,
    /// Calls that a container makes, one after the other.
    pub(crate) calls_each: i64,
    /// Longest pause between two calls of a container.
    pub(crate) pause_millis_max: i64,
    pub(crate) keys: Vec<KeyLimits>,
    /// Scopes above the keys. A budget is counted with the scope's totals, or by itself.
    pub(crate) shared: Vec<ScopeLimits>,
    /// How much an answer may cost over its reservation, in percent.
    pub(crate) overshoot_percent_max: i64,
    pub(crate) stays_millis_max: i64,
    /// How long a call's hold stands.
    pub(crate) lasts_millis: i64,
    pub(crate) faults: Faults,
    pub(crate) frailty: Frailty,
    pub(crate) maintenance_every_millis: i64,
    pub(crate) administrator_every_millis: i64,
    /// Whether the administrator is at work when periods end.
    pub(crate) administrator_at_ends: bool,
}

/// What a key is limited by.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KeyLimits {
    pub(crate) budget: Option<i64>,
    pub(crate) period: Option<&'static str>,
    pub(crate) requests: Option<i64>,
    pub(crate) tokens: Option<i64>,
    pub(crate) parallel: Option<i64>,
    /// Whether its totals are there from the start; else the first call makes them.
    pub(crate) has_totals: bool,
}

/// The dearest that a call may be reserved for.
pub(crate) const COST_MAX: i64 = 1_000;
/// The most tokens that a call may be reserved for.
pub(crate) const TOKENS_MAX: i64 = 100;

impl Scenario {
    /// The world of a seed.
    pub(crate) fn of(chance: &mut Chance) -> Self {
        // Mostly small, so that everybody meets everybody; sometimes thousands.
        let containers = match chance.between(0, 199) {
            0 => chance.between(1_000, 3_000),
            1..20 => chance.between(20, 60),
            _ => chance.between(2, 10),
        };
        let calls_each = if containers > 100 { 1 } else { chance.between(1, (60 / containers).max(2)) };
        let calm = chance.of_thousand(100);
        let worst = if calm { 0 } else { chance.pick(&[20, 100, 250]) };
        let rate = |chance: &mut Chance| chance.between(0, worst);
        let late = chance.pick(&[500, 5_000, 200_000]);
        Self {
            begins: Timestamp::from_millis(chance.pick(&BEGINNINGS)),
            containers,
            calls_each,
            pause_millis_max: chance.pick(&[1, 10, 1_000, 30_000]),
            keys: (0..chance.between(1, 2)).map(|_| KeyLimits::of(chance)).collect(),
            shared: (0..chance.between(0, 2)).map(|number| shared(chance, number)).collect(),
            overshoot_percent_max: chance.pick(&[0, 0, 50, 300]),
            stays_millis_max: chance.pick(&[5, 50, 2_000, 25_000]),
            lasts_millis: chance.pick(&[50, 2_000, 30_000]),
            faults: Faults {
                refused: rate(chance),
                request_lost: rate(chance),
                answer_lost: rate(chance),
                twice: rate(chance),
                stale: rate(chance) * 3,
                slow: rate(chance),
                late_millis_max: late,
            },
            frailty: Frailty {
                freezes: rate(chance) / 8,
                dies: rate(chance) / 16,
                frozen_millis_max: chance.pick(&[100, 5_000, 70_000, 300_000]),
            },
            maintenance_every_millis: chance.pick(&[200, 5_000, 40_000]),
            administrator_every_millis: chance.pick(&[100, 5_000, 60_000]),
            administrator_at_ends: chance.of_thousand(300),
        }
    }
}

impl KeyLimits {
    fn of(chance: &mut Chance) -> Self {
        let mut limits = Self {
            budget: chance.of_thousand(800).then(|| budget(chance)),
            period: chance.of_thousand(600).then(|| period(chance)),
            requests: chance.of_thousand(300).then(|| chance.between(1, 20)),
            tokens: chance.of_thousand(400).then(|| chance.between(1, 20) * TOKENS_MAX),
            parallel: chance.of_thousand(300).then(|| chance.between(1, 6)),
            has_totals: chance.of_thousand(700),
        };
        if limits.requests.or(limits.tokens).or(limits.parallel).is_none() {
            // A key without any limit is never asked.
            limits.budget = limits.budget.or_else(|| Some(budget(chance)));
        }
        limits
    }
}

/// A budget of one call, of a few, or of many.
pub(crate) fn budget(chance: &mut Chance) -> i64 {
    chance.pick(&[1, 5, 20, 60]) * chance.between(COST_MAX / 2, COST_MAX)
}

/// A budget's period.
pub(crate) fn period(chance: &mut Chance) -> &'static str {
    chance.pick(&["10s", "20s", "30s", "1m", "1d", "1mo"])
}

fn shared(chance: &mut Chance, number: i64) -> ScopeLimits {
    let mut scope = ScopeLimits::new(chance.pick(&["team", "user", "model_per_key"]), format!("shared-{number}"));
    if chance.of_thousand(500) {
        let limit = NanoDollars::new(3 * budget(chance));
        let place = |sort| Key::new(format!("SHARED#{number}"), sort);
        let counted_apart = Counter::Period { key: place("ALL"), expires_at: None };
        let counter = if chance.of_thousand(500) { Counter::Totals(place("SPEND")) } else { counted_apart };
        scope.budget = Some(keys::budget(counter, limit));
    }
    scope.requests = chance.of_thousand(300).then(|| chance.between(1, 30));
    scope.tokens = chance.of_thousand(300).then(|| chance.between(1, 30) * TOKENS_MAX);
    scope.parallel = chance.of_thousand(300).then(|| chance.between(1, 8));
    scope
}
