//! The SDK's errors as the seam's: what failed becomes what the caller may conclude.

use super::attribute::{Attributes, from_attributes};
use crate::aws::nothing_sent;
use crate::store::item::{ITEM_BYTES_MAX, Item};
use crate::store::table::{Cause, ReadError, WriteError};
use aws_sdk_dynamodb::Error;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::CancellationReason;
use std::error::Error as StdError;

/// Why a request to write did nothing, before the seam's meaning of an ended item is applied.
#[derive(Debug)]
pub(super) enum Failure {
    /// Conditions did not hold.
    Refused(Vec<Refusal>),
    /// Anything else.
    Final(WriteError),
}

/// A condition that did not hold.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Which write of the transaction; 0 for a single write.
    pub(super) index: usize,
    /// The item that stood in the way, ended or not.
    pub(super) old: Option<Item>,
}

/// What a failed write means. Only where DynamoDB says so, or where there was no connection, is it sure that nothing
/// changed.
pub(super) fn write_failure<E>(error: SdkError<E, HttpResponse>) -> Failure
where
    E: StdError + Send + Sync + 'static,
    Error: From<E>,
{
    let sent = match &error {
        SdkError::ConstructionFailure(_) => false,
        SdkError::DispatchFailure(failure) => !failure.is_user() && !nothing_sent(&error),
        _ => true,
    };
    let context = match error {
        SdkError::ServiceError(context) => context,
        other if sent => return Failure::Final(WriteError::OutcomeUnknown(other.into())),
        other => return Failure::Final(WriteError::Unavailable(other.into())),
    };
    let refused_by_store = context.raw().status().is_client_error();
    match Error::from(context.into_err()) {
        Error::ConditionalCheckFailedException(refused) => {
            Failure::Refused(vec![Refusal { index: 0, old: refused.item.and_then(readable) }])
        }
        Error::TransactionCanceledException(cancelled) => {
            cancellation(cancelled.cancellation_reasons.clone().unwrap_or_default(), cancelled.into())
        }
        Error::IdempotentParameterMismatchException(_) => Failure::Final(WriteError::TokenReused),
        Error::TransactionConflictException(_)
        | Error::TransactionInProgressException(_)
        | Error::ReplicatedWriteConflictException(_) => Failure::Final(WriteError::Conflict),
        refused => Failure::Final(by_code(refused, refused_by_store)),
    }
}

/// What a failed read means. Nothing was read in any case.
pub(super) fn read_failure<E>(error: SdkError<E, HttpResponse>) -> ReadError
where
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
{
    if is_throttling(error.code()) { ReadError::Throttled(error.into()) } else { ReadError::Unavailable(error.into()) }
}

fn by_code(refused: Error, refused_by_store: bool) -> WriteError {
    let code = refused.code();
    if is_throttling(code) {
        return WriteError::Throttled(refused.into());
    }
    // A fault of DynamoDB's own, an answer that cannot be read, and one from a box in between that gives no code leave
    // open whether the write was applied.
    if !refused_by_store || code.is_none() {
        return WriteError::OutcomeUnknown(refused.into());
    }
    if code == Some("ValidationException") {
        return validation(refused.message());
    }
    WriteError::Unavailable(refused.into())
}

fn validation(message: Option<&str>) -> WriteError {
    if message.is_some_and(|message| message.contains("Item size")) {
        // DynamoDB does not say by how much.
        return WriteError::TooLarge { bytes: ITEM_BYTES_MAX + 1, limit: ITEM_BYTES_MAX };
    }
    WriteError::Invalid("DynamoDB found the request invalid")
}

/// A cancelled transaction changed nothing; the reasons stand in the order of its writes.
fn cancellation(reasons: Vec<CancellationReason>, cause: Cause) -> Failure {
    let has = |codes: &[&str]| reasons.iter().find(|reason| reason.code().is_some_and(|code| codes.contains(&code)));
    if has(&["ConditionalCheckFailed"]).is_none() {
        return Failure::Final(if has(&["TransactionConflict"]).is_some() {
            WriteError::Conflict
        } else if has(&["ProvisionedThroughputExceeded", "ThrottlingError"]).is_some() {
            WriteError::Throttled(cause)
        } else if let Some(reason) = has(&["ValidationError", "ItemCollectionSizeLimitExceeded"]) {
            validation(reason.message())
        } else {
            WriteError::Unavailable(cause)
        });
    }
    let refused = |(index, reason): (usize, CancellationReason)| {
        let failed = reason.code() == Some("ConditionalCheckFailed");
        failed.then(|| Refusal { index, old: reason.item.and_then(readable) })
    };
    Failure::Refused(reasons.into_iter().enumerate().filter_map(refused).collect())
}

/// The old item, where there is one. One that cannot be read is left out: the condition failed all the same.
fn readable(stored: Attributes) -> Option<Item> {
    (!stored.is_empty()).then(|| from_attributes(stored).ok()).flatten()
}

/// Whether the code asks for less.
pub(super) fn is_throttling(code: Option<&str>) -> bool {
    matches!(
        code,
        Some(
            "ProvisionedThroughputExceededException"
                | "RequestLimitExceeded"
                | "ThrottlingException"
                | "Throttling"
                | "LimitExceededException"
        )
    )
}
