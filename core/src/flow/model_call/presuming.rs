//! What a first attempt takes for so while it is read again beside its reservation: who calls, and the records that the
//! call names. Nothing is sent before that is confirmed; where it is not so any more, the call is walked again.

use super::error::CallError;
use super::outage::unless_out_of_reach;
use super::parts::ModelCalls;
use crate::auth::caller::PresumedCaller;
use crate::auth::presumption::{Confirmation, PresumedRecord, Presumption};
use crate::id::RequestId;
use crate::principal::Principal;
use std::sync::Arc;

/// That an attempt may presume, and its caller where that is presumed.
#[derive(Debug)]
pub(super) struct Presuming {
    pub(super) caller: Option<PresumedCaller>,
}

/// What an attempt takes for so.
pub(super) fn presumption(presuming: Option<&Presuming>, records: Vec<PresumedRecord>) -> Presumption<'_> {
    Presumption { caller: presuming.and_then(|presuming| presuming.caller.as_ref()), records }
}

/// Reads again what is presumed. The caller as it was read, where that was to be read.
///
/// # Errors
/// [`CallError::Outdated`] where something is not so any more, and [`CallError::Auth`] where the store does not say.
pub(super) async fn confirm(
    calls: &ModelCalls,
    presumed: &Presumption<'_>,
    id: RequestId,
) -> Result<Option<Arc<Principal>>, CallError> {
    let read = calls.authenticator.confirm(presumed, calls.clock.now()).await;
    let read = read.map_err(|error| match CallError::from(error) {
        error if error.is_outage() => error,
        // Whether one who is not let in may call all the same is for who asks first to say.
        _ => CallError::Outdated,
    });
    match unless_out_of_reach(calls, read, id)? {
        Some(Confirmation::Fails) => Err(CallError::Outdated),
        Some(Confirmation::Holds(caller)) => Ok(caller),
        None => Ok(None),
    }
}
