//! What stands beside an error in the answer's head.

use super::*;
use crate::clock::Timestamp;
use crate::id::RequestId;

const NOW: Timestamp = Timestamp::from_seconds(1_763_700_000);

/// A call of which this is left.
fn facts(left: Vec<Left>) -> Facts {
    Facts { left, ..Facts::new(RequestId::at(NOW, &[0; 10])) }
}

#[test]
fn a_refusal_tells_what_is_left_of_every_limit_and_of_its_own_as_the_table_says() {
    use crate::admission::refusal::Rate::{Requests, Tokens};
    let left = |kind, rate, left| Left { kind, rate, limit: 100, left };
    let known = [left("api_key", Requests, 3), left("api_key", Tokens, 40), left("team", Requests, 50)];
    let refusal = Refusal::Rate {
        kind: "api_key",
        id: "k".to_owned(),
        rate: Requests,
        limit: 100,
        remaining: 0,
        resets_at: NOW,
        retry_after: 1,
    };
    let answer = ErrorAnswer::from(CallError::from(refusal)).about(&facts(known.to_vec()));
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    let told = |name: &str| {
        let all: Vec<_> = answer.headers().get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
        all.join(", ")
    };
    assert_eq!(told("x-ratelimit-api_key-remaining-requests"), "0");
    assert_eq!(told("x-ratelimit-api_key-limit-requests"), "100");
    assert_eq!(told("rate_limit_type"), "requests");
    assert_eq!(told("x-ratelimit-api_key-remaining-tokens"), "40");
    assert_eq!(told("x-ratelimit-team-remaining-requests"), "50");
}

#[test]
fn a_call_of_too_many_limits_is_told_how_many_there_are_and_what_to_do() {
    let answer = ErrorAnswer::from(CallError::TooManyLimits { count: 120, what: "limits", most: 99 });
    assert_eq!((answer.status, answer.kind), (StatusCode::BAD_REQUEST, "invalid_request_error"));
    assert_eq!(answer.param.as_deref(), Some("tags"));
    for said in ["120 limits", "99", "fewer tags"] {
        assert!(answer.message.contains(said), "{}", answer.message);
    }
}
