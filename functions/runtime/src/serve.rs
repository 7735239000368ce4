//! Routes as a function: events become requests, answers stream back.

use crate::client_address;
use crate::deadline;
use crate::no_delay::NoDelay;
use crate::start;
use lambda_http::{Error, Request, Service, run_with_streaming_response, service_fn};
use postern_core::assemble::Door;
use postern_core::assemble::gateway::Serves;
use postern_core::config::Environment;
use postern_core::surface::security_headers::SecurityHeaders;
use std::process::ExitCode;
use std::sync::Arc;

/// Answers requests to the routes of `serves` until Lambda ends the process.
pub async fn serve(serves: Serves) -> ExitCode {
    start::end(Box::pin(run(serves)).await)
}

async fn run(serves: Serves) -> Result<(), Error> {
    let environment = Environment::of_process();
    let security = SecurityHeaders::of_function(&environment)?;
    let live = start::gateway(&environment).await?;
    let door = Door::new(Arc::clone(&live), serves, security);
    let no_delay = NoDelay::to(environment.text("AWS_LAMBDA_RUNTIME_API"));
    // A request never fails towards the runtime: the routes answer it.
    run_with_streaming_response(service_fn(|mut request: Request| {
        no_delay.apply();
        client_address::tell(&mut request);
        deadline::tell(&mut request);
        let (live, mut door) = (Arc::clone(&live), door.clone());
        async move {
            // A function sleeps between requests, and so would a loop.
            live.tend().await;
            door.call(request).await
        }
    }))
    .await
}
