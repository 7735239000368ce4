//! Reads the chain of causes below an SDK error.

use aws_credential_types::provider::error::CredentialsError;
use std::error::Error;
use std::fmt::Write;

/// The error with all its causes, outermost first, in one line; for logs and start-up messages. The SDK's own
/// `Display` says only "service error".
pub fn error_text(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in causes(error).skip(1) {
        let _ = write!(text, ": {cause}");
    }
    text
}

/// Whether a call certainly sent nothing: there was no connection, or there were no credentials to sign it with.
pub fn nothing_sent(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        let never_connected = cause
            .downcast_ref::<hyper_util::client::legacy::Error>()
            .is_some_and(hyper_util::client::legacy::Error::is_connect);
        never_connected || cause.is::<CredentialsError>()
    })
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
