//! Latency of one call at a time. The targets are called in turn, so that whatever disturbs the machine disturbs all.

use super::load::Target;
use crate::client::Connection;
use crate::error::BenchError;
use crate::mock::nanos;

/// Nanoseconds of each call, in no order.
#[derive(Debug, Default)]
pub(crate) struct Latencies(pub(crate) Vec<u64>);

/// Calls every target `calls` times, after a tenth of that to warm up.
pub(crate) async fn interleaved(targets: &[&Target], calls: usize) -> Result<Vec<Latencies>, BenchError> {
    let mut connections: Vec<Connection> = targets.iter().map(|target| Connection::new(target.address)).collect();
    let mut found: Vec<Latencies> = targets.iter().map(|_| Latencies::default()).collect();
    let warm_up = calls / 10;
    for call in 0..calls + warm_up {
        for ((target, connection), latencies) in targets.iter().zip(&mut connections).zip(&mut found) {
            let begun = nanos();
            let answer = connection.call(&target.plain).await?;
            let took = nanos().saturating_sub(begun);
            if answer.status != 200 {
                let body = String::from_utf8_lossy(&answer.body).into_owned();
                return Err(BenchError::Status { what: "a chat request", status: answer.status, body });
            }
            if call >= warm_up {
                latencies.0.push(took);
            }
        }
    }
    Ok(found)
}
