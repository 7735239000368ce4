//! The breaker against a model that keeps every event and counts anew each time, over random orders of events.

use super::*;
use proptest::prelude::*;

const FAULTS: [Fault; 12] = [
    Fault::BadRequest,
    Fault::TooLarge,
    Fault::ContextWindow,
    Fault::ContentPolicy,
    Fault::Authentication,
    Fault::NotFound,
    Fault::Refused,
    Fault::RateLimit,
    Fault::Timeout,
    Fault::Server,
    Fault::Connection,
    Fault::NoCapacity,
];

#[derive(Clone, Debug)]
enum Event {
    Success,
    Failure {
        fault: Fault,
        asked_seconds: Option<i64>,
    },
    /// Another instance knows of a cooldown that ends so many seconds from now.
    Merged(i64),
    Pass {
        millis: i64,
    },
}

/// What a breaker means: everything that happened, in order.
struct Model {
    rules: BreakerRules,
    is_alone: bool,
    outcomes: Vec<(i64, Option<Fault>)>,
    until: i64,
}

impl Model {
    /// The outcomes that count together with one at `now`: windows are a minute long and begin with a failure.
    fn window(&self, now: i64) -> Vec<Option<Fault>> {
        let mut began: Option<i64> = None;
        let mut inside = Vec::new();
        for (at, outcome) in &self.outcomes {
            if began.is_some_and(|began| at - began >= 60_000) {
                began = None;
            }
            if began.is_none() && outcome.is_some() {
                began = Some(*at);
                inside.clear();
            }
            if began.is_some() {
                inside.push(*outcome);
            }
        }
        assert!(began.is_some_and(|began| now - began < 60_000));
        inside
    }

    fn fail(&mut self, now: i64, fault: Fault, asked_seconds: Option<i64>) -> bool {
        let stated = self.rules.allowed_fails_by_fault.get(fault);
        let blames_upstream = matches!(
            fault,
            Fault::Authentication
                | Fault::NotFound
                | Fault::RateLimit
                | Fault::Timeout
                | Fault::Server
                | Fault::Connection
        );
        if !self.rules.is_on || !blames_upstream && stated.is_none() {
            return false;
        }
        self.outcomes.push((now, Some(fault)));
        let window = self.window(now);
        let failures = window.iter().filter(|outcome| outcome.is_some()).count();
        let opens = match (stated, self.rules.allowed_fails) {
            (Some(allowed), _) => window.iter().filter(|outcome| **outcome == Some(fault)).count() > allowed as usize,
            (None, Some(allowed)) => failures > allowed as usize,
            (None, None) => match fault {
                Fault::Authentication | Fault::NotFound => true,
                _ if self.is_alone => false,
                Fault::RateLimit => true,
                _ => window.len() >= 5 && failures as f64 / window.len() as f64 > 0.5,
            },
        };
        if opens {
            let asked = asked_seconds.unwrap_or(0).min(300) * 1000;
            self.until = self.until.max(now + self.rules.cooldown_millis.max(asked));
        }
        opens
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let failure = (0..FAULTS.len(), proptest::option::weighted(0.2, 0..1000_i64))
        .prop_map(|(at, asked_seconds)| Event::Failure { fault: FAULTS[at], asked_seconds });
    let event = prop_oneof![
        3 => Just(Event::Success),
        4 => failure,
        1 => (-100..100_i64).prop_map(Event::Merged),
        3 => (0..40_000_i64).prop_map(|millis| Event::Pass { millis }),
    ];
    proptest::collection::vec(event, 0..80)
}

fn rules() -> impl Strategy<Value = BreakerRules> {
    let number = || proptest::option::weighted(0.3, 0..4_u32);
    (proptest::bool::weighted(0.95), number(), number(), number(), number(), 0..90_000_i64).prop_map(
        |(is_on, allowed_fails, rate_limit, internal_server, bad_request, cooldown_millis)| BreakerRules {
            is_on,
            allowed_fails,
            allowed_fails_by_fault: ByFault { rate_limit, internal_server, bad_request, ..ByFault::default() },
            cooldown_millis,
        },
    )
}

proptest! {
    #[test]
    fn a_breaker_does_what_its_model_says(events in events(), rules in rules(), is_alone: bool) {
        let breaker = Breaker::default();
        let mut model = Model { rules: rules.clone(), is_alone, outcomes: Vec::new(), until: 0 };
        let mut now = 1_763_700_000_000;
        for event in events {
            let before = breaker.cooldown_until();
            match event {
                Event::Pass { millis } => now += millis,
                Event::Success => {
                    breaker.succeeded(|| Timestamp::from_millis(now));
                    model.outcomes.push((now, None));
                }
                Event::Merged(seconds) => {
                    breaker.others_cool(now + seconds * 1000);
                    model.until = model.until.max(now + seconds * 1000);
                }
                Event::Failure { fault, asked_seconds } => {
                    let failed = Failed {
                        fault,
                        at: Timestamp::from_millis(now),
                        asked_millis: asked_seconds.map(|seconds| seconds * 1000),
                        own_cooldown_millis: None,
                        is_alone,
                    };
                    prop_assert_eq!(breaker.failed(failed, &rules), model.fail(now, fault, asked_seconds));
                }
            }
            prop_assert!(breaker.cooldown_until() >= before, "a deadline moved earlier");
            prop_assert_eq!(breaker.cooldown_until(), model.until);
            prop_assert_eq!(breaker.is_cooling(Timestamp::from_millis(now)), model.until > now);
        }
    }
}

#[test]
fn a_deployment_has_a_cooldown_time_of_its_own() {
    let breaker = Breaker::default();
    let at = Timestamp::from_seconds(1000);
    let failed =
        Failed { fault: Fault::RateLimit, at, asked_millis: None, own_cooldown_millis: Some(30_000), is_alone: false };
    assert!(breaker.failed(failed, &BreakerRules::default()));
    assert_eq!(breaker.cooldown_until(), 1_030_000);
}

#[test]
fn others_are_told_of_a_cooldown_once_and_never_of_their_own() {
    let (breaker, rules) = (Breaker::default(), BreakerRules::default());
    let at = Timestamp::from_seconds(1000);
    let fail = |at| {
        let fault = Fault::RateLimit;
        breaker.failed(Failed { fault, at, asked_millis: None, own_cooldown_millis: None, is_alone: false }, &rules)
    };
    assert!(fail(at));
    assert_eq!((breaker.take_untold(at), breaker.take_untold(at)), (Some(1_005_000), None));
    assert!(fail(at.plus_millis(999)));
    assert_eq!(breaker.take_untold(at), None, "they know it nearly");
    breaker.is_untold();
    assert_eq!(breaker.take_untold(at), Some(1_005_999));
    breaker.others_cool(1_100_000);
    assert_eq!((breaker.cooldown_until(), breaker.take_untold(at)), (1_100_000, None));
    assert!(fail(Timestamp::from_seconds(1_099)));
    assert_eq!(breaker.take_untold(Timestamp::from_seconds(1_200)), None, "it is over");
    assert_eq!(breaker.take_untold(Timestamp::from_seconds(1_100)), Some(1_104_000));
}
