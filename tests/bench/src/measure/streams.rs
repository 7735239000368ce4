//! Streams at the pace of a model: how much later the first token and each chunk arrive.

use super::load::Target;
use crate::client::{Arrivals, Connection};
use crate::error::BenchError;

/// Streams of each target in one round.
const STREAMS: usize = 4;

/// What paced streams showed.
#[derive(Debug, Default)]
pub(crate) struct Paced {
    /// Nanoseconds from the request to the first chunk, for each stream.
    pub(crate) first_ns: Vec<u64>,
    /// Nanoseconds from the mock's write to the client's read, for each chunk.
    pub(crate) lags_ns: Vec<u64>,
}

/// Takes streams from the targets in turn.
pub(crate) async fn paced(targets: &[&Target]) -> Result<Vec<Paced>, BenchError> {
    let mut found: Vec<Paced> = targets.iter().map(|_| Paced::default()).collect();
    for _ in 0..STREAMS {
        for (target, paced) in targets.iter().zip(&mut found) {
            let mut arrivals = Arrivals::default();
            Connection::new(target.address).watch(&target.stream, Some(&mut arrivals)).await?;
            paced.first_ns.extend(arrivals.first_ns);
            paced.lags_ns.append(&mut arrivals.lags_ns);
        }
    }
    Ok(found)
}
