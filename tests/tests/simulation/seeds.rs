//! The worlds that are run: some hundred at each test run, those that once failed, and as many as asked for.

use crate::run::run;

/// Worlds of each test.
const SEEDS: u64 = 60;

/// Seeds that once failed.
const KEPT: &str = include_str!("seeds.txt");

/// More than these are not told.
const FAILURES_TOLD: usize = 10;

fn hold_in(seeds: impl Iterator<Item = u64>) {
    let (mut worlds, mut steps, mut calls, mut dispatched) = (0, 0, 0, 0);
    let mut failures = Vec::new();
    for seed in seeds {
        let outcome = run(seed, None);
        failures.extend(outcome.wrong.map(|wrong| format!("SEED {seed}, after {} writes: {wrong}", outcome.steps)));
        if failures.len() == FAILURES_TOLD {
            break;
        }
        worlds += 1;
        steps += outcome.steps;
        calls += outcome.calls;
        dispatched += outcome.dispatched;
    }
    println!("{calls} calls, {dispatched} of them sent, {steps} writes");
    let advice = "`make simulate FROM=n SEEDS=1` runs one alone; keep it in tests/tests/simulation/seeds.txt";
    assert!(failures.is_empty(), "{}\n{advice}", failures.join("\n"));
    assert!(worlds < SEEDS || dispatched * 10 >= calls, "worlds in which hardly anything is sent prove nothing");
}

#[test]
fn limits_hold_in_worlds_one() {
    hold_in(0..SEEDS);
}

#[test]
fn limits_hold_in_worlds_two() {
    hold_in(SEEDS..2 * SEEDS);
}

#[test]
fn limits_hold_in_worlds_three() {
    hold_in(2 * SEEDS..3 * SEEDS);
}

#[test]
fn limits_hold_in_every_world_that_once_failed() {
    let seeds = KEPT.lines().filter_map(|line| line.split_whitespace().next()).filter(|word| !word.starts_with('#'));
    hold_in(seeds.map(|seed| seed.parse().expect("a seed")));
}

#[test]
fn the_same_seed_is_the_same_world() {
    let of = |seed| format!("{:?}", run(seed, None));
    for seed in [7, 8, 9] {
        assert_eq!(of(seed), of(seed));
    }
}

/// What `make simulate` has run.
#[test]
fn limits_hold_in_as_many_worlds_as_asked() {
    let (from, seeds) = (asked("FROM", 3 * SEEDS), asked("SEEDS", SEEDS));
    hold_in(from..from + seeds);
}

fn asked(name: &str, usual: u64) -> u64 {
    #[allow(clippy::disallowed_methods, reason = "how many seeds is the test run's own setting, not Postern's")]
    let said = std::env::var(name);
    said.map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}
