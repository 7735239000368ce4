//! DynamoDB's emulator `dynoxide`: exact under concurrency, transactions and tokens included.

use crate::emulator::{Emulator, find};

/// Starts an empty one, in memory.
pub async fn start() -> Emulator {
    let program = find("DYNOXIDE", ".tools/bin", "dynoxide");
    Emulator::start(&program, |port| vec!["-p".to_owned(), port.to_string()]).await
}
