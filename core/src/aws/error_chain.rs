//! Reads the chain of causes below an SDK error.

use crate::error_text::causes;
use aws_credential_types::provider::error::CredentialsError;
use std::error::Error;

/// Whether a call certainly sent nothing: there was no connection, or there were no credentials to sign it with.
pub fn nothing_sent(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        let never_connected = cause
            .downcast_ref::<hyper_util::client::legacy::Error>()
            .is_some_and(hyper_util::client::legacy::Error::is_connect);
        never_connected || cause.is::<CredentialsError>()
    })
}
