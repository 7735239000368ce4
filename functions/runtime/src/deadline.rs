//! When the invocation that a request came with ends. Its answer must have gone out by then.

use lambda_http::{Context, Request};
use postern_core::clock::{Clock, SystemClock};
use postern_core::surface::deadline::Deadline;
use std::time::Duration;

/// The part of an invocation's time that is left for charging the call and for the end of its answer, in milliseconds.
const ANSWER_MILLIS: i64 = 1_500;

/// Tells the request when its invocation ends, as far as its context knows.
pub(crate) fn tell(request: &mut Request) {
    let Some(context) = request.extensions().get::<Context>() else { return };
    let end = i64::try_from(context.deadline).unwrap_or(0);
    if let Some(left) = left(end, SystemClock.now().millis()) {
        request.extensions_mut().insert(Deadline::after(left));
    }
}

/// The time for the answer. An emulator may name an end that lies in the past: then there is none.
fn left(end_millis: i64, now_millis: i64) -> Option<Duration> {
    let left = end_millis.checked_sub(now_millis).filter(|left| *left > 0)?;
    // A function with less time than that has little use for any of it.
    Some(Duration::from_millis(u64::try_from((left - ANSWER_MILLIS).max(left / 2)).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_left_for_the_answer_and_a_past_end_is_none() {
        assert_eq!(left(31_000, 1_000), Some(Duration::from_millis(28_500)));
        assert_eq!(left(3_000, 1_000), Some(Duration::from_millis(1_000)));
        assert_eq!(left(0, 1_000), None);
    }
}
