//! Maintenance as a function.

use crate::start;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use postern_core::config::Environment;
use serde::de::IgnoredAny;
use std::process::ExitCode;

/// Runs all jobs at each event and answers what they did, until Lambda ends the process. The event says only that it
/// is time, so a schedule's, a rule's and a person's are all the same.
pub async fn maintain() -> ExitCode {
    start::end(Box::pin(run()).await)
}

async fn run() -> Result<(), Error> {
    let maintenance = start::gateway(&Environment::of_process()).await?.maintenance();
    lambda_runtime::run(service_fn(|_: LambdaEvent<IgnoredAny>| async { Ok::<_, Error>(maintenance.run().await) })).await
}
