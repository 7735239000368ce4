//! Without any one condition of the algorithm some world goes wrong, so each of them is needed, and the simulation sees
//! what it is there for.

use crate::run::run;
use postern_tests::mutation;

/// Worlds in which a missing condition must be noticed.
const SEEDS: u64 = 1_500;

/// Where rare ones were noticed, to be looked at first. Another world may stand there when the simulation changes.
const NOTICED_AT: [u64; 7] = [11, 48, 54, 68, 123, 221, 401];

fn are_noticed(of: impl Fn(&str) -> bool) {
    let mut unnoticed = Vec::new();
    for mutation in mutation::ALL.into_iter().filter(|mutation| of(mutation.name)) {
        let mut seeds = NOTICED_AT.into_iter().chain(0..SEEDS);
        match seeds.find_map(|seed| Some((seed, run(seed, Some(mutation)).wrong?))) {
            Some((seed, wrong)) => println!("without `{}`: seed {seed}: {wrong}", mutation.name),
            None => unnoticed.push(mutation.name),
        }
    }
    assert!(unnoticed.is_empty(), "nobody notices when these are missing: {unnoticed:#?}");
}

#[test]
fn without_any_condition_of_a_reservation_some_world_goes_wrong() {
    are_noticed(|name| name.starts_with("reserve: "));
}

#[test]
fn without_any_condition_of_an_ending_some_world_goes_wrong() {
    are_noticed(|name| !name.starts_with("reserve: ") && !name.starts_with("period: "));
}

#[test]
fn without_any_condition_of_a_new_period_some_world_goes_wrong() {
    are_noticed(|name| name.starts_with("period: "));
}
