//! Many calls at once: how many a second, and what each costs in CPU. The CPU figure holds on a noisy machine; the
//! rate does not.

use super::load::Target;
use crate::client::Connection;
use crate::error::BenchError;
use crate::process::cpu_time;
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 64;
const STREAMS: usize = 32;

/// What a saturated target showed.
#[derive(Debug)]
pub(crate) struct Saturated {
    pub(crate) answers: u64,
    /// Calls that failed or had another status than 200.
    pub(crate) errors: u64,
    pub(crate) wall: Duration,
    /// CPU time of the peer; zero for direct calls.
    pub(crate) cpu: Duration,
}

/// Answers without streaming, over 64 connections.
pub(crate) async fn plain(target: &Target, pid: Option<u32>, time: Duration) -> Result<Saturated, BenchError> {
    saturate(target, &target.plain, CONNECTIONS, pid, time).await
}

/// As [`plain`], of a key without limits.
pub(crate) async fn unlimited(target: &Target, pid: Option<u32>, time: Duration) -> Result<Saturated, BenchError> {
    saturate(target, &target.unlimited, CONNECTIONS, pid, time).await
}

/// Streams without pauses, 32 at once.
pub(crate) async fn streams(target: &Target, pid: Option<u32>, time: Duration) -> Result<Saturated, BenchError> {
    saturate(target, &target.stream, STREAMS, pid, time).await
}

#[derive(Default)]
struct Counts {
    answers: Cell<u64>,
    errors: Cell<u64>,
    is_over: Cell<bool>,
}

async fn saturate(
    target: &Target,
    request: &[u8],
    connections: usize,
    pid: Option<u32>,
    time: Duration,
) -> Result<Saturated, BenchError> {
    let counts = Rc::new(Counts::default());
    let request: Rc<[u8]> = request.into();
    let workers: Vec<_> = (0..connections)
        .map(|_| tokio::task::spawn_local(work(target.address, Rc::clone(&request), Rc::clone(&counts))))
        .collect();
    let cpu_of = |pid: Option<u32>| pid.map(cpu_time).unwrap_or_default();
    // Connections and pools are made before the count begins.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (begun, cpu_before) = (Instant::now(), cpu_of(pid));
    let (answers, errors) = (counts.answers.get(), counts.errors.get());
    tokio::time::sleep(time).await;
    let found = Saturated {
        answers: counts.answers.get() - answers,
        errors: counts.errors.get() - errors,
        wall: begun.elapsed(),
        cpu: cpu_of(pid).saturating_sub(cpu_before),
    };
    counts.is_over.set(true);
    for worker in workers {
        // A worker only ends by itself.
        worker.await.ok();
    }
    Ok(found)
}

async fn work(address: std::net::SocketAddr, request: Rc<[u8]>, counts: Rc<Counts>) {
    let mut connection = Connection::new(address);
    while !counts.is_over.get() {
        match connection.call(&request).await {
            Ok(answer) if answer.status == 200 => counts.answers.set(counts.answers.get() + 1),
            _ => {
                counts.errors.set(counts.errors.get() + 1);
                connection = Connection::new(address);
                tokio::task::yield_now().await;
            }
        }
    }
}
