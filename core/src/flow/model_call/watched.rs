//! A call that its deployment is watched by, where choices go by what was seen: in flight from its beginning to its end,
//! however it ends.

use super::parts::ModelCalls;
use crate::accounting::spend_row::{Outcome, SpendDetails};
use crate::routing::Deployment;
use crate::routing::seen::{Measured, Seen};
use std::sync::Arc;

/// What a call that was not answered in time is recorded as.
const TIMEOUT: &str = "Timeout";

/// A call in flight.
pub(super) struct Watched(Arc<Seen>);

impl Watched {
    /// A call goes out to a deployment. `None`: nobody watches it.
    pub(super) fn begin(deployment: &Deployment, calls: &ModelCalls) -> Option<Self> {
        deployment.is_watched.then(|| {
            deployment.seen.begun(calls.clock.now());
            Self(Arc::clone(&deployment.seen))
        })
    }

    /// The call has come to its end.
    pub(super) fn ended(&self, details: &SpendDetails, calls: &ModelCalls) {
        let (usage, ended) = (&details.usage, details.ended_at);
        match &details.outcome {
            Outcome::Success => self.0.answered(
                ended,
                Measured {
                    tokens: usage.prompt_tokens + usage.completion_tokens,
                    answer_tokens: usage.completion_tokens,
                    took_ms: ended.millis_since(details.started_at),
                    first_token_ms: details.first_token_at.map(|first| first.millis_since(details.started_at)),
                },
            ),
            Outcome::Failure { class, .. } if class == TIMEOUT => self.0.timed_out(ended),
            Outcome::Failure { .. } => {}
        }
        calls.share();
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.over();
    }
}
