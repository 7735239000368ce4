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
        let mut entropy = [0; 10];
        let drawn = self.random.fill(&mut entropy);
        let mut facts = Facts::new(RequestId::at(arrived, &entropy));
        let result = match drawn {
            Ok(()) => self.walk(request, &mut facts).await,
            Err(error) => Err(error.into()),
        };
        facts.duration_ms = self.clock.now().millis_since(arrived);
        if let Err(error) = &result {
            tracing::warn!(call = %facts.id, error = error as &dyn std::error::Error, "a call failed");
        }
        CallAnswer { facts, result }
    }

    /// Each attempt is a call of its own for limits and accounts, one that began at `begun`.
    pub(super) fn renew_id(&self, facts: &mut Facts, begun: Timestamp) -> Result<(), CallError> {
        let mut entropy = [0; 10];
        self.random.fill(&mut entropy)?;
        facts.id = RequestId::at(begun, &entropy);
        Ok(())
    }
}
