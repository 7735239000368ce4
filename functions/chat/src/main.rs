//! The chat function: chat, legacy completions, images, audio, moderations and the list of models.

use postern_core::assemble::gateway::Serves;
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    postern_runtime::serve(Serves::Chat).await
}
