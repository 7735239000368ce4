//! Maintenance as a function.

use crate::start;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use postern_core::clock::Timestamp;
use postern_core::config::Environment;
use postern_core::flow::maintenance::{Event, Maintenance};
use serde_json::{Value, json};
use std::process::ExitCode;

/// The part of an invocation's time that is left for the answer, in milliseconds.
const ANSWER_MILLIS: i64 = 2_000;
/// The time for a run where the runtime names no deadline that can be one, in milliseconds.
const RUN_MILLIS: i64 = 60_000;

/// Does what each event asks for and answers what was done, until Lambda ends the process.
pub async fn maintain() -> ExitCode {
    start::end(Box::pin(run()).await)
}

async fn run() -> Result<(), Error> {
    let live = &start::gateway(&Environment::of_process()).await?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        live.tend().await;
        Ok::<_, Error>(answer(&live.now().gateway.maintenance, &event).await)
    }))
    .await
}

/// An event that is not understood is answered with what would be: failing would only make it come again.
async fn answer(maintenance: &Maintenance, event: &LambdaEvent<Value>) -> Value {
    match Event::read(&event.payload) {
        Ok(asked) => {
            let deadline = deadline(maintenance.now(), event.context.deadline);
            let report = maintenance.run(&asked, deadline).await;
            json!(report)
        }
        Err(error) => json!({"error": error.to_string()}),
    }
}

/// When a run must end. An emulator may name a deadline that lies in the past.
fn deadline(now: Timestamp, deadline_millis: u64) -> Timestamp {
    let named = i64::try_from(deadline_millis).unwrap_or(0) - ANSWER_MILLIS;
    if named > now.millis() { Timestamp::from_millis(named) } else { now.plus_millis(RUN_MILLIS) }
}
