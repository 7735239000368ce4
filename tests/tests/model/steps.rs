//! The steps that model and stores take: anything that may happen to limits, in any order.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

/// Keys of a case.
pub(crate) const KEYS: usize = 2;
/// Scopes above the keys.
pub(crate) const SHARED: usize = 3;

/// One step.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A call asks to be let in.
    Reserve(Asked),
    /// The call let in as the n-th (counted from the last) has its answer.
    Settle { call: usize, cost: i64, tokens: u64 },
    /// It was never sent.
    Void { call: usize },
    /// Maintenance looks for calls that nobody came back for.
    Expire,
    /// Maintenance looks for periods that are over.
    RollOver,
    /// An administrator sets a limit of a key.
    SetLimit { key: usize, which: Which, to: Option<i64> },
    /// An administrator gives a key's budget another period.
    SetPeriod { key: usize, period: Option<&'static str> },
    /// An administrator blocks a key, or lifts that.
    Block { key: usize, blocked: bool },
    /// Time passes; now and then a clock is set back.
    Clock { millis: i64 },
    /// Time passes until shortly before or after the present day, month or period ends.
    ClockToEnd { of: &'static str, off_millis: i64 },
}

/// What a call asks for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) key: usize,
    /// Which of the shared scopes it counts in.
    pub(crate) shared: [bool; SHARED],
    pub(crate) cost: i64,
    pub(crate) input: i64,
    pub(crate) output: i64,
    pub(crate) is_bounded: bool,
    pub(crate) lasts: i64,
    pub(crate) is_bound: bool,
}

/// A limit of a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    Budget,
    Requests,
    Tokens,
    Parallel,
}

/// Any sequence of steps.
pub(crate) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..most)
}

fn step() -> impl Strategy<Value = Step> {
    let call = || 0..6_usize;
    let key = || 0..KEYS;
    prop_oneof![
        10 => asked().prop_map(Step::Reserve),
        6 => (call(), 0..900_i64, 0..120_u64).prop_map(|(call, cost, tokens)| Step::Settle { call, cost, tokens }),
        2 => call().prop_map(|call| Step::Void { call }),
        1 => Just(Step::Expire),
        1 => Just(Step::RollOver),
        2 => (key(), which(), limit()).prop_map(|(key, which, to)| Step::SetLimit { key, which, to }),
        1 => (key(), of(period())).prop_map(|(key, period)| Step::SetPeriod { key, period }),
        1 => (key(), any::<bool>()).prop_map(|(key, blocked)| Step::Block { key, blocked }),
        4 => millis().prop_map(|millis| Step::Clock { millis }),
        2 => (period(), -2..3_i64).prop_map(|(of, off_millis)| Step::ClockToEnd { of, off_millis }),
    ]
}

fn asked() -> impl Strategy<Value = Asked> {
    let lasts = prop_oneof![Just(1_000_i64), Just(59_999), Just(90_000)];
    let amounts = (0..900_i64, 1..60_i64, 0..60_i64);
    (0..KEYS, any::<[bool; SHARED]>(), amounts, any::<[bool; 2]>(), lasts).prop_map(
        |(key, shared, (cost, input, output), [is_bounded, is_bound], lasts)| Asked {
            key,
            shared,
            cost,
            input,
            output,
            is_bounded,
            lasts,
            is_bound,
        },
    )
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![Just(Which::Budget), Just(Which::Requests), Just(Which::Tokens), Just(Which::Parallel)]
}

fn limit() -> impl Strategy<Value = Option<i64>> {
    of(prop_oneof![Just(0_i64), 1..5_i64, 50..3_000_i64])
}

fn period() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("30s"), Just("1h"), Just("1d"), Just("1mo")]
}

fn millis() -> impl Strategy<Value = i64> {
    prop_oneof![
        Just(-5_000_i64),
        Just(1),
        Just(1_000),
        Just(30_000),
        Just(59_999),
        Just(60_000),
        Just(60_001),
        Just(86_400_000),
        Just(31 * 86_400_000),
    ]
}
