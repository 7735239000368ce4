//! More calls than the model behind the gateway can answer: an open loop, which offers calls at a rate whatever becomes
//! of them, as many callers together do. What counts is goodput: answers that came while their caller still waited.

use super::load::Target;
use crate::client::Connection;
use crate::mock::Mock;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Requests in flight that the deployment takes.
pub(crate) const PARALLEL: u32 = 16;
/// How long the model takes for each.
const THINKING: Duration = Duration::from_millis(40);
/// How long a caller waits.
const PATIENCE: Duration = Duration::from_secs(5);
/// Offered load, in multiples of what the model can answer.
const FACTORS: [u32; 5] = [1, 2, 3, 5, 10];

/// What became of the calls that were offered at one rate.
#[derive(Debug, Default)]
pub(crate) struct Offered {
    pub(crate) factor: u32,
    pub(crate) seconds: f64,
    /// Calls that were made.
    pub(crate) calls: u64,
    /// Answered in time.
    pub(crate) good: u64,
    /// Told to come later: 429 or 503.
    pub(crate) refused: u64,
    /// Everything else, and answers that came too late.
    pub(crate) lost: u64,
    /// Nanoseconds that answers took.
    pub(crate) answered_ns: Vec<u64>,
    /// Nanoseconds that refusals took.
    pub(crate) refused_ns: Vec<u64>,
}

/// Answers a second that the model can give.
pub(crate) fn capacity() -> f64 {
    f64::from(PARALLEL) / THINKING.as_secs_f64()
}

/// Offers more and more, for so long each.
pub(crate) async fn overload(mock: &Mock, target: &Target, time: Duration) -> Vec<Offered> {
    mock.think(THINKING);
    let mut found = Vec::new();
    for factor in FACTORS {
        found.push(offer(target, factor, time).await);
    }
    mock.think(Duration::ZERO);
    found
}

async fn offer(target: &Target, factor: u32, time: Duration) -> Offered {
    let request: Rc<[u8]> = target.plain.as_slice().into();
    let idle: Rc<RefCell<Vec<Connection>>> = Rc::default();
    let found = Rc::new(RefCell::new(Offered { factor, ..Offered::default() }));
    let gap = Duration::from_secs_f64(1.0 / (capacity() * f64::from(factor)));
    let begun = Instant::now();
    let mut callers = JoinSet::new();
    let mut due = begun;
    while begun.elapsed() < time {
        // The clock of the runtime is coarse: what has become due meanwhile goes out together.
        while due <= Instant::now() {
            due += gap;
            let connection = idle.borrow_mut().pop().unwrap_or_else(|| Connection::new(target.address));
            let (idle, found, request) = (Rc::clone(&idle), Rc::clone(&found), Rc::clone(&request));
            found.borrow_mut().calls += 1;
            callers.spawn_local(call(connection, request, idle, (found, begun + time)));
        }
        while callers.try_join_next().is_some() {}
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    found.borrow_mut().seconds = begun.elapsed().as_secs_f64();
    while callers.join_next().await.is_some() {}
    found.take()
}

async fn call(
    mut connection: Connection,
    request: Rc<[u8]>,
    idle: Rc<RefCell<Vec<Connection>>>,
    (found, end): (Rc<RefCell<Offered>>, Instant),
) {
    let sent = Instant::now();
    let answer = tokio::time::timeout(PATIENCE, connection.call(&request)).await;
    let took = u64::try_from(sent.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let mut found = found.borrow_mut();
    // What comes after the end is the line that is left, and no goodput.
    let counts = u64::from(Instant::now() <= end);
    match answer {
        Ok(Ok(answer)) => {
            match answer.status {
                200 => {
                    found.good += counts;
                    found.answered_ns.push(took);
                }
                429 | 503 => {
                    found.refused += counts;
                    found.refused_ns.push(took);
                }
                _ => found.lost += 1,
            }
            idle.borrow_mut().push(connection);
        }
        // The connection is of no use any more.
        Ok(Err(_)) | Err(_) => found.lost += 1,
    }
}
