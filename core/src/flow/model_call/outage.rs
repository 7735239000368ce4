//! What becomes of a call when the store is out of reach: it is refused, or made unchecked where the operator says so.

use super::error::CallError;
use super::parts::ModelCalls;
use crate::id::RequestId;

/// What the store said. `None`: it is out of reach, and calls are made all the same.
pub(super) fn unless_out_of_reach<T>(
    calls: &ModelCalls,
    said: Result<T, CallError>,
    id: RequestId,
) -> Result<Option<T>, CallError> {
    match said {
        Err(error) if calls.admits_in_outage && error.is_outage() => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(call = %id, error, "a call is made whose limits were not checked");
            Ok(None)
        }
        other => other.map(Some),
    }
}
