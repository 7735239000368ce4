//! A call, from the client's bytes to the answer: where it begins and ends, whatever happens between.

use super::error::CallError;
use super::facts::Facts;
use super::parts::ModelCalls;
use super::relay::Relay;
use super::request::CallRequest;
use crate::clock::Timestamp;
use crate::id::RequestId;
use bytes::Bytes;
use std::sync::Arc;

/// What a client is answered.
pub struct CallAnswer {
    /// What its headers say.
    pub facts: Facts,
    /// The answer, or why there is none.
    pub result: Result<CallBody, CallError>,
}

/// The body of an answer.
pub enum CallBody {
    /// All of it.
    Whole(Bytes),
    /// Piece by piece.
    Stream(Box<Relay>),
    /// A stream that was kept, whole.
    Replayed(Bytes),
}

impl ModelCalls {
    /// Makes one call. Dropping the future cancels a stream, which stops its bill, and lets an answer in one piece come to
    /// its end, as it is billed anyway; what was dispatched is charged in either case.
    pub async fn call(self: &Arc<Self>, request: CallRequest) -> CallAnswer {
        let arrived = self.clock.now();
        let (mut facts, begun) = self.begin(arrived);
        let result = match begun {
            Ok(()) => self.walk(request, &mut facts).await,
            Err(error) => Err(error),
        };
        facts.duration_ms = self.clock.now().millis_since(arrived);
        if let Err(error) = &result {
            tracing::warn!(call = %facts.id, error = error as &dyn std::error::Error, "a call failed");
        }
        CallAnswer { facts, result }
    }

    /// What is known of a call as it arrives. One that gets no id goes no further.
    pub(super) fn begin(&self, arrived: Timestamp) -> (Facts, Result<(), CallError>) {
        match self.ids.next(arrived) {
            Ok(id) => (Facts::new(id), Ok(())),
            Err(error) => (Facts::new(RequestId::at(arrived, &[0; 10])), Err(error.into())),
        }
    }

    /// Each attempt is a call of its own for limits and accounts, one that began at `begun`.
    pub(super) fn renew_id(&self, facts: &mut Facts, begun: Timestamp) -> Result<(), CallError> {
        facts.id = self.ids.next(begun)?;
        Ok(())
    }
}
