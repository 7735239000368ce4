//! The maintenance function: runs the jobs that keep state tidy, whenever it is invoked.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    postern_runtime::maintain().await
}
