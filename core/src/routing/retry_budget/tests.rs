//! The budget against a model that counts whole retries and fifths of one, over random orders of events.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Event {
    Calls(u32),
    Retry,
    Pass { millis: i64 },
}

/// What a budget means, in fifths of a retry.
struct Model {
    saved: i64,
    /// When the floor was last looked at, in whole seconds since then.
    looked: Option<i64>,
}

impl Model {
    fn retry(&mut self, now: i64) -> bool {
        let seconds = self.looked.map_or(0, |looked| (now - looked) / 1000);
        self.looked = Some(self.looked.map_or(now, |looked| looked + seconds * 1000));
        // Ten retries come back by themselves, one a second; what calls have saved beyond stays as it is.
        if self.saved < 50 {
            self.saved = (self.saved + 5 * seconds).min(50);
        }
        let may = self.saved >= 5;
        self.saved -= if may { 5 } else { 0 };
        may
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        2 => (0..20_u32).prop_map(Event::Calls),
        1 => (0..400_u32).prop_map(Event::Calls),
        12 => Just(Event::Retry),
        2 => (0..4_000_i64).prop_map(|millis| Event::Pass { millis }),
    ];
    proptest::collection::vec(event, 0..200)
}

proptest! {
    #[test]
    fn a_budget_does_what_its_model_says(events in events()) {
        let budget = RetryBudget::default();
        let mut model = Model { saved: 50, looked: None };
        let began = 1_763_700_000_000;
        let (mut now, mut calls, mut retries) = (began, 0_i64, 0_i64);
        for event in events {
            match event {
                Event::Pass { millis } => now += millis,
                Event::Calls(count) => {
                    for _ in 0..count {
                        budget.called();
                        model.saved += i64::from(model.saved < 500);
                    }
                    calls += i64::from(count);
                }
                Event::Retry => {
                    let taken = budget.take(Timestamp::from_millis(now));
                    prop_assert_eq!(taken, model.retry(now));
                    retries += i64::from(taken);
                }
            }
            // Whatever the order: a fifth of the calls, ten, and one a second.
            prop_assert!(retries * 5 <= calls + 50 + (now - began) / 1000 * 5);
        }
    }
}

#[test]
fn a_quiet_model_can_always_afford_a_few_retries() {
    let budget = RetryBudget::default();
    let at = Timestamp::from_seconds(1000);
    assert_eq!((0..20).filter(|_| budget.take(at)).count(), 10);
    assert_eq!((0..20).filter(|_| budget.take(at.plus_millis(3_000))).count(), 3);
    assert_eq!((0..20).filter(|_| budget.take(at.plus_millis(60_000))).count(), 10);
}
