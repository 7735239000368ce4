//! From a function's environment to a gateway, and how a function ends.

use lambda_runtime::Error;
use postern_core::assemble::live::Live;
use postern_core::assemble::{StartError, function};
use postern_core::config::Environment;
use postern_core::error_text::error_text;
use std::process::ExitCode;
use std::sync::Arc;

/// The gateway as this environment describes it.
pub(crate) async fn gateway(environment: &Environment) -> Result<Arc<Live>, StartError> {
    function::start(environment.clone()).await
}

/// Ends the process. An error is logged with its causes: Lambda starts the function again, and the log says what to
/// mend.
pub(crate) fn end(result: Result<(), Error>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    tracing::error!(error = error_text(error.as_ref()), "the function ends");
    ExitCode::FAILURE
}
