//! The embeddings function: embeddings and reranks.

use postern_core::assemble::gateway::Serves;
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    postern_runtime::serve(Serves::Embeddings).await
}
