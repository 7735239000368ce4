//! A router as a function: events become requests, answers stream back.

use crate::no_delay::NoDelay;
use axum::Router;
use lambda_http::{Error, Request, Service, run_with_streaming_response, service_fn};

/// Answers the function's events from `router` until the environment is shut down.
///
/// `runtime_api` is Lambda's `AWS_LAMBDA_RUNTIME_API`.
///
/// # Errors
/// The Runtime API could not be reached or spoken to. A request never fails here: the router answers it.
pub async fn serve(router: Router, runtime_api: Option<&str>) -> Result<(), Error> {
    let no_delay = NoDelay::to(runtime_api);
    run_with_streaming_response(service_fn(|request: Request| {
        no_delay.apply();
        router.clone().call(request)
    }))
    .await
}
