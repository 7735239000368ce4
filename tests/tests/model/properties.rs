//! The properties, one a store.

use crate::compare::{BEGIN, part};
use crate::steps::{Asked, Step, Which, steps};
use postern_core::clock::{Clock, ManualClock};
use postern_core::store::dynamo::{DynamoTable, Timeouts, create_table_if_missing};
use postern_core::store::embedded::EmbeddedTable;
use postern_core::store::table::Table;
use postern_tests::mutation::{self, Stripped};
use postern_tests::plain_table::PlainTable;
use postern_tests::{aws, dynoxide};
use proptest::prelude::ProptestConfig;
use proptest::test_runner::{TestCaseError, TestRunner};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// The cases are about behaviour, not speed: the emulator of a busy machine may take its time.
const PATIENT: Timeouts = Timeouts {
    connect: Duration::from_secs(30),
    read_attempt: Duration::from_secs(30),
    page_attempt: Duration::from_secs(30),
    operation: Duration::from_secs(60),
};

fn hold_in(cases: u32, most_steps: usize, open: impl Fn(&Runtime, Arc<ManualClock>) -> Arc<dyn Table>) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let case = Cell::new(0_u8);
    let outcome = TestRunner::new(config).run(&steps(most_steps), |steps| {
        case.set(case.get().wrapping_add(1));
        let clock = Arc::new(ManualClock::at(BEGIN));
        let table = open(&runtime, Arc::clone(&clock));
        runtime.block_on(part(&steps, table, clock, case.get())).map_err(TestCaseError::fail)
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

#[test]
fn the_embedded_store_does_what_the_model_does() {
    hold_in(150, 60, |_, clock| Arc::new(EmbeddedTable::in_memory(clock).expect("a store in memory")));
}

#[test]
fn the_table_of_simulations_does_what_the_model_does() {
    hold_in(150, 60, |_, clock| Arc::new(PlainTable::new(clock)));
}

#[test]
fn dynamodb_does_what_the_model_does() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let (_emulator, connection) = runtime.block_on(async {
        let emulator = dynoxide::start().await;
        let connection = aws::connection(&emulator.url()).await;
        (emulator, connection)
    });
    let number = Cell::new(0_u32);
    hold_in(8, 40, |own, clock| {
        number.set(number.get() + 1);
        let name = format!("model-{}", number.get());
        own.block_on(create_table_if_missing(&connection, &name)).expect("the table is made");
        Arc::new(DynamoTable::new(&connection, &name, clock as Arc<dyn Clock>, PATIENT))
    });
}

/// The comparison can fail: a settlement that gives back what was given back before is noticed.
#[test]
fn a_settlement_that_does_not_look_for_its_hold_parts_from_the_model() {
    let without = mutation::named("settle: the hold stands as read");
    let asked = Asked {
        key: 0,
        shared: [false, true, false],
        cost: 100,
        input: 10,
        output: 0,
        is_bounded: true,
        lasts: 1_000,
        is_bound: false,
    };
    let steps = [
        Step::SetLimit { key: 0, which: Which::Budget, to: Some(1_000) },
        Step::Reserve(asked),
        Step::Void { call: 0 },
        Step::Settle { call: 0, cost: 70, tokens: 10 },
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let taken = |is_whole: bool| {
        let clock = Arc::new(ManualClock::at(BEGIN));
        let plain = Arc::new(PlainTable::new(Arc::clone(&clock) as Arc<dyn Clock>)) as Arc<dyn Table>;
        let table = if is_whole { plain } else { Arc::new(Stripped::new(plain, without)) };
        runtime.block_on(part(&steps, table, clock, 1))
    };
    assert_eq!(taken(true), Ok(()));
    assert!(taken(false).is_err());
}
