//! Connections that wait for the next call to their origin.

use super::connection::Connection;
use super::http2::Shared;
use super::origin::Origin;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Idle connections kept for each origin: enough for every request of a busy instance to find one.
const IDLE_CONNECTIONS_MAX: usize = 512;
/// How long an idle connection is kept. Below the 60 seconds after which many load balancers drop it silently.
const IDLE_WAIT: Duration = Duration::from_secs(55);

/// The connections of one TLS policy.
#[derive(Default)]
pub(super) struct Pool {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// By origin; the longest idle first.
    idle: HashMap<Origin, VecDeque<Idle<Box<Connection>>>>,
    shared: HashMap<Origin, Idle<Shared>>,
    /// Origins that are being connected to ahead of a request.
    preparing: HashSet<Origin>,
    swept: Option<Instant>,
    /// How often the TLS configuration was exchanged.
    generation: u32,
}

struct Idle<C> {
    connection: C,
    since: Instant,
}

impl<C> Idle<C> {
    fn is_fresh(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) < IDLE_WAIT
    }
}

/// Leave to connect to an origin, until it is dropped.
pub(super) struct Preparing {
    pool: Arc<Pool>,
    origin: Origin,
}

impl Drop for Preparing {
    fn drop(&mut self) {
        self.pool.kept.lock().unwrap_or_else(PoisonError::into_inner).preparing.remove(&self.origin);
    }
}

impl Pool {
    /// The HTTP/1 connection that was used last.
    pub(super) fn take(&self, origin: &Origin, now: Instant) -> Option<Box<Connection>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = kept.idle.get_mut(origin)?.pop_back().filter(|idle| idle.is_fresh(now));
        idle.map(|idle| idle.connection)
    }

    /// Leave to connect to an origin ahead of a request. `None`: a call would find a connection, or somebody has this
    /// leave already; a crowd of calls that may all be refused yet makes one connection at a time.
    pub(super) fn prepare(self: &Arc<Self>, origin: &Origin, now: Instant) -> Option<Preparing> {
        if self.has(origin, now) {
            return None;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = kept.preparing.insert(origin.clone());
        is_first.then(|| Preparing { pool: Arc::clone(self), origin: origin.clone() })
    }

    fn has(&self, origin: &Origin, now: Instant) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = kept.idle.get(origin).and_then(VecDeque::back).is_some_and(|idle| idle.is_fresh(now));
        let shared = kept.shared.get(origin);
        idle || shared.is_some_and(|idle| idle.is_fresh(now) && !idle.connection.is_closed())
    }

    /// Keeps an HTTP/1 connection for the next call.
    pub(super) fn put(&self, origin: &Origin, connection: Box<Connection>) {
        let now = Instant::now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.sweep(now);
        if connection.generation < kept.generation {
            return;
        }
        let idle = Idle { connection, since: now };
        match kept.idle.get_mut(origin) {
            Some(same) if same.len() < IDLE_CONNECTIONS_MAX => same.push_back(idle),
            Some(_) => {}
            None => drop(kept.idle.insert(origin.clone(), VecDeque::from([idle]))),
        }
    }

    /// Closes all connections that nobody uses, and from now on takes none that is of an earlier generation.
    pub(super) fn clear(&self, generation: u32) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.generation = generation;
        (kept.idle, kept.shared) = (HashMap::new(), HashMap::new());
    }

    /// The HTTP/2 connection to an origin.
    pub(super) fn shared(&self, origin: &Origin, now: Instant) -> Option<Shared> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = kept.shared.get_mut(origin).filter(|idle| idle.is_fresh(now) && !idle.connection.is_closed())?;
        idle.since = now;
        Some(idle.connection.clone())
    }

    /// Shares an HTTP/2 connection from now on.
    pub(super) fn share(&self, origin: &Origin, connection: Shared, now: Instant) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.sweep(now);
        kept.shared.insert(origin.clone(), Idle { connection, since: now });
    }
}

impl Kept {
    /// Closes what has been idle for too long, of all origins, from time to time.
    fn sweep(&mut self, now: Instant) {
        if self.swept.is_some_and(|swept| now.saturating_duration_since(swept) < IDLE_WAIT) {
            return;
        }
        self.swept = Some(now);
        self.shared.retain(|_, idle| idle.is_fresh(now));
        self.idle.retain(|_, connections| {
            connections.retain(|idle| idle.is_fresh(now));
            !connections.is_empty()
        });
    }
}
