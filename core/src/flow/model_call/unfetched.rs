//! Files that a request names by their addresses, where its upstream takes bytes alone: fetched, and put into the request
//! before it is planned again. Authentication and the choice of the model come first; a limit that is reached is told after.

use super::error::CallError;
use super::parts::ModelCalls;
use super::request::CallRequest;
use crate::api::members::Members;
use crate::providers::inlined;
use crate::upstream::fetch;
use crate::upstream::guarded::FetchError;

/// The request with the files at these addresses in it.
///
/// # Errors
/// [`CallError::File`]: one of them cannot be had.
pub(super) async fn filled(
    calls: &ModelCalls,
    request: &CallRequest,
    addresses: Vec<String>,
) -> Result<CallRequest, CallError> {
    let unfit = |message: String| CallError::Member { member: "messages", message };
    let Some(client) = &calls.files else {
        return Err(unfit("Files are not fetched here. Send them as `data:` addresses of base64.".to_owned()));
    };
    if addresses.len() > fetch::FILES_MAX {
        return Err(unfit(format!(
            "The request names {} files by their addresses, and {} are fetched at most. Send the others as `data:` \
             addresses of base64.",
            addresses.len(),
            fetch::FILES_MAX
        )));
    }
    let files = fetch::files(client, &addresses).await.map_err(|(address, error)| {
        if let FetchError::Unreachable(cause) = &error {
            tracing::warn!(error = cause.as_ref() as &dyn std::error::Error, "a client's file cannot be fetched");
        }
        CallError::File { address, error }
    })?;
    let mut members = Members::parse(&request.body).map_err(|error| CallError::Json(error.to_string()))?;
    inlined::put(request.operation, &mut members, &files)?;
    let body = members.to_json().into();
    // Forms bring their files with them.
    Ok(CallRequest { body, form: None, ..request.clone() })
}
