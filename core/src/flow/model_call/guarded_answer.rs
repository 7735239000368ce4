//! An answer that guardrails look at before its client does. A stream is held back until it is whole, and has been charged
//! for all that its upstream made, whatever is said of it then.

use super::asking::{Asking, ask_all};
use super::calls::CallBody;
use super::error::CallError;
use super::relay::Relay;
use super::request::CallRequest;
use crate::guardrails::choice::Guardrails;
use crate::guardrails::guardrail::Guardrail;
use crate::guardrails::question::Side;
use crate::guardrails::texts::answer::AnswerWords;
use crate::guardrails::texts::stream::StreamWords;
use crate::guardrails::texts::{Unreadable, Words};
use crate::guardrails::verdict::GuardrailError;
use crate::principal::Principal;
use bytes::{Bytes, BytesMut};
use std::sync::Arc;

/// Most bytes of a stream that are held back.
const STREAM_BYTES_MAX: usize = 64 << 20;

/// The answer as these guardrails leave it.
pub(super) async fn checked(
    guardrails: &[Arc<Guardrail>],
    asking: &Asking,
    request: &CallRequest,
    answer: CallBody,
) -> Result<CallBody, CallError> {
    let name = guardrails.first().map(|guardrail| guardrail.name.clone()).unwrap_or_default();
    let unreadable = |Unreadable(what)| GuardrailError::Unreadable { name, what };
    let held = match answer {
        CallBody::Whole(bytes) => {
            let mut words = AnswerWords::read(request.operation, &bytes).map_err(unreadable)?;
            let is_changed = asked(guardrails, asking, &mut words).await?;
            return Ok(CallBody::Whole(if is_changed { words.bytes() } else { bytes }));
        }
        CallBody::Stream(relay) => {
            let too_long = || Unreadable(format!("its answer has more than {STREAM_BYTES_MAX} bytes"));
            match to_its_end(*relay).await? {
                Some(bytes) => bytes,
                None => return Err(unreadable(too_long()).into()),
            }
        }
        CallBody::Replayed(bytes) => bytes,
    };
    let mut words = StreamWords::read(&held).map_err(unreadable)?;
    let is_changed = asked(guardrails, asking, &mut words).await?;
    Ok(CallBody::Replayed(if is_changed { words.bytes() } else { held }))
}

async fn asked(guardrails: &[Arc<Guardrail>], asking: &Asking, words: &mut dyn Words) -> Result<bool, GuardrailError> {
    ask_all(guardrails, (asking, Side::Answer), words).await
}

/// That no guardrail looks at this caller's answers: what an upstream keeps of them is as it made it.
pub(super) fn is_kept_readable(guardrails: &Guardrails, principal: &Principal) -> Result<(), GuardrailError> {
    match guardrails.of_answers(principal)? {
        None => Ok(()),
        Some(guardrail) => {
            let what = "answers that an upstream keeps are not read by guardrails".to_owned();
            Err(GuardrailError::Unreadable { name: guardrail.name.clone(), what })
        }
    }
}

/// All of a stream; it is charged then. `None`: it is too long, and its upstream was stopped.
async fn to_its_end(mut relay: Relay) -> Result<Option<Bytes>, CallError> {
    let mut all = BytesMut::new();
    while let Some(piece) = relay.next().await {
        all.extend_from_slice(&piece?);
        if all.len() > STREAM_BYTES_MAX {
            return Ok(None);
        }
    }
    Ok(Some(all.freeze()))
}
